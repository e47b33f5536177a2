-- rule: MD07
-- title: Task or assignment missing or different in the time system
-- severity: medium
-- owner: delivery_ops
-- blocks: no
-- needs_period: no
-- needs: projects@psa
-- cause: not_synced_yet
-- remedy: Give the time system the task or assignment that the PSA has, or end it in the PSA.

-- Only projects that a time system keeps such lists for are compared: one that lets everybody
-- book anywhere lacks nothing.
with today as (
    select
        cw.object_kind,
        cw.canonical_id,
        cw.system,
        cw.external_id,
        cw.how,
        sr.role
    from canonical.crosswalk as cw
    inner join config.system_roles as sr on cw.system = sr.system and sr.role in ('psa', 'time')
    cross join config.run as ru
    where ru.as_of_date >= cw.valid_from and ru.as_of_date < cw.valid_to
),

tasks as (
    select
        cp.role,
        ta.system,
        cp.canonical_id as project_id,
        ct.canonical_id as subject_id,
        min(ta.external_id) as external_id,
        bool_or(coalesce(ta.is_active, true)) as is_active,
        bool_or(ta.is_billable) as is_billable,
        -- one that was mapped by hand may be called otherwise, and several have no one name
        if(count(*) = 1 and bool_and(ct.how <> 'configured'), min(trim(ta.name)), null) as name,
        null::date as starts_on,
        null::date as ends_on
    from canonical.tasks as ta
    inner join today as cp
        on
            cp.object_kind = 'project'
            and ta.system = cp.system
            and ta.project_external_id = cp.external_id
    inner join today as ct
        on
            ct.object_kind = 'task'
            and cp.role = ct.role
            and ta.system = ct.system
            and ta.external_id = ct.external_id
    group by cp.role, ta.system, cp.canonical_id, ct.canonical_id
),

-- several assignments of a person on a project are one, from the first day to the last
assignments as (
    select
        cp.role,
        ag.system,
        cp.canonical_id as project_id,
        cr.canonical_id as subject_id,
        min(ag.external_id) as external_id,
        bool_or(
            coalesce(ag.is_active, true)
            and coalesce(ag.starts_on, ru.as_of_date) <= ru.as_of_date
            and coalesce(ag.ends_on, ru.as_of_date) >= ru.as_of_date
        ) as is_active,
        null::boolean as is_billable,
        null as name,
        if(count(ag.starts_on) = count(*), min(ag.starts_on), null) as starts_on,
        if(count(ag.ends_on) = count(*), max(ag.ends_on), null) as ends_on
    from canonical.assignments as ag
    cross join config.run as ru
    inner join today as cp
        on
            cp.object_kind = 'project'
            and ag.system = cp.system
            and ag.project_external_id = cp.external_id
    inner join today as cr
        on
            cr.object_kind = 'resource'
            and cp.role = cr.role
            and ag.system = cr.system
            and ag.resource_external_id = cr.external_id
    group by cp.role, ag.system, cp.canonical_id, cr.canonical_id
),

planned as (
    select
        'task' as kind,
        tasks.*
    from tasks
    union all
    select
        'assignment' as kind,
        assignments.*
    from assignments
),

kept as (
    select distinct
        kind,
        system,
        project_id
    from planned
    where role = 'time'
),

-- a person's time is booked in the system that serves their home entity today
serving as (
    select distinct
        rs.resource_id,
        ro.system
    from billing.resources as rs
    inner join config.routing as ro
        on ro.role = 'time' and rs.home_legal_entity = ro.legal_entity
    cross join config.run as ru
    where ru.as_of_date >= ro.valid_from and ru.as_of_date < ro.valid_to
),

compared as (
    select
        pl.*,
        ke.system as time_system,
        co.external_id as copy_id,
        case
            when co.external_id is null then 'missing'
            when not co.is_active then 'not active'
            when lower(pl.name) <> lower(co.name) then 'called ' || co.name
            when pl.is_billable <> co.is_billable
                then if(co.is_billable, 'billable', 'not billable')
            when pl.starts_on <> co.starts_on then 'from ' || co.starts_on::varchar
            when pl.ends_on <> co.ends_on then 'to ' || co.ends_on::varchar
        end as theirs,
        case
            when co.external_id is null or not co.is_active
                then pl.subject_id || if(pl.kind = 'task', ' active', ' assigned')
            when lower(pl.name) <> lower(co.name) then 'called ' || pl.name
            when pl.is_billable <> co.is_billable
                then if(pl.is_billable, 'billable', 'not billable')
            when pl.starts_on <> co.starts_on then 'from ' || pl.starts_on::varchar
            else 'to ' || pl.ends_on::varchar
        end as ours
    from planned as pl
    inner join kept as ke on pl.kind = ke.kind and pl.project_id = ke.project_id
    left join serving as se
        on pl.kind = 'assignment' and pl.subject_id = se.resource_id and ke.system = se.system
    left join planned as co
        on
            co.role = 'time'
            and pl.kind = co.kind
            and ke.system = co.system
            and pl.project_id = co.project_id
            and pl.subject_id = co.subject_id
    where
        pl.role = 'psa'
        and pl.is_active
        and pl.system <> ke.system
        and (pl.kind = 'task' or se.system is not null)
)

select
    co.kind || '|' || co.project_id || '|' || co.subject_id || '|' || co.time_system as record_key,
    '' as period,
    pr.legal_entity,
    co.project_id,
    pr.customer_key,
    null as entry_id,
    co.system as left_system,
    co.external_id as left_id,
    co.ours as left_value,
    co.time_system as right_system,
    co.copy_id as right_id,
    co.theirs as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    case co.theirs
        when 'missing' then 'not_synced_yet'
        when 'not active' then 'sync_failed'
        else 'manual_edit_in_copy'
    end as cause,
    'The ' || co.kind || ' of ' || co.subject_id || ' on project ' || co.project_id || ' is '
    || co.ours || ' in ' || co.system || ' and ' || co.theirs || ' in ' || co.time_system || '.'
        as detail,
    null as blocked_kind,
    null as blocked_id
from compared as co
inner join billing.projects as pr on co.project_id = pr.project_id
where co.theirs is not null and pr.status = 'active'
order by record_key;
