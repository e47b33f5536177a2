-- The left side of both equations: approved time counted from raw records and entry versions, and
-- priced here from the rate tables, without a look at what rating or classification decided.
create or replace temp table own_entries as
with time_systems as (
    select system
    from config.system_roles
    where role = 'time'
    union distinct
    select system
    from config.routing
    where role = 'time'
),

-- What stays as it was posted though today's master data says otherwise.
held as (
    select *
    from billing.as_posted
    where object_kind = 'time_entry' and is_held
),

people as (
    select
        xw.system,
        xw.external_id,
        xw.valid_from,
        xw.valid_to,
        xw.canonical_id,
        rs.role
    from canonical.crosswalk as xw
    left join billing.resources as rs on xw.canonical_id = rs.resource_id
    where xw.object_kind = 'resource'
),

counted as (
    select
        cv.entry_id,
        cv.system,
        cv.external_id,
        cv.version_sha256,
        cv.resource_external_id,
        cv.project_external_id,
        cv.task_external_id,
        cv.role,
        cv.work_date,
        coalesce(cv.seconds, 0) as seconds,
        cv.is_billable
    from canonical.current_versions as cv
    inner join time_systems as ts on cv.system = ts.system
    where
        cv.approval_state = 'approved'
        and not coalesce(cv.is_deleted, false)
        and cv.raw_seq in (select rr.raw_seq from raw.records as rr)
        and not exists (
            select 1
            from quarantine.records as qu
            where
                qu.system = cv.system
                and qu.stream = cv.stream
                and qu.record_id = cv.record_id
        )
),

people_by_day as (
    select
        co.system,
        co.external_id,
        co.work_date,
        count(distinct pe.canonical_id) as people,
        min(pe.canonical_id) as resource_id,
        min(bh.home_legal_entity) as home_legal_entity,
        min(pe.role) as person_role
    from (
        select distinct
            system,
            resource_external_id as external_id,
            work_date
        from counted
    ) as co
    inner join people as pe
        on
            co.system = pe.system
            and co.external_id = pe.external_id
            and co.work_date >= pe.valid_from
            and co.work_date < pe.valid_to
    left join billing.resource_homes as bh
        on
            pe.canonical_id = bh.resource_id
            and co.work_date >= bh.valid_from
            and co.work_date < bh.valid_to
    group by co.system, co.external_id, co.work_date
),

routes as (
    select
        pd.system,
        pd.external_id,
        pd.work_date,
        bool_or(ro.system = pd.system) as is_routed_here
    from people_by_day as pd
    inner join config.routing as ro
        on
            ro.role = 'time'
            and pd.home_legal_entity = ro.legal_entity
            and pd.work_date >= ro.valid_from
            and pd.work_date < ro.valid_to
    where pd.people = 1
    group by pd.system, pd.external_id, pd.work_date
),

-- A task's flag on this project outweighs its flag in general.
tasks as (
    select
        co.system,
        co.task_external_id,
        co.project_external_id,
        coalesce(
            min(ta.is_billable) filter (where ta.project_external_id is not null),
            min(ta.is_billable) filter (where ta.project_external_id is null)
        ) as is_billable
    from (
        select distinct
            system,
            task_external_id,
            coalesce(project_external_id, '') as project_external_id
        from counted
        where task_external_id is not null
    ) as co
    inner join canonical.tasks as ta
        on
            co.system = ta.system
            and co.task_external_id = ta.external_id
            and coalesce(ta.project_external_id, co.project_external_id) = co.project_external_id
    group by co.system, co.task_external_id, co.project_external_id
),

targets as (
    select
        co.legal_entity,
        co.work_date,
        min((ro.system, coalesce(ro.company, ''))) as target
    from (
        select distinct
            pr.legal_entity,
            cn.work_date
        from billing.projects as pr
        cross join (select distinct work_date from counted) as cn
    ) as co
    inner join config.routing as ro
        on
            ro.role = 'erp'
            and co.legal_entity = ro.legal_entity
            and co.work_date >= ro.valid_from
            and co.work_date < ro.valid_to
    group by co.legal_entity, co.work_date
),

projects_by_day as (
    select
        co.system,
        co.external_id,
        co.work_date,
        count(distinct xp.canonical_id) as projects,
        min(xp.canonical_id) as project_id
    from (
        select distinct
            system,
            project_external_id as external_id,
            work_date
        from counted
    ) as co
    inner join canonical.crosswalk as xp
        on
            xp.object_kind = 'project'
            and co.system = xp.system
            and co.external_id = xp.external_id
            and co.work_date >= xp.valid_from
            and co.work_date < xp.valid_to
    group by co.system, co.external_id, co.work_date
)

select
    co.entry_id,
    co.system,
    co.external_id,
    co.version_sha256,
    co.work_date,
    co.seconds,
    if(pd.people = 1, pd.resource_id, null) as resource_id,
    if(
        coalesce(he.is_same_project, false),
        he.project_id,
        if(pj.projects = 1, pj.project_id, null)
    ) as project_id,
    xt.canonical_id as task_id,
    if(pd.people = 1, pd.person_role, null) as person_role,
    co.role,
    if(coalesce(he.is_same_project, false), he.legal_entity, pr.legal_entity) as legal_entity,
    if(coalesce(he.is_same_project, false), he.currency, pr.currency) as currency,
    if(coalesce(he.is_same_project, false), he.system, tg.target[1]) as erp_system,
    if(coalesce(he.is_same_project, false), he.company, tg.target[2]) as erp_company,
    strftime(co.work_date, '%Y-%m') as period,
    coalesce(le.rounding, 'half_up') as rounding,
    le.currency as local_currency,
    cu.factor,
    cast(power(10, least(coalesce(sy.quantity_decimals, 5), 5)) as bigint) as scale,
    (
        co.is_billable is distinct from false
        and (
            ta.is_billable is distinct from false
            or coalesce(he.is_same_project and he.is_same_task, false)
        )
        and (
            coalesce(he.is_same_project, false)
            or (
                pr.is_billable is distinct from false
                and coalesce(pr.billing_type, 'time_and_materials') = 'time_and_materials'
            )
        )
        and co.seconds <> 0
    ) as has_price
from counted as co
left join people_by_day as pd
    on
        co.system = pd.system
        and co.resource_external_id = pd.external_id
        and co.work_date = pd.work_date
left join routes as ro
    on
        co.system = ro.system
        and co.resource_external_id = ro.external_id
        and co.work_date = ro.work_date
left join projects_by_day as pj
    on
        co.system = pj.system
        and co.project_external_id = pj.external_id
        and co.work_date = pj.work_date
left join billing.projects as pr on pj.project_id = pr.project_id and pj.projects = 1
left join tasks as ta
    on
        co.system = ta.system
        and co.task_external_id = ta.task_external_id
        and coalesce(co.project_external_id, '') = ta.project_external_id
left join targets as tg on pr.legal_entity = tg.legal_entity and co.work_date = tg.work_date
left join canonical.crosswalk as xt
    on
        co.system = xt.system
        and co.task_external_id = xt.external_id
        and xt.object_kind = 'task'
        and co.work_date >= xt.valid_from
        and co.work_date < xt.valid_to
left join held as he on co.entry_id = he.object_id
left join config.legal_entities as le
    on if(coalesce(he.is_same_project, false), he.legal_entity, pr.legal_entity) = le.legal_entity
left join config.currencies as cu
    on if(coalesce(he.is_same_project, false), he.currency, pr.currency) = cu.currency
left join config.systems as sy
    on if(coalesce(he.is_same_project, false), he.system, tg.target[1]) = sy.system
where coalesce(ro.is_routed_here, true) or coalesce(he.is_same_person, false);
