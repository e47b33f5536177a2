-- The left side of both equations: approved time counted from raw records and entry versions, and
-- priced here from the rate tables, without a look at what rating or classification decided.
create or replace temp table own_entries as
with raw_rows as (
    select distinct raw_seq
    from raw.records
),

time_systems as (
    select system
    from config.systems
    where list_contains(string_split(replace(roles, ' ', ''), ','), 'time')
),

people as (
    select
        xw.system,
        xw.external_id,
        xw.valid_from,
        xw.valid_to,
        xw.canonical_id,
        rs.home_legal_entity,
        rs.role
    from canonical.crosswalk as xw
    left join billing.resources as rs on xw.canonical_id = rs.resource_id
    where xw.object_kind = 'resource'
),

tasks as (
    select
        system,
        external_id,
        bool_and(is_billable) as is_billable
    from canonical.tasks
    group by all
),

placed as (
    select
        cv.entry_id,
        cv.system,
        cv.external_id,
        cv.version_sha256,
        cv.role,
        cv.work_date,
        coalesce(cv.seconds, 0) as seconds,
        cv.is_billable,
        cv.task_external_id,
        min(pe.canonical_id) as resource_id,
        count(distinct pe.canonical_id) as people,
        min(pe.home_legal_entity) as home_legal_entity,
        min(pe.role) as person_role,
        min(xp.canonical_id) as project_id,
        count(distinct xp.canonical_id) as projects
    from canonical.current_versions as cv
    inner join raw_rows as rr on cv.raw_seq = rr.raw_seq
    inner join time_systems as ts on cv.system = ts.system
    left join people as pe
        on
            cv.system = pe.system
            and cv.resource_external_id = pe.external_id
            and cv.work_date >= pe.valid_from
            and cv.work_date < pe.valid_to
    left join canonical.crosswalk as xp
        on
            cv.system = xp.system
            and cv.project_external_id = xp.external_id
            and xp.object_kind = 'project'
            and cv.work_date >= xp.valid_from
            and cv.work_date < xp.valid_to
    where cv.approval_state = 'approved' and not coalesce(cv.is_deleted, false)
    group by all
)

select
    pl.entry_id,
    pl.system,
    pl.external_id,
    pl.version_sha256,
    pl.work_date,
    pl.seconds,
    if(pl.people = 1, pl.resource_id, null) as resource_id,
    pr.project_id,
    xt.canonical_id as task_id,
    if(pl.people = 1, pl.person_role, null) as person_role,
    pl.role,
    pr.legal_entity,
    pr.currency,
    pr.erp_system,
    coalesce(pr.erp_company, '') as erp_company,
    strftime(pl.work_date, '%Y-%m') as period,
    coalesce(le.rounding, 'half_up') as rounding,
    le.currency as local_currency,
    cu.factor,
    cast(power(10, least(coalesce(sy.quantity_decimals, 5), 5)) as bigint) as scale,
    (
        pl.is_billable is distinct from false
        and ta.is_billable is distinct from false
        and pr.is_billable is distinct from false
        and coalesce(pr.billing_type, 'time_and_materials') = 'time_and_materials'
        and pl.seconds <> 0
    ) as has_price
from placed as pl
left join billing.projects as pr on pl.project_id = pr.project_id and pl.projects = 1
left join tasks as ta on pl.system = ta.system and pl.task_external_id = ta.external_id
left join canonical.crosswalk as xt
    on
        pl.system = xt.system
        and pl.task_external_id = xt.external_id
        and xt.object_kind = 'task'
        and pl.work_date >= xt.valid_from
        and pl.work_date < xt.valid_to
left join config.legal_entities as le on pr.legal_entity = le.legal_entity
left join config.currencies as cu on pr.currency = cu.currency
left join config.systems as sy on pr.erp_system = sy.system
where
    pl.people <> 1
    or not exists (
        select 1
        from config.routing as ro
        where
            ro.role = 'time'
            and ro.legal_entity = pl.home_legal_entity
            and pl.work_date >= ro.valid_from
            and pl.work_date < ro.valid_to
    )
    or exists (
        select 1
        from config.routing as ro
        where
            ro.role = 'time'
            and ro.legal_entity = pl.home_legal_entity
            and ro.system = pl.system
            and pl.work_date >= ro.valid_from
            and pl.work_date < ro.valid_to
    );
