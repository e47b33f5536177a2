-- Who did what on which project: everything a rate can depend on except the date.
create or replace temp table pricing_keys as
with assignment_roles as (
    select
        xp.canonical_id as project_id,
        xr.canonical_id as resource_id,
        case when min(role_key(ag.role)) = max(role_key(ag.role)) then min(ag.role) end as role
    from canonical.assignments as ag
    inner join canonical.crosswalk as xp
        on
            ag.system = xp.system
            and ag.project_external_id = xp.external_id
            and xp.object_kind = 'project'
    inner join canonical.crosswalk as xr
        on
            ag.system = xr.system
            and ag.resource_external_id = xr.external_id
            and xr.object_kind = 'resource'
    where ag.role is not null
    group by all
),

resource_roles as (
    select
        resource_id,
        min(role) as role
    from billing.resources
    group by all
),

keys as (
    select distinct
        coalesce(project_id, '') as project_id,
        coalesce(resource_id, '') as resource_id,
        coalesce(task_id, '') as task_id,
        coalesce(role, '') as entry_role
    from approved_entries
    where is_by_the_hour
)

select
    row_number() over (
        order by ke.project_id, ke.resource_id, ke.task_id, ke.entry_role
    ) as key_id,
    ke.project_id,
    ke.resource_id,
    ke.task_id,
    ke.entry_role,
    role_key(coalesce(nullif(ke.entry_role, ''), ar.role, rr.role)) as role_key
from keys as ke
left join assignment_roles as ar
    on ke.project_id = ar.project_id and ke.resource_id = ar.resource_id
left join resource_roles as rr on ke.resource_id = rr.resource_id;

-- The rate card of the pricing source in canonical ids; a rate holds only while its ids doc.
create or replace temp table rate_card as
select
    ra.external_id as rate_id,
    ra.system as rate_system,
    ra.scope,
    rp.rank,
    xp.canonical_id as project_id,
    xr.canonical_id as resource_id,
    xt.canonical_id as task_id,
    role_key(ra.role) as role_key,
    ra.currency,
    ra.unit_price,
    coalesce(ra.valid_from, date '1900-01-01') as starts_on,
    ra.valid_to is not null as has_end,
    greatest(coalesce(ra.valid_from, date '1900-01-01'), xp.valid_from, xr.valid_from)
        as valid_from,
    least(coalesce(ra.valid_to, date '9999-12-31'), xp.valid_to, xr.valid_to) as valid_to
from canonical.rates as ra
inner join config.rule_settings as rs
    on ra.system = rs.value and rs.rule = 'RATES' and rs.setting = 'source'
inner join config.rate_precedence as rp on ra.scope = rp.scope
left join canonical.crosswalk as xp
    on
        ra.system = xp.system
        and ra.project_external_id = xp.external_id
        and xp.object_kind = 'project'
left join canonical.crosswalk as xr
    on
        ra.system = xr.system
        and ra.resource_external_id = xr.external_id
        and xr.object_kind = 'resource'
left join canonical.crosswalk as xt
    on ra.system = xt.system and ra.task_external_id = xt.external_id and xt.object_kind = 'task'
where
    ra.unit_price >= 0
    and ra.currency is not null
    and (ra.task_external_id is null or xt.canonical_id is not null);

-- Every rate that could price a key on some date.
create or replace temp table key_rates as
with matched as (
    select
        ke.key_id,
        rc.*
    from pricing_keys as ke
    inner join rate_card as rc
        on ke.project_id = rc.project_id and ke.resource_id = rc.resource_id
    where rc.scope = 'assignment'
    union all
    select
        ke.key_id,
        rc.*
    from pricing_keys as ke
    inner join rate_card as rc on ke.project_id = rc.project_id and ke.role_key = rc.role_key
    where rc.scope = 'project_role'
    union all
    select
        ke.key_id,
        rc.*
    from pricing_keys as ke
    inner join rate_card as rc on ke.project_id = rc.project_id
    where rc.scope = 'project'
    union all
    select
        ke.key_id,
        rc.*
    from pricing_keys as ke
    inner join rate_card as rc on ke.role_key = rc.role_key
    where rc.scope = 'role'
    union all
    select
        ke.key_id,
        rc.*
    from pricing_keys as ke
    inner join rate_card as rc on ke.resource_id = rc.resource_id
    where rc.scope = 'resource'
)

select
    ma.key_id,
    ma.rate_id,
    ma.rate_system,
    ma.scope,
    ma.rank,
    ma.task_id is not null as is_of_task,
    ma.currency,
    ma.unit_price,
    ma.starts_on,
    ma.has_end,
    ma.valid_from,
    ma.valid_to
from matched as ma
inner join pricing_keys as ke on ma.key_id = ke.key_id
where (ma.task_id is null or ma.task_id = ke.task_id);
