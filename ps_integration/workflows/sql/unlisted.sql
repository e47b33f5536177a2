-- Posted documents that the ERP does not list any more, though it was read since they were posted;
-- beside each, how many of its company are posted in all.
with posted as (
    select
        dc.document_ref,
        dc.system,
        dc.company,
        dc.erp_id,
        dc.erp_number,
        dc.confirmed_at,
        count(*) over (partition by dc.system, dc.company) as posted_count
    from ops.documents as dc
    anti join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    where dc.state = 'posted' and dc.erp_id is not null
)

select
    po.document_ref,
    po.system,
    po.company,
    po.erp_id,
    po.erp_number,
    po.posted_count
from posted as po
inner join reconciliation.document_reads as rd on po.system = rd.system
anti join canonical.erp_documents as ed on po.system = ed.system and po.erp_id = ed.external_id
where po.confirmed_at < rd.started_at
order by po.system, po.company, po.document_ref;
