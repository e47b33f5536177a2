-- Every batch that is not superseded, with the control total of its posted documents.
with totals as (
    select
        batch_id,
        count(*) filter (where state <> 'superseded') as document_count,
        count(*) filter (where state = 'posted') as posted_documents,
        count(*) filter (where state = 'posted' and readback_minor is null) as unread_documents,
        coalesce(sum(amount_minor) filter (where state = 'posted'), 0)::bigint as posted_minor,
        coalesce(
            sum(
                case
                    when state <> 'posted' then 0
                    when kind = 'credit_memo' then -abs(readback_minor)
                    else readback_minor
                end
            ),
            0
        )::bigint as erp_minor,
        max(confirmed_at) as confirmed_at,
        max(confirmed_at) < $since as is_before
    from ops.documents
    group by batch_id
)

select
    ba.batch_id,
    ba.system,
    ba.company,
    ba.legal_entity,
    ba.period,
    ba.currency,
    ba.status,
    ba.line_count,
    ba.amount_minor,
    coalesce(tt.document_count, 0) as document_count,
    coalesce(tt.posted_documents, 0) as posted_documents,
    coalesce(tt.unread_documents, 0) as unread_documents,
    coalesce(tt.posted_minor, 0) as posted_minor,
    coalesce(tt.erp_minor, 0) as erp_minor,
    coalesce(
        ba.status in ('posted', 'rejected')
        and tt.posted_minor = tt.erp_minor
        and tt.unread_documents = 0
        and (tt.is_before or (ba.status = 'rejected' and tt.confirmed_at is null)),
        false
    ) as is_old
from ops.batches as ba
left join totals as tt on ba.batch_id = tt.batch_id
where ba.status <> 'superseded'
order by
    case ba.status
        when 'planned' then 0
        when 'approved' then 1
        when 'posting' then 2
        when 'partly_posted' then 3
        else 4
    end asc,
    tt.confirmed_at desc nulls last,
    ba.legal_entity asc,
    ba.period asc,
    ba.currency asc,
    ba.batch_id asc;
