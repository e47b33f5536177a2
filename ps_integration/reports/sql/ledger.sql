select
    legal_entity,
    currency,
    period,
    confirmed_minor,
    in_flight_minor,
    owed_minor,
    target_minor,
    erp_minor,
    holds
from billing.ledger_equation
order by legal_entity, currency, period;
