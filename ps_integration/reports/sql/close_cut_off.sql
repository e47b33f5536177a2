-- What crosses the end of one period of one legal entity, by what it is and currency.
with parts as (
    select
        di.disposition,
        di.currency,
        di.seconds,
        di.amount_minor,
        di.period,
        coalesce(di.posting_period, di.period) as posting_period,
        config.day_of(cv.approved_at, di.legal_entity) as approved_on
    from billing.dispositions as di
    left join canonical.current_versions as cv on di.entry_id = cv.entry_id
    where
        di.legal_entity = $legal_entity
        and ($period in (di.period, coalesce(di.posting_period, di.period)))
),

crossing as (
    select
        'work of the period, ' || replace(pa.disposition, '_', ' ') as what,
        1 as rank,
        pa.*
    from parts as pa
    where pa.period = $period and pa.disposition in ('queued', 'excepted', 'deferred')
    union all
    select
        'work of the period, billed in another' as what,
        2 as rank,
        pa.*
    from parts as pa
    where pa.period = $period and pa.posting_period <> $period
    union all
    select
        'work of another period, billed in this one' as what,
        3 as rank,
        pa.*
    from parts as pa
    where pa.period <> $period and pa.posting_period = $period
    union all
    select
        'work of the period, approved after its end' as what,
        4 as rank,
        pa.*
    from parts as pa
    where pa.period = $period and pa.approved_on > $last_day
)

select
    what,
    currency,
    count(*) as count,
    cast(sum(seconds) as bigint) as seconds,
    cast(coalesce(sum(amount_minor), 0) as bigint) as minor,
    count(*) filter (where amount_minor is null) as unpriced_count
from crossing
group by what, rank, currency
order by rank, what, currency;
