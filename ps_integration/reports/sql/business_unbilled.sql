-- Work in progress by what keeps it unbilled, and how old it is at the night's date.
select
    un.legal_entity,
    un.currency,
    un.disposition,
    un.reason,
    un.rule,
    un.cause,
    un.owner,
    count(*) as parts,
    coalesce(sum(un.seconds), 0)::bigint as seconds,
    coalesce(sum(un.amount_minor), 0)::bigint as minor,
    coalesce(sum(un.amount_minor) filter (where un.age_days <= 30), 0)::bigint as to_30_minor,
    coalesce(sum(un.amount_minor) filter (where un.age_days between 31 and 60), 0)::bigint
        as to_60_minor,
    coalesce(sum(un.amount_minor) filter (where un.age_days between 61 and 90), 0)::bigint
        as to_90_minor,
    coalesce(sum(un.amount_minor) filter (where un.age_days > 90), 0)::bigint as over_90_minor,
    count(*) filter (where un.amount_minor is null) as unpriced_count,
    min(un.worked_on) as oldest
from billing.unbilled_parts as un
group by all
order by
    un.legal_entity asc,
    un.currency asc,
    minor desc,
    un.disposition asc,
    un.reason asc,
    un.rule asc,
    un.cause asc;
