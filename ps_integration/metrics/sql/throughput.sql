-- title: Throughput
-- unit: count
-- definition: Billing lines and documents confirmed in the ERP in the window, and the seconds
--   of work they bill.
-- labels: legal_entity
-- statistics: lines, documents, seconds_billed
select
    pl.legal_entity,
    count(*) as sample,
    count(*) as lines,
    count(distinct pl.document_ref) as documents,
    cast(sum(pl.seconds) as bigint) as seconds_billed
from ops.posting_lines as pl
inner join ops.documents as dc on pl.document_ref = dc.document_ref
where dc.state = 'posted' and dc.confirmed_at > $since and dc.confirmed_at <= $as_of
group by grouping sets ((pl.legal_entity), ())
having count(*) > 0
order by pl.legal_entity nulls first
