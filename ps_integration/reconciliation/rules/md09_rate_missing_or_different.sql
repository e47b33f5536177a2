-- rule: MD09
-- title: Rate missing, overlapping, or different between PSA and ERP on a day in use
-- severity: high
-- owner: finance
-- blocks: yes
-- holds: entry
-- needs_period: yes
-- needs_for: erp_price| rates@erp
-- cause: master_data_incomplete
-- remedy: Enter the rate, end the one that overlaps, or bring the ERP's price into line.
-- tolerance_price: 0

with erp_rates as (
    select
        rt.system,
        rt.external_id,
        rt.scope,
        rt.role,
        rt.currency,
        rt.unit_price,
        rt.valid_from,
        rt.valid_to,
        cp.canonical_id as project_id,
        cr.canonical_id as resource_id,
        coalesce(rp.rank, 99) as rank
    from canonical.rates as rt
    inner join config.system_roles as sr on rt.system = sr.system and sr.role = 'erp'
    inner join canonical.crosswalk as cp
        on
            cp.object_kind = 'project'
            and rt.system = cp.system
            and rt.project_external_id = cp.external_id
    left join canonical.crosswalk as cr
        on
            cr.object_kind = 'resource'
            and rt.system = cr.system
            and rt.resource_external_id = cr.external_id
    left join config.rate_precedence as rp on rt.scope = rp.scope
    where rt.resource_external_id is null or cr.canonical_id is not null
),

used as (
    select
        en.project_id,
        en.resource_id,
        en.role,
        en.erp_system,
        en.work_date,
        en.period,
        en.legal_entity,
        en.customer_key,
        ra.rate_id,
        ra.rate_system,
        ra.rate_price,
        ra.rate_currency,
        sum(ra.quantity) as quantity
    from billing.rated_entries as ra
    inner join billing.entries as en on ra.entry_id = en.entry_id
    where
        ra.problem is null
        and ra.rate_id is not null
        and en.project_id in (select er.project_id from erp_rates as er)
    group by all
),

matched as (
    select
        us.*,
        er.external_id as erp_rate_id,
        er.currency as erp_currency,
        er.unit_price as erp_price
    from used as us
    inner join erp_rates as er
        on
            us.project_id = er.project_id
            and us.erp_system = er.system
            and us.rate_system <> er.system
            and us.work_date >= coalesce(er.valid_from, us.work_date)
            and us.work_date < coalesce(er.valid_to, '9999-12-31'::date)
            and coalesce(er.resource_id, us.resource_id, '') = coalesce(us.resource_id, '')
            and lower(coalesce(er.role, us.role, '')) = lower(coalesce(us.role, ''))
    qualify
        row_number() over (
            partition by
                us.project_id, us.resource_id, us.role, us.work_date, us.rate_id, us.period
            order by er.rank asc, er.valid_from desc, er.external_id asc
        ) = 1
),

different as (
    select
        ma.project_id,
        ma.rate_id,
        ma.rate_system,
        ma.rate_price,
        ma.rate_currency,
        ma.erp_system,
        ma.erp_rate_id,
        ma.erp_price,
        ma.erp_currency,
        ma.period,
        min(ma.legal_entity) as legal_entity,
        min(ma.customer_key) as customer_key,
        min(ma.work_date) as first_date,
        max(ma.work_date) as last_date,
        sum(ma.quantity) as quantity
    from matched as ma
    where
        ma.rate_currency <> ma.erp_currency
        or abs(ma.rate_price - ma.erp_price) > $tolerance_price
    group by all
)

select
    ra.entry_id as record_key,
    coalesce(en.period, 'unassigned') as period,
    en.legal_entity,
    en.project_id,
    en.customer_key,
    en.entry_id,
    en.system as left_system,
    en.external_id as left_id,
    reconciliation.hours_text(en.seconds) as left_value,
    ra.rate_system as right_system,
    ra.rate_id as right_id,
    if(ra.problem = 'rate_missing', 'no rate', ra.rate_candidates::varchar || ' rates')
        as right_value,
    null as difference_seconds,
    null as difference_minor,
    ra.amount_minor as at_risk_minor,
    en.currency,
    'master_data_incomplete' as cause,
    if(ra.problem = 'rate_missing', 'No rate prices ', 'More than one rate prices ') || en.entry_id
    || ' of ' || en.work_date::varchar || coalesce(': ' || ra.derivation, '.') as detail,
    'entry' as blocked_kind,
    en.entry_id as blocked_id
from billing.rated_entries as ra
inner join reconciliation.unposted_entries as en on ra.entry_id = en.entry_id
anti join reconciliation.projects_of_entries as pe on en.project_id = pe.project_id
where
    ra.problem in ('rate_missing', 'rate_overlap')
    -- unplaced time is explained by MD08 and MD10
    and en.project_id is not null
    and en.resource_id is not null
union all
select
    'erp_price|' || di.project_id || '|' || di.rate_id || '|' || di.erp_rate_id as record_key,
    coalesce(di.period, 'unassigned') as period,
    di.legal_entity,
    di.project_id,
    di.customer_key,
    null as entry_id,
    di.rate_system as left_system,
    di.rate_id as left_id,
    di.rate_price::decimal(18, 2)::varchar || ' ' || di.rate_currency as left_value,
    di.erp_system as right_system,
    di.erp_rate_id as right_id,
    di.erp_price::decimal(18, 2)::varchar || ' ' || di.erp_currency as right_value,
    null as difference_seconds,
    if(
        di.rate_currency = di.erp_currency,
        round((di.rate_price - di.erp_price) * di.quantity * cy.factor),
        null
    )::bigint as difference_minor,
    if(
        di.rate_currency = di.erp_currency,
        abs(round((di.rate_price - di.erp_price) * di.quantity * cy.factor)),
        round(di.rate_price * di.quantity * cy.factor)
    )::bigint as at_risk_minor,
    di.rate_currency as currency,
    'rate_changed_late' as cause,
    'Project ' || di.project_id || ' is priced ' || di.rate_price::decimal(18, 2)::varchar || ' '
    || di.rate_currency || ' per hour in ' || di.rate_system || ' and '
    || di.erp_price::decimal(18, 2)::varchar || ' ' || di.erp_currency || ' in ' || di.erp_system
    || ' for work from ' || di.first_date::varchar || ' to ' || di.last_date::varchar || '.'
        as detail,
    null as blocked_kind,
    null as blocked_id
from different as di
left join config.currencies as cy on di.rate_currency = cy.currency
order by record_key;
