-- The first equation, one row per group, with the eight dispositions of each group beside it.
select
    legal_entity,
    currency,
    period,
    approved_count,
    approved_seconds,
    approved_minor,
    unpriced_count,
    disposed_count,
    disposed_seconds,
    disposed_minor,
    holds
from billing.completeness
order by legal_entity, currency, period;
