-- rule: TM08
-- title: Late time on a project closed in the PSA or the ERP
-- severity: high
-- owner: project_manager
-- blocks: yes
-- holds: entry
-- needs_period: yes
-- cause: wrong_project
-- remedy: Reopen the project if the time is to be billed, or have the entry moved or rejected.

-- Late is time worked after the closing day; when it was approved does not count. A project that
-- is closed takes no time after the day that a night first saw it so, whatever day its system plans
-- for the end: an ending date ahead is not its closing day.
-- Several streams of the ERP may tell of one project.
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

-- the night that saw it closed
first_seen as (
    select
        system,
        external_id,
        max_by(seen_at, seen_at) as closed_at,
        max_by(value, seen_at) as status
    from reconciliation.field_history
    where object_kind = 'project' and field = 'status'
    group by system, external_id
),

-- the PSA and the ERP, whichever says that it is closed
said as (
    select
        pr.project_id,
        pr.closed_on,
        pr.psa_system as system,
        pr.psa_external_id as external_id
    from billing.projects as pr
    where pr.status = 'closed'
    union all
    select
        pr.project_id,
        ep.closed_on,
        ep.system,
        ep.external_id
    from billing.projects as pr
    inner join in_erp as ep
        on pr.erp_system = ep.system and pr.erp_external_id = ep.external_id
    where ep.status = 'closed'
),

closing_days as (
    select
        sa.project_id,
        sa.closed_on as told_on,
        config.day_of(coalesce(fs.closed_at, ru.as_of), pr.legal_entity) as seen_on
    from said as sa
    cross join config.run as ru
    inner join billing.projects as pr on sa.project_id = pr.project_id
    left join first_seen as fs
        on sa.system = fs.system and sa.external_id = fs.external_id and fs.status = 'closed'
),

days as (
    select
        project_id,
        min(least(told_on, seen_on)) as closed_on,
        coalesce(min(told_on) <= min(seen_on), false) as is_told
    from closing_days
    group by project_id
),

closings as (
    select
        pr.project_id,
        pr.name,
        pr.psa_system,
        pr.psa_external_id,
        pr.erp_system,
        dy.closed_on,
        if(dy.is_told, 'closed on ', 'first seen closed on ') || dy.closed_on::varchar as closed
    from billing.projects as pr
    inner join days as dy on pr.project_id = dy.project_id
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
    cl.closed as right_value,
    null as difference_seconds,
    null as difference_minor,
    un.amount_minor as at_risk_minor,
    un.currency,
    'wrong_project' as cause,
    un.entry_id || ' of ' || un.work_date::varchar || ' is late: project '
    || coalesce(cl.name, cl.project_id) || ' was ' || cl.closed || '.' as detail,
    'entry' as blocked_kind,
    un.entry_id as blocked_id
from reconciliation.unposted_entries as un
inner join closings as cl on un.project_id = cl.project_id
where un.work_date > cl.closed_on
order by record_key;
