-- One rate per currency into the reporting currency: the newest on or before the night's date,
-- as quoted, else the inverse of the quote the other way.
with quotes as (
    select
        fx.from_currency as currency,
        fx.rate,
        fx.valid_on,
        fx.system,
        fx.company,
        fx.rate_type,
        0 as is_inverse
    from canonical.fx_rates as fx
    inner join config.run as ru on fx.to_currency = ru.reporting_currency
    where fx.rate > 0
    union all
    select
        fx.to_currency as currency,
        fx.rate,
        fx.valid_on,
        fx.system,
        fx.company,
        fx.rate_type,
        1 as is_inverse
    from canonical.fx_rates as fx
    inner join config.run as ru on fx.from_currency = ru.reporting_currency
    where fx.rate > 0
),

ranked as (
    select
        qu.currency,
        qu.rate,
        qu.valid_on,
        qu.is_inverse = 1 as is_inverse,
        qu.system,
        row_number() over (
            partition by qu.currency
            order by
                qu.valid_on desc,
                qu.is_inverse asc,
                coalesce(qu.rate_type = rs.value, false) desc,
                qu.system asc,
                qu.company asc
        ) as place
    from quotes as qu
    cross join config.run as ru
    left join config.rule_settings as rs on rs.rule = 'FX' and rs.setting = 'rate_type'
    where qu.valid_on <= ru.as_of_date
)

select
    currency,
    rate,
    valid_on,
    is_inverse,
    system
from ranked
where place = 1
order by currency;
