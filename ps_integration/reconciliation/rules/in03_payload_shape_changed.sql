-- rule: IN03
-- title: Payload shape changed: field new, missing or retyped
-- severity: medium
-- owner: integration
-- blocks: yes
-- holds: system
-- needs_period: no
-- cause: unknown
-- remedy: Read the vendor's release notes; adapt the connector's mapping, then replay the stream.
-- tolerance_new_field_days: 7
-- tolerance_hold_records: 10
-- tolerance_hold_percent: 50

-- A column of a file is a field of all its rows. One that the file lacks, or has under another
-- name, is missing; where the product reads it, the file is refused and nothing of it is read.
with streams as (
    select
        system,
        stream,
        min(first_seen_at) as known_since,
        max(last_seen_at) as last_seen_at
    from raw.shapes
    group by system, stream
),

paths as (
    select
        system,
        stream,
        path,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from raw.shapes
    group by system, stream, path
),

-- whole numbers and decimals are one type, and an empty value says nothing
types as (
    select
        system,
        stream,
        path,
        if(json_type in ('integer', 'number', 'decimal'), 'number', json_type) as json_type,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from raw.shapes
    where json_type <> 'null'
    group by all
),

changes as (
    select
        pa.system,
        pa.stream,
        pa.path,
        'new' as change,
        pa.first_seen_at as changed_at,
        'no such field' as before,
        'field ' || pa.path as after
    from paths as pa
    inner join streams as st on pa.system = st.system and pa.stream = st.stream
    cross join config.run as ru
    where
        pa.first_seen_at > st.known_since
        and pa.last_seen_at = st.last_seen_at
        and pa.first_seen_at >= ru.as_of - to_days($tolerance_new_field_days)
    union all
    -- below an object or a list that may be empty, a missing field means nothing; the cells of a
    -- row are never empty
    select
        pa.system,
        pa.stream,
        pa.path,
        'missing' as change,
        pa.last_seen_at as changed_at,
        'field ' || pa.path as before,
        'no such field' as after
    from paths as pa
    inner join streams as st on pa.system = st.system and pa.stream = st.stream
    left join paths as ce
        on pa.system = ce.system and pa.stream = ce.stream and ce.path = 'cells'
    where
        pa.last_seen_at < st.last_seen_at
        and (
            not contains(ltrim(ltrim(pa.path, '$'), '.'), '.')
            or (starts_with(pa.path, 'cells.') and ce.last_seen_at = st.last_seen_at)
        )
        and not contains(pa.path, '[')
    union all
    select
        ty.system,
        ty.stream,
        ty.path,
        'retyped' as change,
        ty.first_seen_at as changed_at,
        ol.json_type as before,
        ty.json_type as after
    from types as ty
    inner join types as ol
        on
            ty.system = ol.system
            and ty.stream = ol.stream
            and ty.path = ol.path
            and ty.json_type <> ol.json_type
            and ty.first_seen_at > ol.first_seen_at
    inner join streams as st on ty.system = st.system and ty.stream = st.stream
    where
        ty.last_seen_at = st.last_seen_at
        -- while the field also comes as before, single records are odd, and quarantine names them
        and ol.last_seen_at < ty.last_seen_at
    qualify
        row_number() over (
            partition by ty.system, ty.stream, ty.path
            order by ty.first_seen_at desc, ol.first_seen_at asc
        ) = 1
),

-- what the last reading of a file found no column for
headers as (
    select
        system,
        stream,
        max_by(error_message, finished_at) as said
    from raw.reads
    group by system, stream
    having max_by(coalesce(error_kind, ''), finished_at) = 'columns_missing'
),

-- A change hurts a contract when records of the stream are refused since. It holds the system when
-- it befalls its records as a rule: one that came alone may be odd, and is held by itself.
moments as (
    select distinct
        system,
        stream,
        changed_at
    from changes
),

looked_at as (
    select
        ch.system,
        ch.stream,
        ch.changed_at,
        sum(sr.records) as records
    from moments as ch
    inner join raw.shape_runs as sr
        on ch.system = sr.system and ch.stream = sr.stream and ch.changed_at <= sr.seen_at
    group by ch.system, ch.stream, ch.changed_at
),

refused as (
    select
        ch.system,
        ch.stream,
        ch.changed_at,
        count(*) as records
    from moments as ch
    inner join quarantine.records as qu
        on ch.system = qu.system and ch.stream = qu.stream and ch.changed_at <= qu.last_seen_at
    group by ch.system, ch.stream, ch.changed_at
),

hurt as (
    select
        re.*,
        re.records >= $tolerance_hold_records
        and re.records > coalesce(la.records, re.records) * $tolerance_hold_percent / 100 as is_rule
    from refused as re
    left join looked_at as la
        on
            re.system = la.system
            and re.stream = la.stream
            and re.changed_at = la.changed_at
)

select
    ch.system || '|' || ch.stream || '|' || ch.change || '|' || ch.path as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    ch.system as left_system,
    ch.path as left_id,
    ch.before as left_value,
    ch.system as right_system,
    ch.path as right_id,
    ch.after as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'unknown' as cause,
    'In ' || ch.stream || ' of ' || ch.system || ' the field ' || ch.path || ' is '
    || case ch.change
        when 'retyped' then ch.after || ' and was ' || ch.before
        else ch.change
    end || coalesce('; ' || hu.records::varchar || ' records were refused since', '') || '.'
        as detail,
    if(
        ch.change <> 'new' and hu.is_rule and not starts_with(ch.path, 'cells.'), 'system', null
    ) as blocked_kind,
    if(
        ch.change <> 'new' and hu.is_rule and not starts_with(ch.path, 'cells.'), ch.system, null
    ) as blocked_id
from changes as ch
left join hurt as hu
    on
        ch.system = hu.system
        and ch.stream = hu.stream
        and ch.changed_at = hu.changed_at
union all
select
    he.system || '|' || he.stream || '|missing|header' as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    he.system as left_system,
    he.stream as left_id,
    'declared columns' as left_value,
    he.system as right_system,
    he.stream as right_id,
    he.said as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'unknown' as cause,
    'The columns of ' || he.stream || ' of ' || he.system || ' changed: ' || he.said
    || '. Nothing new is read until the file or the firm file is put right.' as detail,
    null as blocked_kind,
    null as blocked_id
from headers as he
order by record_key;
