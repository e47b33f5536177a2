-- One row per canonical resource, each field from HR, then the PSA, then the time system, unless
-- config.ownership names its system of record. Where a firm has HR or PSA resources at all, a
-- person only the time system knows is unknown; otherwise the time system's people count.
create or replace temp table mapped as
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
)

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
left join sole_routes as so on rs.system = so.system;

create or replace temp table picked as
with field_values as (
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
)

select
    resource_id,
    field,
    value,
    system
from judged
qualify row_number() over (
    partition by resource_id, field
    order by
        is_owner desc, value is null, is_default_owner desc, role_rank asc,
        system asc, stream asc, external_id asc
) = 1;

delete from billing.resources;
insert into billing.resources by name
-- Since when the system of record has shown a person as inactive, without a break.
with states as (
    select
        pi.resource_id,
        sh.raw_seq,
        sh.is_active,
        max(sh.raw_seq) filter (where sh.is_active) over (partition by pi.resource_id)
            as last_active
    from picked as pi
    inner join mapped as ma on pi.resource_id = ma.resource_id and pi.system = ma.system
    inner join canonical.shown_states as sh
        on ma.system = sh.system and ma.stream = sh.stream and ma.external_id = sh.external_id
    where pi.field = 'is_active'
),

left_since as (
    select
        st.resource_id,
        min(re.fetched_at) as seen_at
    from states as st
    inner join raw.records as re on st.raw_seq = re.raw_seq
    where not st.is_active and coalesce(st.raw_seq > st.last_active, true)
    group by st.resource_id
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
    any_value(pe.source_system) as source_system,
    any_value(ls.seen_at) as inactive_seen_at
from picked as pi
inner join people as pe on pi.resource_id = pe.resource_id
left join left_since as ls on pi.resource_id = ls.resource_id
where
    pe.best_rank <= 2
    or not exists (
        select 1 from mapped as ma
        where ma.role_rank <= 2
    )
group by pi.resource_id;

-- The home entity by day, as its system of record has shown it. What it says last of a stay counts:
-- a home shown since a day leaves the days before it to the home that was shown earlier, one
-- without a first day takes them all.
delete from billing.resource_homes;
insert into billing.resource_homes by name
with shown as (
    select
        pi.resource_id,
        sh.raw_seq,
        sh.home_legal_entity,
        coalesce(sh.home_valid_from, date '0001-01-01') as first_day,
        coalesce(sh.home_legal_entity <> lag(sh.home_legal_entity) over (
            partition by pi.resource_id order by sh.raw_seq
        ), true) as is_another
    from picked as pi
    inner join mapped as ma on pi.resource_id = ma.resource_id and pi.system = ma.system
    inner join canonical.shown_homes as sh
        on ma.system = sh.system and ma.stream = sh.stream and ma.external_id = sh.external_id
    anti join quarantine.records as qr
        on
            sh.system = qr.system
            and sh.stream = qr.stream
            and sh.record_id = qr.record_id
            and sh.raw_seq = qr.raw_seq
    where pi.field = 'home_legal_entity' and pi.value is not null
),

numbered as (
    select
        *,
        count(*) filter (where is_another) over (
            partition by resource_id order by raw_seq
        ) as stay
    from shown
),

stays as (
    select
        resource_id,
        stay,
        min(home_legal_entity) as home_legal_entity,
        arg_max(first_day, raw_seq) as first_day
    from numbered
    group by all
),

-- what is shown last must be what the resource has now; it is not where that is in quarantine
bounded as (
    select
        *,
        coalesce(min(first_day) over (
            partition by resource_id
            order by stay
            rows between 1 following and unbounded following
        ), date '9999-12-31') as last_day,
        last_value(home_legal_entity) over (
            partition by resource_id
            order by stay
            rows between unbounded preceding and unbounded following
        ) as shown_last
    from stays
),

dated as (
    select
        bo.resource_id,
        bo.home_legal_entity,
        if(
            row_number() over (partition by bo.resource_id order by bo.stay) = 1,
            date '0001-01-01', bo.first_day
        ) as valid_from,
        bo.last_day as valid_to
    from bounded as bo
    inner join billing.resources as br
        on bo.resource_id = br.resource_id and bo.shown_last = br.home_legal_entity
    where bo.first_day < bo.last_day
)

select * from dated
union all
select
    br.resource_id,
    br.home_legal_entity,
    date '0001-01-01' as valid_from,
    date '9999-12-31' as valid_to
from billing.resources as br
anti join dated as da on br.resource_id = da.resource_id
where br.home_legal_entity is not null;

drop table mapped;
drop table picked;
