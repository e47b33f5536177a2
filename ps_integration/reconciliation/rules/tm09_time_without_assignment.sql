-- rule: TM09
-- title: Time without an assignment, or outside its dates
-- severity: medium
-- owner: project_manager
-- blocks: policy
-- holds: entry
-- needs_period: yes
-- cause: master_data_incomplete
-- remedy: Assign the person to the project for that day, or have the entry moved or rejected.

-- Whose assignments count for a project: the system that owns them, else the PSA, else the time
-- system. A project on which nobody is assigned anywhere is not judged. An assignment that was
-- taken off holds until its last day where that is past; an end ahead says nothing of when.
with placed as (
    select
        cp.canonical_id as project_id,
        cr.canonical_id as resource_id,
        ag.system,
        ag.external_id,
        ct.canonical_id as task_id,
        ag.task_external_id is not null as is_for_task,
        greatest(ag.starts_on, cr.valid_from, cp.valid_from) as starts_on,
        least(ag.ends_on, cr.valid_to, cp.valid_to) as ends_on,
        coalesce(ag.is_active, true) or coalesce(ag.ends_on <= ru.as_of_date, false) as is_usable,
        case
            when ow.system is not null then 1
            when sr.role = 'psa' then 2
            when sr.role = 'time' then 3
            else 4
        end as rank
    from canonical.assignments as ag
    cross join config.run as ru
    inner join canonical.crosswalk as cp
        on
            cp.object_kind = 'project'
            and ag.system = cp.system
            and ag.project_external_id = cp.external_id
    inner join canonical.crosswalk as cr
        on
            cr.object_kind = 'resource'
            and ag.system = cr.system
            and ag.resource_external_id = cr.external_id
    left join canonical.crosswalk as ct
        on
            ct.object_kind = 'task'
            and ag.system = ct.system
            and ag.task_external_id = ct.external_id
    left join config.ownership as ow on ow.object_kind = 'assignment' and ag.system = ow.system
    left join config.system_roles as sr on ag.system = sr.system and sr.role in ('psa', 'time')
),

owners as (
    select
        project_id,
        min(rank) as rank
    from placed
    group by project_id
),

owned as (
    select pl.*
    from placed as pl
    inner join owners as ow on pl.project_id = ow.project_id and pl.rank = ow.rank
),

-- not materialized: where nobody is assigned anywhere, no entry is looked at
entries as not materialized (
    select en.*
    from billing.entries as en
    left join config.going_live as gl
        on en.legal_entity = gl.legal_entity and en.system = gl.time_system
    where
        en.is_primary
        and en.approval_state = 'approved'
        and not coalesce(en.is_deleted, false)
        and en.seconds > 0
        -- whom no system knows, nobody can assign: MD08
        and en.resource_id in (select rs.resource_id from billing.resources as rs)
        and (gl.bill_from is null or en.work_date >= gl.bill_from)
),

ow as (
    select
        project_id,
        min(system) as system
    from owned
    group by project_id
),

judged as (
    select
        en.entry_id,
        min(ow.system) as system,
        min(od.external_id) as external_id,
        min(od.starts_on) as starts_on,
        max(coalesce(od.ends_on, date '9999-12-31')) as ends_on,
        count(od.external_id) as assignments,
        coalesce(
            bool_or(
                od.is_usable
                and (not od.is_for_task or en.task_id is null or od.task_id = en.task_id)
                and en.work_date >= coalesce(od.starts_on, date '1900-01-01')
                and en.work_date <= coalesce(od.ends_on, date '9999-12-31')
            ),
            false
        ) as is_covered,
        coalesce(
            bool_or(
                en.work_date >= coalesce(od.starts_on, date '1900-01-01')
                and en.work_date <= coalesce(od.ends_on, date '9999-12-31')
            ),
            false
        ) as is_in_dates
    from entries as en
    inner join ow on en.project_id = ow.project_id
    left join owned as od on en.project_id = od.project_id and en.resource_id = od.resource_id
    group by en.entry_id
)

select
    en.entry_id as record_key,
    en.period,
    en.legal_entity,
    en.project_id,
    en.customer_key,
    en.entry_id,
    en.system as left_system,
    en.external_id as left_id,
    'worked on ' || en.work_date::varchar as left_value,
    ju.system as right_system,
    ju.external_id as right_id,
    case
        when ju.assignments = 0 then 'not assigned'
        when ju.is_in_dates then 'assigned to another task, or no longer'
        else
            'assigned ' || coalesce(ju.starts_on::varchar, '') || ' to '
            || if(ju.ends_on = date '9999-12-31', 'an open day', ju.ends_on::varchar)
    end as right_value,
    en.seconds as difference_seconds,
    null as difference_minor,
    ra.amount_minor as at_risk_minor,
    if(ra.amount_minor is null, null, ra.currency) as currency,
    if(ju.assignments > 0 and not ju.is_in_dates, 'wrong_date', 'master_data_incomplete') as cause,
    en.entry_id || ' of ' || en.work_date::varchar || ': ' || en.resource_id
    || case
        when ju.assignments = 0 then ' is not assigned to project ' || en.project_id
        when ju.is_in_dates then ' has no assignment to that task of project ' || en.project_id
        else ' is assigned to project ' || en.project_id || ' on other days'
    end || ' in ' || ju.system || '.' as detail,
    'entry' as blocked_kind,
    en.entry_id as blocked_id
from entries as en
inner join judged as ju on en.entry_id = ju.entry_id
left join billing.rated_entries as ra on en.entry_id = ra.entry_id
where not ju.is_covered
order by record_key;
