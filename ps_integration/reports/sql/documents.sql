-- What still moves, what does not tie, and what was confirmed since $since. Superseded documents
-- are left out: their lines live on in others. Some ERPs give a credit memo's total as positive.
select
    dc.document_ref,
    dc.batch_id,
    dc.kind,
    dc.legal_entity,
    dc.project_id,
    dc.customer_key,
    dc.period,
    dc.posting_date,
    dc.invoice_date,
    dc.currency,
    dc.amount_minor,
    dc.state,
    if(
        dc.state = 'posted' and dc.erp_id = dc.document_ref || '.csv',
        'dropped as a file, in no export yet',
        dc.erp_number
    ) as erp_number,
    if(dc.kind = 'credit_memo', -abs(dc.readback_minor), dc.readback_minor) as readback_minor,
    dc.confirmed_at,
    dc.hold_reason
from ops.documents as dc
where
    dc.state <> 'superseded'
    and (
        dc.state <> 'posted'
        or dc.confirmed_at is null
        or dc.confirmed_at >= $since
        or abs(dc.readback_minor) is distinct from abs(dc.amount_minor)
    )
order by dc.confirmed_at desc nulls first, dc.document_ref asc;
