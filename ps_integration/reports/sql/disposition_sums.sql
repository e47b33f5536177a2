select
    legal_entity,
    currency,
    period,
    disposition,
    count(*) as parts,
    sum(seconds)::bigint as seconds,
    coalesce(sum(amount_minor), 0)::bigint as minor
from billing.dispositions
group by legal_entity, currency, period, disposition
order by legal_entity, currency, period, disposition;
