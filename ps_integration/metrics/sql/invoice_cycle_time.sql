-- title: Invoice cycle time
-- unit: days
-- definition: From the last work date that an invoice bills to its issue date, in calendar
--   days, for invoices of ours that were issued in the window.
-- labels: legal_entity
-- statistics: median, p90, longest
with issued as (
    select
        dc.legal_entity,
        date_diff('day', max(pl.work_date), any_value(dc.posting_date)) as days
    from ops.documents as dc
    inner join ops.posting_lines as pl on dc.document_ref = pl.document_ref
    where
        dc.kind = 'invoice' and dc.state = 'posted'
        and dc.posting_date > cast($since as date) and dc.posting_date <= cast($as_of as date)
    group by dc.document_ref, dc.legal_entity
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
