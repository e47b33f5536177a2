-- What one unit of a currency is worth in another, both ways, by ERP company and date.
-- A quote given the other way round is inverted; one given directly wins on the same date.
create or replace temp table fx_quotes as
with said as (
    select
        fx.system,
        coalesce(fx.company, '') as company,
        fx.from_currency,
        fx.to_currency,
        fx.valid_on,
        fx.rate,
        fx.external_id
    from canonical.fx_rates as fx
    inner join config.rule_settings as rs
        on fx.rate_type = rs.value and rs.rule = 'FX' and rs.setting = 'rate_type'
    where fx.rate > 0
),

both_ways as (
    select
        system,
        company,
        from_currency,
        to_currency,
        valid_on,
        rate,
        external_id,
        0 as is_inverse
    from said
    union all
    select
        system,
        company,
        to_currency as from_currency,
        from_currency as to_currency,
        valid_on,
        inverse_rate(rate) as rate,
        external_id,
        1 as is_inverse
    from said
)

select
    system,
    company,
    from_currency,
    to_currency,
    valid_on,
    rate,
    external_id
from both_ways
qualify row_number() over (
    partition by system, company, from_currency, to_currency, valid_on
    order by is_inverse, external_id
) = 1;
