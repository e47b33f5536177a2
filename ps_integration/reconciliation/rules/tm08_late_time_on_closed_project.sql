-- rule: TM08
-- title: Late time on a project closed in the PSA or the ERP
-- severity: high
-- owner: project_manager
-- blocks: yes
-- needs_period: yes
-- cause: wrong_project
-- remedy: Reopen the project if the time is to be billed, or have the entry moved or rejected.

-- several streams of the ERP may tell of one project
with in_erp as (
    select
        system,
        external_id,
        max_by(status, status = 'closed') as status,
        max(closed_on) filter (where status = 'closed') as closed_on
    from canonical.projects
    where status is not null
    group by system, external_id
),

closings as (
    select
        pr.project_id,
        pr.name,
        pr.psa_system,
        pr.psa_external_id,
        pr.erp_system,
        case
            when pr.status = 'closed' and ep.status = 'closed'
                then least(pr.closed_on, ep.closed_on)
            when ep.status = 'closed' then ep.closed_on
            else pr.closed_on
        end as closed_on
    from billing.projects as pr
    left join in_erp as ep
        on pr.erp_system = ep.system and pr.erp_external_id = ep.external_id
    where pr.status = 'closed' or ep.status = 'closed'
)

select
    un.entry_id as record_key,
    coalesce(un.period, 'unassigned') as period,
    un.legal_entity,
    un.project_id,
    un.customer_key,
    un.entry_id,
    un.system as left_system,
    un.external_id as left_id,
    'worked on ' || un.work_date::varchar as left_value,
    coalesce(cl.psa_system, cl.erp_system) as right_system,
    coalesce(cl.psa_external_id, cl.project_id) as right_id,
    'closed' || coalesce(' on ' || cl.closed_on::varchar, '') as right_value,
    null as difference_seconds,
    null as difference_minor,
    un.amount_minor as at_risk_minor,
    un.currency,
    'wrong_project' as cause,
    un.entry_id || ' of ' || un.work_date::varchar || ' is late: project '
    || coalesce(cl.name, cl.project_id) || ' was closed'
    || coalesce(' on ' || cl.closed_on::varchar, '') || '.' as detail,
    'entry' as blocked_kind,
    un.entry_id as blocked_id
from reconciliation.unposted_entries as un
inner join closings as cl on un.project_id = cl.project_id
where
    cl.closed_on is null
    or un.work_date > cl.closed_on
    or un.approved_at::date > cl.closed_on
order by record_key;
