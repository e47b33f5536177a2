-- rule: TM17
-- title: Time booked on approved leave or on a public holiday
-- severity: low
-- owner: hr
-- blocks: no
-- needs_period: yes
-- needs: absences@hr?
-- cause: wrong_date
-- remedy: Correct the date of the entry or the leave; where the person did work, accept it.
-- tolerance_day_hours: 8

with people_with_leave as (
    select cw.canonical_id as resource_id
    from canonical.crosswalk as cw
    inner join canonical.absences as ab
        on cw.system = ab.system and cw.external_id = ab.resource_external_id
    where cw.object_kind = 'resource' and ab.approval_state = 'approved'
),

-- the few entries of such days are found first: to read and to price every entry would be slow
suspects as materialized (
    select en.rowid as entry_row
    from billing.entries as en
    left join config.going_live as gl
        on en.legal_entity = gl.legal_entity and en.system = gl.time_system
    where
        en.is_primary
        and not coalesce(en.is_deleted, false)
        and en.approval_state in ('submitted', 'approved')
        and en.seconds > 0
        and en.resource_id is not null
        and (gl.bill_from is null or en.work_date >= gl.bill_from)
        -- nobody else can be away that day
        and (
            en.resource_id in (select pl.resource_id from people_with_leave as pl)
            or (en.home_legal_entity, en.work_date)
            in (select (ph.legal_entity, ph.day) from config.public_holidays as ph)
        )
),

entries as (
    select en.*
    from billing.entries as en
    semi join suspects as su on en.rowid = su.entry_row
),

-- several entries of one person and day stand against the same absence or holiday
days as (
    select
        en.resource_id,
        en.work_date,
        min(en.period) as period,
        min(en.home_legal_entity) as home_legal_entity,
        if(count(distinct en.legal_entity) = 1, min(en.legal_entity), null) as legal_entity,
        if(count(distinct en.project_id) = 1, min(en.project_id), null) as project_id,
        if(count(*) = 1, min(en.entry_id), null) as entry_id,
        min(en.system) as system,
        string_agg(en.entry_id, ', ' order by en.entry_id) as entry_ids,
        sum(en.seconds)::bigint as seconds,
        case when count(distinct ra.currency) = 1 then sum(ra.amount_minor) end::bigint
            as amount_minor,
        min(ra.currency) as currency
    from entries as en
    left join billing.rated_entries as ra on en.entry_id = ra.entry_id
    group by en.resource_id, en.work_date
),

-- Absences of one day add up: two halves are a whole day away.
told as (
    select
        da.resource_id,
        da.work_date,
        ab.system,
        min(ab.external_id) as external_id,
        string_agg(distinct ab.kind, ', ' order by ab.kind) as kind,
        if(bool_or(ab.seconds_per_day is null), null, sum(ab.seconds_per_day))::bigint
            as seconds_per_day
    from days as da
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'resource'
            and da.resource_id = cw.canonical_id
            and da.work_date >= cw.valid_from
            and da.work_date < cw.valid_to
    inner join canonical.absences as ab
        on
            cw.system = ab.system
            and cw.external_id = ab.resource_external_id
            and da.work_date between ab.starts_on and ab.ends_on
    where ab.approval_state = 'approved'
    group by da.resource_id, da.work_date, ab.system
),

-- two systems that tell of one day may mean the same leave: the longer one counts
leave as (
    select *
    from told
    qualify row_number() over (
        partition by resource_id, work_date
        order by seconds_per_day desc nulls first, system asc
    ) = 1
),

holidays as (
    select
        legal_entity,
        day,
        min(name) as name
    from config.public_holidays
    group by legal_entity, day
)

select
    da.resource_id || '|' || da.work_date::varchar as record_key,
    coalesce(da.period, strftime(da.work_date, '%Y-%m')) as period,
    da.legal_entity,
    da.project_id,
    null as customer_key,
    da.entry_id,
    da.system as left_system,
    coalesce(da.entry_id, da.resource_id) as left_id,
    reconciliation.hours_text(da.seconds) as left_value,
    le.system as right_system,
    le.external_id as right_id,
    concat_ws(
        '; ',
        'public holiday: ' || ho.name,
        if(le.external_id is null, null, 'on leave' || coalesce(': ' || le.kind, ''))
    ) as right_value,
    case
        when ho.day is not null or le.seconds_per_day is null then da.seconds
        else (da.seconds + le.seconds_per_day - $tolerance_day_hours * 3600)::bigint
    end as difference_seconds,
    null as difference_minor,
    da.amount_minor as at_risk_minor,
    if(da.amount_minor is null, null, da.currency) as currency,
    'wrong_date' as cause,
    da.resource_id || ' booked ' || reconciliation.hours_text(da.seconds) || ' on '
    || da.work_date::varchar || ', '
    || concat_ws(
        ' and ',
        'which is ' || ho.name || ' in ' || da.home_legal_entity,
        if(
            le.external_id is null,
            null,
            'a day of approved leave' || coalesce(' (' || le.kind || ')', '')
        )
    ) || ': ' || left(da.entry_ids, 200) || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from days as da
left join leave as le on da.resource_id = le.resource_id and da.work_date = le.work_date
left join holidays as ho on da.home_legal_entity = ho.legal_entity and da.work_date = ho.day
where
    ho.day is not null
    or (le.external_id is not null and le.seconds_per_day is null)
    -- half a day away leaves the other half to work
    or da.seconds + le.seconds_per_day > $tolerance_day_hours * 3600
order by record_key;
