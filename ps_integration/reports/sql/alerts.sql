-- Approvals above a limit, for a week after they were given.
select
    ba.batch_id,
    ba.legal_entity,
    ba.period,
    ba.currency,
    ba.amount_minor,
    ba.status,
    ap.decided_by,
    ap.decided_at,
    ap.note
from ops.approvals as ap
inner join ops.batches as ba on ap.batch_id = ba.batch_id
where
    ap.is_break_glass
    and ap.decision in ('approved', 'first_of_two')
    and ap.decided_at >= $since
order by ap.decided_at asc, ba.batch_id asc;
