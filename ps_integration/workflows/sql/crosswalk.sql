-- Automatic crosswalk rows: what every record was linked to when it was first seen, whatever it is
-- called now. Configured rows stand already and replace the automatic ones of the same object,
-- system and external id.
insert into canonical.crosswalk by name
select distinct
    kr.object_kind,
    li.canonical_id,
    kr.system,
    kr.external_id,
    date '1900-01-01' as valid_from,
    date '9999-12-31' as valid_to,
    'match_key' as how
from canonical.known_records as kr
inner join canonical.links as li
    on
        kr.object_kind = li.object_kind
        and kr.system = li.system
        and kr.stream = li.stream
        and kr.record_id = li.record_id
        and kr.external_id = li.external_id
where
    not exists (
        select 1 from canonical.crosswalk as cw
        where
            cw.object_kind = kr.object_kind
            and cw.system = kr.system
            and cw.external_id = kr.external_id
    );

delete from canonical.keys;

insert into canonical.keys by name
with carried as (
    select
        kr.object_kind,
        kr.match_key,
        cw.canonical_id,
        1 as tier,
        0 as link_id
    from canonical.known_records as kr
    inner join canonical.crosswalk as cw
        on
            kr.object_kind = cw.object_kind
            and kr.system = cw.system
            and kr.external_id = cw.external_id
    where kr.match_key is not null and cw.how <> 'configured'
),

meant as (
    select * from carried
    union all by name
    select
        cw.object_kind,
        cw.canonical_id as match_key,
        cw.canonical_id,
        1 as tier,
        0 as link_id
    from canonical.crosswalk as cw
    where cw.how = 'configured'
    union all by name
    select
        ci.object_kind,
        ci.born_key as match_key,
        ci.canonical_id,
        2 as tier,
        0 as link_id
    from ops.canonical_ids as ci
    union all by name
    select
        rl.object_kind,
        rl.match_key,
        rl.canonical_id,
        3 as tier,
        rl.link_id
    from ops.record_links as rl
    where rl.match_key is not null
)

select
    object_kind,
    match_key,
    canonical_id
from meant
qualify
    row_number() over (
        partition by object_kind, match_key
        order by tier asc, canonical_id = match_key desc, link_id desc, canonical_id asc
    ) = 1;
