-- title: Invoice cycle time
-- unit: days
-- definition: From the last work date that an invoice bills to its invoice date, in calendar
--   days, for invoices of ours that are dated in the window.
-- labels: legal_entity
-- statistics: median, p90, longest
-- The date that the ERP shows; the one that was sent, until it was read.
with dated as (
    select
        dc.document_ref,
        dc.legal_entity,
        coalesce(ed.invoice_date, dc.invoice_date, dc.posting_date) as issued_on
    from ops.documents as dc
    left join canonical.erp_documents as ed
        on dc.system = ed.system and dc.erp_id = ed.external_id
    where dc.kind = 'invoice' and dc.state = 'posted'
),

issued as (
    select
        da.legal_entity,
        date_diff('day', max(pl.work_date), any_value(da.issued_on)) as days
    from dated as da
    inner join ops.posting_lines as pl on da.document_ref = pl.document_ref
    where da.issued_on > cast($since as date) and da.issued_on <= cast($as_of as date)
    group by da.document_ref, da.legal_entity
)

select
    legal_entity,
    count(*) as sample,
    nearest_rank(days, 50) as median,
    nearest_rank(days, 90) as p90,
    max(days) as longest
from issued
group by grouping sets ((legal_entity), ())
having count(*) > 0
order by legal_entity nulls first
