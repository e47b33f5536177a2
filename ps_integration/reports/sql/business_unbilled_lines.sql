-- The parts behind work in progress, the most money first.
select
    object_id,
    part,
    legal_entity,
    currency,
    disposition,
    reason,
    rule,
    cause,
    owner,
    project_id,
    resource_id,
    worked_on,
    age_days,
    seconds,
    amount_minor as minor,
    document_ref,
    evidence
from billing.unbilled_parts
order by abs(coalesce(amount_minor, 0)) desc, object_id, part asc
limit $lines_max;
