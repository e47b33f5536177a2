-- One row per canonical resource, each field from HR, then the PSA, then the time system, unless
-- config.ownership names its system of record. Where a firm has HR or PSA resources at all, a
-- person only the time system knows is unknown; otherwise the time system's people count.
delete from billing.resources;
insert into billing.resources by name
with sole_routes as (
    select
        system,
        min(legal_entity) as legal_entity
    from config.routing
    where role = 'time'
    group by system
    having count(distinct legal_entity) = 1
),

cw as (
    select distinct
        canonical_id,
        system,
        external_id
    from canonical.crosswalk
    where object_kind = 'resource'
),

mapped as (
    select
        cw.canonical_id as resource_id,
        rs.*,
        case
            when list_contains(string_split(sy.roles, ','), 'hr') then 1
            when list_contains(string_split(sy.roles, ','), 'psa') then 2
            when list_contains(string_split(sy.roles, ','), 'time') then 3
            else 4
        end as role_rank,
        so.legal_entity as sole_entity
    from canonical.resources as rs
    inner join cw on rs.system = cw.system and rs.external_id = cw.external_id
    left join config.systems as sy on rs.system = sy.system
    left join sole_routes as so on rs.system = so.system
),

field_values as (
    select
        resource_id,
        system,
        stream,
        external_id,
        role_rank,
        field,
        value
    from (
        select
            resource_id,
            system,
            stream,
            external_id,
            role_rank,
            name,
            email,
            home_legal_entity,
            role,
            cast(is_active as varchar) as is_active,
            cast(starts_on as varchar) as starts_on,
            cast(ends_on as varchar) as ends_on
        from mapped
    ) unpivot include nulls (
        value for field in (name, email, home_legal_entity, role, is_active, starts_on, ends_on)
    )
),

judged as (
    select
        fv.*,
        exists(
            select 1 from config.ownership as ow
            where ow.object_kind = 'resource' and ow.system = fv.system and ow.field = fv.field
        ) as is_owner,
        exists(
            select 1 from config.ownership as ow
            where ow.object_kind = 'resource' and ow.system = fv.system and ow.field = '*'
        ) as is_default_owner
    from field_values as fv
),

picked as (
    select
        resource_id,
        field,
        value
    from judged
    qualify row_number() over (
        partition by resource_id, field
        order by
            is_owner desc, value is null, is_default_owner desc, role_rank asc,
            system asc, stream asc, external_id asc
    ) = 1
),

people as (
    select
        resource_id,
        min(role_rank) as best_rank,
        arg_min(system, (role_rank, system)) as source_system,
        min(sole_entity) as sole_entity,
        count(distinct sole_entity) as sole_entities
    from mapped
    group by resource_id
)

select
    pi.resource_id,
    max(pi.value) filter (where pi.field = 'name') as name,
    max(pi.value) filter (where pi.field = 'email') as email,
    coalesce(
        max(pi.value) filter (where pi.field = 'home_legal_entity'),
        any_value(pe.sole_entity) filter (where pe.sole_entities = 1)
    ) as home_legal_entity,
    max(pi.value) filter (where pi.field = 'role') as role,
    cast(max(pi.value) filter (where pi.field = 'is_active') as boolean) as is_active,
    cast(max(pi.value) filter (where pi.field = 'starts_on') as date) as starts_on,
    cast(max(pi.value) filter (where pi.field = 'ends_on') as date) as ends_on,
    any_value(pe.source_system) as source_system
from picked as pi
inner join people as pe on pi.resource_id = pe.resource_id
where
    pe.best_rank <= 2
    or not exists (
        select 1 from mapped as ma
        where ma.role_rank <= 2
    )
group by pi.resource_id;
