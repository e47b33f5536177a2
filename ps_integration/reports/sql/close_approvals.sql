-- Who decided on the batches of one period of one legal entity, oldest first.
select
    ap.batch_id,
    ba.currency,
    ba.amount_minor,
    ap.decision,
    ap.maker,
    ap.decided_by,
    ap.decided_at,
    ap.content_sha256,
    coalesce(ap.note, '') as note
from ops.approvals as ap
inner join ops.batches as ba on ap.batch_id = ba.batch_id
where ba.legal_entity = $legal_entity and ba.period = $period
order by ap.decided_at, ap.batch_id, ap.decided_by;
