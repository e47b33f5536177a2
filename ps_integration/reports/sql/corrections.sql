select
    entry_id,
    legal_entity,
    currency,
    period,
    confirmed_minor,
    in_flight_minor,
    target_minor,
    owed_minor,
    reason,
    coalesce(evidence, '') as evidence
from billing.corrections_owed
order by abs(owed_minor) desc, entry_id asc;
