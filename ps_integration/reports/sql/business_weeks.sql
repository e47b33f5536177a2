-- Each person's week, by the Monday it begins on: approved in the time system, in the PSA, posted.
-- What is posted for a person whom nobody lists any more stands under `unassigned`.
with worked as (
    select
        en.resource_id,
        date_trunc('week', en.work_date)::date as week,
        sum(en.seconds) filter (where en.is_primary and en.approval_state = 'approved')
            as time_seconds,
        sum(en.seconds) filter (
            where not en.is_primary and sr.system is not null and en.approval_state <> 'rejected'
        ) as psa_seconds
    from billing.entries as en
    left join config.system_roles as sr on en.system = sr.system and sr.role = 'psa'
    where not en.is_deleted and en.resource_id is not null
    group by en.resource_id, date_trunc('week', en.work_date)
),

posted as (
    select
        coalesce(en.resource_id, 'unassigned') as resource_id,
        date_trunc('week', pl.work_date)::date as week,
        sum(pl.seconds) as ledger_seconds
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    inner join billing.entries as en on pl.object_id = en.entry_id
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where dc.state = 'posted' and rv.document_ref is null and pl.object_kind = 'time_entry'
    group by coalesce(en.resource_id, 'unassigned'), date_trunc('week', pl.work_date)
)

select
    coalesce(wo.resource_id, po.resource_id) as resource_id,
    br.name,
    coalesce(br.home_legal_entity, 'unassigned') as legal_entity,
    coalesce(wo.week, po.week) as week,
    coalesce(wo.time_seconds, 0)::bigint as time_seconds,
    wo.psa_seconds::bigint as psa_seconds,
    coalesce(po.ledger_seconds, 0)::bigint as ledger_seconds
from worked as wo
full join posted as po on wo.resource_id = po.resource_id and wo.week = po.week
left join billing.resources as br on coalesce(wo.resource_id, po.resource_id) = br.resource_id
where coalesce(wo.week, po.week) >= $first_day::date
order by week desc, legal_entity asc, resource_id asc;
