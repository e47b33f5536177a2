-- One rate per currency into the reporting currency: the newest on or before the night's date,
-- as quoted, else the inverse of the quote the other way.
with quotes as (
    select
        from_currency as currency,
        rate,
        valid_on,
        system,
        company,
        rate_type,
        0 as is_inverse
    from canonical.fx_rates
    where to_currency = (select reporting_currency from config.run) and rate > 0
    union all
    select
        to_currency as currency,
        rate,
        valid_on,
        system,
        company,
        rate_type,
        1 as is_inverse
    from canonical.fx_rates
    where from_currency = (select reporting_currency from config.run) and rate > 0
)

select
    qu.currency,
    qu.rate,
    qu.valid_on,
    qu.is_inverse = 1 as is_inverse,
    qu.system
from quotes as qu
cross join config.run as ru
where qu.valid_on <= ru.as_of_date
qualify row_number() over (
    partition by qu.currency
    order by
        qu.valid_on desc,
        qu.is_inverse,
        qu.rate_type = (
            select max(value) from config.rule_settings where rule = 'FX' and setting = 'rate_type'
        ) desc nulls last,
        qu.system,
        qu.company
) = 1
order by qu.currency;
