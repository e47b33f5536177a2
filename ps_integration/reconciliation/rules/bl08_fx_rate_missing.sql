-- rule: BL08
-- title: FX rate missing, stale or of the wrong type on a needed day
-- severity: high
-- owner: finance
-- blocks: yes
-- holds: project
-- needs_period: yes
-- cause: fx
-- remedy: Enter the exchange rate of the named type for the named days in the ERP.

with needed as (
    select
        un.project_id,
        un.rate_currency,
        un.currency,
        un.problem,
        coalesce(un.period, 'unassigned') as period,
        min(un.legal_entity) as legal_entity,
        min(un.customer_key) as customer_key,
        min(un.erp_system) as erp_system,
        min(un.work_date) as first_date,
        max(un.work_date) as last_date,
        count(*) as entries,
        sum(round(un.seconds * un.rate_price / 3600 * cy.factor))::bigint as amount_minor
    from reconciliation.unposted_entries as un
    left join config.currencies as cy on un.rate_currency = cy.currency
    where
        un.problem in ('fx_missing', 'fx_stale')
        -- an exchange needs two currencies: unplaced time is MD10's, a project without one MD03's
        and un.project_id is not null
        and un.currency is not null
    group by un.project_id, un.rate_currency, un.currency, un.problem, un.period
),

held as (
    select
        from_currency,
        to_currency,
        string_agg(distinct rate_type, ', ' order by rate_type) as rate_types,
        max(valid_on) as last_valid_on
    from canonical.fx_rates
    group by from_currency, to_currency
)

select
    ne.rate_currency || '|' || ne.currency || '|' || ne.problem || '|' || ne.project_id
        as record_key,
    ne.period,
    ne.legal_entity,
    ne.project_id,
    ne.customer_key,
    null as entry_id,
    null as left_system,
    ne.rate_currency || ' to ' || ne.currency as left_id,
    'needed from ' || ne.first_date::varchar || ' to ' || ne.last_date::varchar as left_value,
    ne.erp_system as right_system,
    null as right_id,
    coalesce(
        'last of ' || he.last_valid_on::varchar || ', type ' || he.rate_types, 'none'
    ) as right_value,
    null as difference_seconds,
    null as difference_minor,
    ne.amount_minor as at_risk_minor,
    ne.rate_currency as currency,
    'fx' as cause,
    ne.entries::varchar || ' entries of project ' || ne.project_id || ' from '
    || ne.first_date::varchar || ' to ' || ne.last_date::varchar || ' need '
    || ne.rate_currency || ' in ' || ne.currency || ': the rate is '
    || if(
        ne.problem = 'fx_stale', 'too old',
        if(he.rate_types is null, 'missing', 'missing or of another type (' || he.rate_types || ')')
    ) || '.' as detail,
    'project' as blocked_kind,
    ne.project_id as blocked_id
from needed as ne
left join held as he
    on ne.rate_currency = he.from_currency and ne.currency = he.to_currency
order by record_key;
