select
    legal_entity,
    currency,
    period,
    confirmed_minor,
    in_flight_minor,
    owed_minor,
    target_minor,
    erp_minor,
    coalesce(named_minor, 0) as named_minor,
    holds
from billing.ledger_equation
order by legal_entity, currency, period;
