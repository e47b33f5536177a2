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
order by record_key;
