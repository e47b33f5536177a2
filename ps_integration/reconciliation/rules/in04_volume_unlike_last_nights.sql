-- rule: IN04
-- title: Volume unlike the last nights: fewer or more records than expected
-- severity: medium
-- owner: integration
-- blocks: policy
-- holds: system
-- needs_period: no
-- cause: unknown
-- remedy: Ask the system's owner what changed; if the count is right, accept the break.
-- tolerance_nights: 5
-- tolerance_shortfall_percent: 50
-- tolerance_excess_percent: 300
-- tolerance_records: 50
-- tolerance_day_records: 10
-- tolerance_settled_days: 7
-- tolerance_neighbour_weeks: 4

-- Three things are compared. A whole listing with those of the nights before; time entries that the
-- night before knew and tonight's listing lacks, by day and by person; and the entries of a settled
-- day with those of the same weekday in the weeks around it, of people who are not away.
-- What a read found, night by night, in the same mode; a run's reads of one stream count together.
-- The middle of the last nights is what is expected: one odd night among them moves it little.
with nights as (
    select
        system,
        stream,
        mode,
        run_id,
        sum(records_read) as records,
        max(finished_at) as finished_at,
        bool_and(status = 'complete') as is_whole
    from raw.reads
    where records_read is not null
    group by system, stream, mode, run_id
),

tonight as (
    select ni.*
    from nights as ni
    inner join config.run as ru on ni.run_id = ru.run_id
    where ni.is_whole
),

before as (
    select
        ni.system,
        ni.stream,
        ni.mode,
        ni.records
    from nights as ni
    inner join tonight as tn
        on
            ni.system = tn.system
            and ni.stream = tn.stream
            and ni.mode = tn.mode
            and ni.run_id <> tn.run_id
            and ni.finished_at <= tn.finished_at
    where ni.is_whole
    qualify
        row_number() over (
            partition by ni.system, ni.stream, ni.mode
            order by ni.finished_at desc, ni.run_id desc
        ) <= 3 * $tolerance_nights
),

expected as (
    select
        system,
        stream,
        mode,
        count(*) as nights,
        quantile_disc(records, 0.5) as usual,
        min(records) as fewest,
        max(records) as most
    from before
    group by system, stream, mode
    having count(*) >= $tolerance_nights
),

missed as (
    select
        ms.system,
        ms.stream,
        ms.record_id
    from raw.missing as ms
    inner join config.run as ru on ms.run_id = ru.run_id
    group by all
    having max(ms.misses) = 1
),

-- newest versions of time entries that are known, and whether tonight's listing lacked them
known as materialized (
    select
        cv.system,
        cv.resource_external_id,
        cv.work_date,
        mi.record_id is not null as is_missing
    from canonical.current_versions as cv
    left join missed as mi
        on cv.system = mi.system and cv.stream = mi.stream and cv.record_id = mi.record_id
    where not coalesce(cv.is_deleted, false) and coalesce(cv.seconds, 0) <> 0
),

lost as (
    select
        system,
        'day' as what,
        work_date::varchar as of_what,
        count(*) as known,
        count(*) filter (where is_missing) as missing
    from known
    group by system, work_date
    union all
    select
        system,
        'person' as what,
        resource_external_id as of_what,
        count(*) as known,
        count(*) filter (where is_missing) as missing
    from known
    where resource_external_id is not null
    group by system, resource_external_id
),

settled as (
    select
        kn.system,
        kn.resource_external_id,
        kn.work_date,
        count(*) as entries
    from known as kn
    cross join config.run as ru
    where
        kn.resource_external_id is not null
        and kn.work_date <= ru.as_of_date - $tolerance_settled_days::integer
        and kn.work_date >= ru.as_of_date - $tolerance_settled_days::integer
        - (7 * 2 * $tolerance_neighbour_weeks)::integer
    group by all
),

starts as (
    select
        time_system,
        min(bill_from) as bill_from
    from config.going_live
    group by time_system
),

-- from the first day of time in the system, or that is billed from it, to the last settled one
spans as (
    select
        se.system,
        greatest(min(se.work_date), min(st.bill_from)) as first_day,
        min(ru.as_of_date) - $tolerance_settled_days::integer as last_day
    from settled as se
    cross join config.run as ru
    left join starts as st on se.system = st.time_system
    group by se.system
),

days as (
    select
        system,
        first_day + unnest(generate_series(0, last_day - first_day))::integer as work_date
    from spans
),

workdays as (
    select dy.*
    from days as dy
    anti join config.public_holidays as ph on dy.work_date = ph.day
),

neighbours as (
    select
        wd.system,
        wd.work_date,
        nb.work_date as neighbour,
        count(*) over (partition by wd.system, wd.work_date) as neighbours
    from workdays as wd
    inner join workdays as nb
        on
            wd.system = nb.system
            and wd.work_date <> nb.work_date
            and (wd.work_date - nb.work_date) % 7 = 0
            and abs(wd.work_date - nb.work_date) <= 7 * $tolerance_neighbour_weeks
    cross join config.run as ru
    where
        wd.work_date > ru.as_of_date - $tolerance_settled_days::integer
        - (7 * $tolerance_neighbour_weeks)::integer
),

away as (
    select
        cw.system,
        cw.external_id as resource_external_id,
        ab.starts_on,
        ab.ends_on
    from canonical.absences as ab
    inner join canonical.crosswalk as ca
        on
            ca.object_kind = 'resource'
            and ab.system = ca.system
            and ab.resource_external_id = ca.external_id
    inner join canonical.crosswalk as cw
        on cw.object_kind = 'resource' and ca.canonical_id = cw.canonical_id
    where ab.approval_state = 'approved' and ab.seconds_per_day is null
),

-- What each person writes as a rule on such a day: the middle of the weeks around, none among them.
habits as (
    select
        ne.system,
        ne.work_date,
        se.resource_external_id,
        if(
            count(*) * 2 > ne.neighbours,
            list_sort(list(se.entries))[(count(*) - ne.neighbours // 2)::integer],
            0
        ) as entries
    from neighbours as ne
    inner join settled as se on ne.system = se.system and ne.neighbour = se.work_date
    where ne.neighbours >= 3
    group by ne.system, ne.work_date, ne.neighbours, se.resource_external_id
    -- who began only afterwards owes nothing of the day
    having bool_or(ne.neighbour < ne.work_date)
),

wanted as (
    select
        ha.system,
        ha.work_date,
        sum(ha.entries) as entries,
        count(*) filter (where ha.entries > 0) as people
    from habits as ha
    where
        not exists (
            select 1 from away as aw
            where
                ha.system = aw.system
                and ha.resource_external_id = aw.resource_external_id
                and ha.work_date between aw.starts_on and aw.ends_on
        )
    group by ha.system, ha.work_date
),

written as (
    select
        system,
        work_date,
        sum(entries) as entries,
        count(*) as people
    from settled
    group by system, work_date
)

select
    tn.system || '|' || tn.stream || '|' || if(tn.records < ex.usual, 'fewer', 'more')
        as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    tn.system as left_system,
    tn.stream as left_id,
    tn.records || ' records' as left_value,
    tn.system as right_system,
    tn.stream as right_id,
    ex.usual || ' records as a rule' as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'unknown' as cause,
    tn.system || ' gave ' || tn.records || ' records of ' || replace(tn.stream, '_', ' ')
    || ' tonight; in the ' || ex.nights || ' nights before it were ' || ex.fewest || ' to '
    || ex.most || ', ' || ex.usual || ' in the middle.' as detail,
    'system' as blocked_kind,
    tn.system as blocked_id
from tonight as tn
inner join expected as ex
    on tn.system = ex.system and tn.stream = ex.stream and tn.mode = ex.mode
where
    abs(tn.records - ex.usual) > $tolerance_records
    and (
        (
            tn.records * 100 < ex.usual * (100 - $tolerance_shortfall_percent)
            and tn.records < ex.fewest
        )
        or (
            tn.records * 100 > ex.usual * (100 + $tolerance_excess_percent)
            and tn.records > ex.most
        )
    )
union all
select
    lo.system || '|' || lo.what || '|' || lo.of_what || '|missing' as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    lo.system as left_system,
    lo.of_what as left_id,
    (lo.known - lo.missing) || ' entries' as left_value,
    lo.system as right_system,
    lo.of_what as right_id,
    lo.known || ' entries known' as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'unknown' as cause,
    lo.missing || ' of the ' || lo.known || ' time entries of '
    || if(lo.what = 'day', '', 'person ') || lo.of_what || ' that ' || lo.system
    || ' gave before are missing tonight. Missing once more, they count as deleted.' as detail,
    null as blocked_kind,
    null as blocked_id
from lost as lo
where
    lo.missing >= $tolerance_day_records
    and lo.missing * 100 > lo.known * $tolerance_shortfall_percent
union all
select
    wa.system || '|day|' || wa.work_date::varchar || '|fewer' as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    wa.system as left_system,
    wa.work_date::varchar as left_id,
    coalesce(wr.entries, 0) || ' entries' as left_value,
    wa.system as right_system,
    wa.work_date::varchar as right_id,
    wa.entries || ' entries as a rule' as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'unknown' as cause,
    wa.system || ' has ' || coalesce(wr.entries, 0) || ' time entries of ' || wa.work_date::varchar
    || ' by ' || coalesce(wr.people, 0) || ' people; on that weekday in the weeks around it '
    || wa.people || ' people who are not away write ' || wa.entries || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from wanted as wa
left join written as wr on wa.system = wr.system and wa.work_date = wr.work_date
where
    wa.entries - coalesce(wr.entries, 0) >= $tolerance_day_records
    and coalesce(wr.entries, 0) * 100 < wa.entries * (100 - $tolerance_shortfall_percent)
order by record_key;
