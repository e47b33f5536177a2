select
    'time' as kind,
    legal_entity,
    currency,
    disposition,
    reason,
    count(*) as parts,
    coalesce(sum(seconds), 0)::bigint as seconds,
    coalesce(sum(amount_minor), 0)::bigint as minor,
    count(*) filter (where amount_minor is null) as unpriced_count,
    arg_min(evidence, entry_id || ':' || part) as example
from billing.dispositions
group by legal_entity, currency, disposition, reason
union all
select
    'milestone' as kind,
    coalesce(legal_entity, 'unassigned') as legal_entity,
    coalesce(currency, 'unassigned') as currency,
    disposition,
    reason,
    count(*) as parts,
    0 as seconds,
    coalesce(sum(amount_minor), 0)::bigint as minor,
    count(*) filter (where amount_minor is null) as unpriced_count,
    arg_min(name, object_id) as example
from billing.milestones
group by all
order by kind desc, legal_entity asc, currency asc, disposition asc, reason asc;
