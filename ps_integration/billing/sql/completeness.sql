-- Fills billing.completeness: approved time by its own count against what the dispositions say.
delete from billing.completeness;

insert into billing.completeness by name
with approved as (
    select
        coalesce(legal_entity, 'unassigned') as legal_entity,
        coalesce(currency, 'unassigned') as currency,
        coalesce(period, 'unassigned') as period,
        count(*) as approved_count,
        sum(seconds) as approved_seconds,
        coalesce(sum(amount_minor), 0) as approved_minor,
        count(*) filter (where amount_minor is null) as unpriced_count
    from own_amounts
    group by all
),

first_parts as (
    select
        *,
        min(part) over (partition by entry_id) as first_part
    from billing.dispositions
),

disposed as (
    select
        legal_entity,
        currency,
        period,
        count(*) filter (where part = first_part) as disposed_count,
        sum(seconds) as disposed_seconds,
        coalesce(sum(amount_minor), 0) as disposed_minor,
        count(distinct entry_id) filter (where amount_minor is null) as disposed_unpriced_count,
        bool_and(
            coalesce(
                disposition in (
                    'posted',
                    'queued',
                    'settled_elsewhere',
                    'written_off',
                    'non_billable',
                    'covered',
                    'excepted',
                    'deferred'
                ),
                false
            )
        ) as is_known
    from first_parts
    group by all
)

select
    coalesce(ap.legal_entity, di.legal_entity) as legal_entity,
    coalesce(ap.currency, di.currency) as currency,
    coalesce(ap.period, di.period) as period,
    coalesce(ap.approved_count, 0) as approved_count,
    cast(coalesce(ap.approved_seconds, 0) as bigint) as approved_seconds,
    cast(coalesce(ap.approved_minor, 0) as bigint) as approved_minor,
    coalesce(ap.unpriced_count, 0) as unpriced_count,
    coalesce(di.disposed_count, 0) as disposed_count,
    cast(coalesce(di.disposed_seconds, 0) as bigint) as disposed_seconds,
    cast(coalesce(di.disposed_minor, 0) as bigint) as disposed_minor,
    coalesce(di.disposed_unpriced_count, 0) as disposed_unpriced_count,
    coalesce(
        ap.approved_count = di.disposed_count
        and ap.approved_seconds = di.disposed_seconds
        and ap.approved_minor = di.disposed_minor
        and ap.unpriced_count = di.disposed_unpriced_count
        and di.is_known,
        false
    ) as holds
from approved as ap
full outer join disposed as di
    on
        ap.legal_entity = di.legal_entity
        and ap.currency = di.currency
        and ap.period = di.period;
