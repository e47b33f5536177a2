-- rule: MD02
-- title: Project in the ERP with no counterpart in the PSA
-- severity: medium
-- owner: finance
-- blocks: no
-- needs_period: no
-- needs: projects@psa, projects@erp
-- cause: master_data_incomplete
-- remedy: Create the project in the PSA under the same number, map it, or close it in the ERP.
-- tolerance_likeness: 90

with unposted as (
    select
        project_id,
        count(*) as entries,
        sum(amount_minor) as amount_minor
    from reconciliation.unposted_entries
    group by project_id
),

-- several streams of the ERP may tell of one project
in_erp as (
    select
        system,
        external_id,
        min(name) as name,
        bool_or(status = 'closed') as is_closed
    from canonical.projects
    group by system, external_id
),

-- entities that run their projects in a PSA; where no route is given, all do
planned_in_psa as (
    select distinct ro.legal_entity
    from config.routing as ro
    cross join config.run as ru
    where ro.role = 'psa' and ru.as_of_date >= ro.valid_from and ru.as_of_date < ro.valid_to
),

-- the project of the PSA that it most probably is
alike as (
    select
        twin_key as project_id,
        arg_min(psa_external_id, (-score, psa_external_id)) as psa_id
    from reconciliation.unmapped_twins
    where score >= $tolerance_likeness
    group by twin_key
)

select
    pr.project_id as record_key,
    '' as period,
    pr.legal_entity,
    pr.project_id,
    pr.customer_key,
    null as entry_id,
    pr.erp_system as left_system,
    pr.erp_external_id as left_id,
    coalesce(ie.name, pr.name) as left_value,
    null as right_system,
    al.psa_id as right_id,
    null as right_value,
    null as difference_seconds,
    null as difference_minor,
    coalesce(un.amount_minor, 0)::bigint as at_risk_minor,
    pr.currency,
    if(al.psa_id is null, 'master_data_incomplete', 'mapping_missing') as cause,
    'Project ' || coalesce(ie.name, pr.name, pr.project_id) || ' is in ' || pr.erp_system
    || ' and not in the PSA; ' || coalesce(un.entries, 0)::varchar
    || ' approved entries on it are still to be posted.'
    || coalesce(' It may be ' || al.psa_id || ' of the PSA, which nothing maps.', '') as detail,
    null as blocked_kind,
    null as blocked_id
from billing.projects as pr
left join in_erp as ie on pr.erp_system = ie.system and pr.erp_external_id = ie.external_id
left join unposted as un on pr.project_id = un.project_id
left join planned_in_psa as pp on pr.legal_entity = pp.legal_entity
left join alike as al on pr.project_id = al.project_id
where
    pr.erp_external_id is not null
    and pr.psa_external_id is null
    and coalesce(pr.status, 'active') <> 'closed'
    and not coalesce(ie.is_closed, false)
    and (
        pr.legal_entity is null
        or pp.legal_entity is not null
        or not exists (select 1 from planned_in_psa)
    )
order by record_key;
