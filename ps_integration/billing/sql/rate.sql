-- Makes `rated`, the price of each chargeable entry: the first scope with a rate on the work date
-- wins. Within one card (a scope for one task or for all) the newest start wins, as in price lists
-- that only say from when; two rows that both say an end, or that start together, are an overlap
-- and no price. A zero price is a price; no rate is not a zero price.
create or replace temp table entry_rates as
with days as (
    select distinct
        ke.key_id,
        ae.work_date
    from approved_entries as ae
    inner join pricing_keys as ke
        on
            coalesce(ae.project_id, '') = ke.project_id
            and coalesce(ae.resource_id, '') = ke.resource_id
            and coalesce(ae.task_id, '') = ke.task_id
            and coalesce(ae.role, '') = ke.entry_role
    where ae.is_by_the_hour
),

candidates as (
    select
        da.key_id,
        da.work_date,
        kr.rate_id,
        kr.rate_system,
        kr.scope,
        kr.rank,
        kr.is_of_task,
        kr.currency,
        kr.unit_price,
        kr.starts_on,
        kr.has_end,
        kr.valid_from,
        kr.valid_to,
        min(kr.rank) over (partition by da.key_id, da.work_date) as first_rank
    from days as da
    inner join key_rates as kr
        on
            da.key_id = kr.key_id
            and da.work_date >= kr.valid_from
            and da.work_date < kr.valid_to
),

ranked as (
    select
        ca.*,
        rank() over (
            partition by ca.key_id, ca.work_date
            order by ca.starts_on desc
        ) as newest,
        count(*) filter (where ca.has_end) over on_the_day as ends_said,
        min(ca.is_of_task) over on_the_day <> max(ca.is_of_task) over on_the_day as has_two_cards,
        min(ca.rate_system) over on_the_day
        <> max(ca.rate_system) over on_the_day as has_two_sources
    from candidates as ca
    where ca.rank = ca.first_rank
    window on_the_day as (partition by ca.key_id, ca.work_date)
),

winners as (
    select
        key_id,
        work_date,
        first_rank as rank,
        count(*) as rate_candidates,
        min(rate_id) as rate_id,
        max(rate_id) as other_rate_id,
        min(rate_system) as rate_system,
        min(scope) as scope,
        min(currency) as currency,
        min(unit_price) as unit_price,
        min(valid_from) as valid_from,
        min(valid_to) as valid_to
    from ranked
    where newest = 1 or ends_said > 1 or has_two_cards or has_two_sources
    group by key_id, work_date, first_rank
),

entry_scope as (
    select
        case
            when coalesce(max(rs.value), '') = '' then 0
            else (
                select rp.rank from config.rate_precedence as rp
                where rp.scope = 'entry'
            )
        end as rank
    from config.rule_settings as rs
    where rs.rule = 'RATES' and rs.setting = 'source'
),

own_rates as (
    select
        te.system,
        te.external_id,
        te.unit_price,
        te.currency,
        es.rank
    from canonical.time_entries as te
    cross join entry_scope as es
    where es.rank is not null and te.unit_price >= 0 and te.currency is not null
),

chosen as (
    select
        ae.entry_id,
        ae.version_no,
        ae.work_date,
        ae.seconds,
        ae.currency,
        ae.local_currency,
        ae.erp_system,
        coalesce(ae.erp_company, '') as erp_company,
        ae.factor,
        ae.scale,
        ae.rounding,
        wi.other_rate_id,
        wi.valid_from,
        wi.valid_to,
        (ow.rank is not null and ow.rank < coalesce(wi.rank, 2147483647)) as is_own,
        if(is_own, 'entry', wi.scope) as rate_scope,
        if(is_own, ow.external_id, wi.rate_id) as rate_id,
        if(is_own, ow.system, wi.rate_system) as rate_system,
        if(is_own, ow.unit_price, wi.unit_price) as rate_price,
        if(is_own, ow.currency, wi.currency) as rate_currency,
        if(is_own, 1, coalesce(wi.rate_candidates, 0)) as rate_candidates,
        if(is_own, ow.rank, wi.rank) as rank
    from approved_entries as ae
    inner join pricing_keys as ke
        on
            coalesce(ae.project_id, '') = ke.project_id
            and coalesce(ae.resource_id, '') = ke.resource_id
            and coalesce(ae.task_id, '') = ke.task_id
            and coalesce(ae.role, '') = ke.entry_role
    left join winners as wi on ke.key_id = wi.key_id and ae.work_date = wi.work_date
    left join own_rates as ow on ae.system = ow.system and ae.external_id = ow.external_id
    where ae.is_by_the_hour
)

select
    entry_id,
    version_no,
    work_date,
    seconds,
    currency,
    local_currency,
    erp_system,
    erp_company,
    factor,
    scale,
    rounding,
    rate_scope,
    rate_id,
    rate_system,
    rate_candidates,
    rank,
    other_rate_id,
    valid_from,
    valid_to,
    if(rate_candidates = 1, rate_price, null) as rate_price,
    if(rate_candidates = 1, rate_currency, null) as rate_currency
from chosen;

-- FX between the rate's currency and the project's, once per pair, company and date: direct, or
-- over the company's own currency. The older of two legs decides how old the rate is.
create or replace temp table fx_found as
with needed as (
    select distinct
        erp_system,
        erp_company,
        local_currency,
        rate_currency,
        currency,
        work_date
    from entry_rates
    where rate_currency <> currency
),

direct as (
    select
        ne.*,
        fx.rate,
        fx.valid_on,
        fx.external_id as source
    from needed as ne
    asof left join fx_quotes as fx
        on
            ne.erp_system = fx.system
            and ne.erp_company = fx.company
            and ne.rate_currency = fx.from_currency
            and ne.currency = fx.to_currency
            and ne.work_date >= fx.valid_on
),

first_leg as (
    select
        di.*,
        fx.rate as first_rate,
        fx.valid_on as first_valid_on,
        fx.external_id as first_source
    from direct as di
    asof left join fx_quotes as fx
        on
            di.erp_system = fx.system
            and di.erp_company = fx.company
            and di.rate_currency = fx.from_currency
            and di.local_currency = fx.to_currency
            and di.work_date >= fx.valid_on
),

both_legs as (
    select
        fl.*,
        fx.rate as second_rate,
        fx.valid_on as second_valid_on,
        fx.external_id as second_source
    from first_leg as fl
    asof left join fx_quotes as fx
        on
            fl.erp_system = fx.system
            and fl.erp_company = fx.company
            and fl.local_currency = fx.from_currency
            and fl.currency = fx.to_currency
            and fl.work_date >= fx.valid_on
)

select
    erp_system,
    erp_company,
    rate_currency,
    currency,
    local_currency,
    work_date,
    cast(coalesce(rate, round(first_rate * second_rate, 12)) as decimal(28, 12)) as fx_rate,
    if(
        rate is not null,
        valid_on,
        if(first_rate * second_rate is not null, least(first_valid_on, second_valid_on), null)
    ) as fx_valid_on,
    if(
        rate is not null,
        source,
        if(
            first_rate * second_rate is not null,
            coalesce(first_source, '') || ' and ' || coalesce(second_source, ''),
            null
        )
    ) as fx_source
from both_legs;

create or replace temp table rated as
with settled as (
    select ae.entry_id
    from approved_entries as ae
    left join config.going_live as gl
        on ae.legal_entity = gl.legal_entity and ae.system = gl.time_system
    where ae.is_invoiced or ae.work_date < gl.bill_from
),

max_age as (
    select max(cast(value as integer)) as days
    from config.rule_settings
    where rule = 'FX' and setting = 'max_age_days'
),

converted as (
    select
        er.*,
        fx.fx_rate,
        fx.fx_valid_on,
        fx.fx_source,
        case
            when er.rate_candidates = 0 then 'rate_missing'
            when er.rate_candidates > 1 then 'rate_overlap'
            when er.rate_currency = er.currency then null
            when fx.fx_rate is null then 'fx_missing'
            when date_diff('day', fx.fx_valid_on, er.work_date) > ma.days then 'fx_stale'
        end as problem,
        case
            when problem is not null then null
            when er.rate_currency = er.currency then cast(round(er.rate_price, 5) as decimal(18, 6))
            else cast(round(er.rate_price * fx.fx_rate, 5) as decimal(18, 6))
        end as unit_price
    from entry_rates as er
    cross join max_age as ma
    left join fx_found as fx
        on
            er.erp_system = fx.erp_system
            and er.erp_company = fx.erp_company
            and er.rate_currency = fx.rate_currency
            and er.currency = fx.currency
            and er.local_currency is not distinct from fx.local_currency
            and er.work_date = fx.work_date
)

select
    co.entry_id,
    co.version_no,
    if(co.rate_candidates > 0, co.rate_id, null) as rate_id,
    co.rate_system,
    co.rate_scope,
    co.rate_candidates,
    co.rate_price,
    co.rate_currency,
    co.fx_rate,
    co.fx_valid_on,
    co.fx_source,
    co.unit_price,
    co.currency,
    hours_at(co.seconds, co.scale) as quantity,
    minor_of(hours_at(co.seconds, co.scale), co.unit_price, co.factor, co.rounding)
        as amount_minor,
    co.problem,
    case
        when co.rate_candidates = 0
            then 'No rate of any scope is valid on ' || co.work_date || '.'
        when co.rate_candidates > 1
            then
                co.rate_candidates || ' rates of scope ' || co.rate_scope || ' are valid on '
                || co.work_date || ', ' || co.rate_id || ' and ' || co.other_rate_id
                || ' among them.'
        else
            'Rate ' || co.rate_id || ' of ' || co.rate_system || ', scope ' || co.rate_scope
            || ' (precedence ' || co.rank || '), '
            || if(
                co.rate_scope = 'entry',
                'given with the entry',
                'valid from ' || co.valid_from
                || if(co.valid_to < date '9999-12-31', ' to before ' || co.valid_to, ' on')
            )
            || ', on work date ' || co.work_date || ': ' || plain_number(co.rate_price) || ' '
            || co.rate_currency || ' per hour'
            || case
                when co.rate_currency = co.currency then ''
                when co.problem = 'fx_missing'
                    then
                        '; no FX rate to ' || coalesce(co.currency, 'an unknown currency')
                        || ' is known by then'
                when co.problem = 'fx_stale'
                    then
                        '; the latest FX rate to ' || co.currency || ' is of ' || co.fx_valid_on
                        || ', too old'
                else
                    ' times FX '
                    || plain_number(co.fx_rate)
                    || ' of '
                    || co.fx_valid_on
                    || ' ('
                    || co.fx_source
                    || '), rounded half up to 5 decimals: '
                    || plain_number(co.unit_price)
                    || ' '
                    || co.currency
            end
            || '.'
    end as derivation
from converted as co
where co.problem is null or co.entry_id not in (select se.entry_id from settled as se);
