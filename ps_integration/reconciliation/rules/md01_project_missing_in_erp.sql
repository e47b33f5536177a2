-- rule: MD01
-- title: Billable project active in the PSA, missing in the ERP
-- severity: high
-- owner: delivery_ops
-- blocks: yes
-- holds: project
-- needs_period: no
-- needs: projects@psa, projects@erp
-- cause: not_synced_yet
-- remedy: Create the project in the ERP under the same number, or map it in the crosswalk.
-- tolerance_likeness: 90

-- Elsewhere: the project is in the ERP, in another company than the one that its time is posted to.
with unposted as (
    select
        ue.project_id,
        count(*) as entries,
        sum(ue.amount_minor) as amount_minor,
        max(ue.erp_system || ' company ' || ue.erp_company) filter (
            where ue.erp_system <> bp.erp_system
            or ue.erp_company <> coalesce(bp.erp_company, '')
        ) as elsewhere
    from reconciliation.unposted_entries as ue
    left join billing.projects as bp on ue.project_id = bp.project_id
    group by ue.project_id
),

billed_milestones as (
    select distinct pl.object_id
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    where pl.object_kind = 'milestone' and dc.state = 'posted'
),

entities as (
    select
        system,
        external_id,
        min(legal_entity) as legal_entity
    from canonical.projects
    group by system, external_id
),

milestones as (
    select
        cw.canonical_id as project_id,
        sum(mi.amount_minor) as amount_minor
    from canonical.milestones as mi
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'project'
            and mi.system = cw.system
            and mi.project_external_id = cw.external_id
    left join entities as et
        on mi.system = et.system and mi.project_external_id = et.external_id
    left join billed_milestones as bm on mi.system || ':' || mi.external_id = bm.object_id
    where
        mi.is_reached
        and not coalesce(mi.is_invoiced, false)
        and bm.object_id is null
        and coalesce(mi.reached_on, config.day_of(mi.updated_at, et.legal_entity)) >= cw.valid_from
        and coalesce(mi.reached_on, config.day_of(mi.updated_at, et.legal_entity)) < cw.valid_to
    group by cw.canonical_id
),

-- the project of the ERP that it most probably is
alike as (
    select
        ut.project_id,
        arg_min(ut.twin_id, (-ut.score, ut.twin_id)) as erp_id
    from reconciliation.unmapped_twins as ut
    semi join config.system_roles as sr on sr.role = 'erp' and ut.twin_system = sr.system
    where ut.score >= $tolerance_likeness
    group by ut.project_id
)

select
    pr.project_id as record_key,
    '' as period,
    pr.legal_entity,
    pr.project_id,
    pr.customer_key,
    null as entry_id,
    pr.psa_system as left_system,
    pr.psa_external_id as left_id,
    pr.name as left_value,
    pr.erp_system as right_system,
    al.erp_id as right_id,
    null as right_value,
    null as difference_seconds,
    null as difference_minor,
    (coalesce(un.amount_minor, 0) + coalesce(mi.amount_minor, 0))::bigint as at_risk_minor,
    pr.currency,
    if(al.erp_id is null, 'not_synced_yet', 'mapping_missing') as cause,
    'Project ' || coalesce(pr.name, pr.project_id) || ' is active in ' || pr.psa_system
    || case
        when pr.erp_external_id is null then ' and not in ' || coalesce(pr.erp_system, 'any ERP')
        else
            ' and in ' || pr.erp_system || ' company ' || coalesce(pr.erp_company, '')
            || ', not in ' || un.elsewhere || ', which its time is posted to'
    end
    || '; '
    || coalesce(un.entries, 0)::varchar || ' approved entries wait.'
    || coalesce(' It may be ' || al.erp_id || ' there, which nothing maps.', '') as detail,
    'project' as blocked_kind,
    pr.project_id as blocked_id
from billing.projects as pr
left join unposted as un on pr.project_id = un.project_id
left join milestones as mi on pr.project_id = mi.project_id
left join alike as al on pr.project_id = al.project_id
where
    pr.psa_system is not null
    and (pr.erp_external_id is null or un.elsewhere is not null)
    and pr.status = 'active'
    and coalesce(pr.is_billable, true)
    and coalesce(pr.billing_type, 'time_and_materials') <> 'internal'
    -- what only time names may be mistyped, as MD10 says
    and pr.project_id not in (select pe.project_id from reconciliation.projects_of_entries as pe)
order by record_key;
