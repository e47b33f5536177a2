-- The bench's firm: reference data of the PSA, the ERP and the time system, 10,000 people, 2,000
-- projects in three entities. What other stages derive is here only where no stage makes it.
insert into config.run
select
    'bench',
    timestamptz '2026-04-01 03:00:00+00',
    date '2026-03-31',
    repeat('0', 64),
    0,
    'USD';
insert into config.currencies values ('USD', 2, 100), ('GBP', 2, 100), ('EUR', 2, 100);
insert into config.legal_entities values
('US', 'US', 'USD', 'America/New_York', 'half_up', 'hold', 'hold'),
('UK', 'UK', 'GBP', 'Europe/London', 'half_up', 'hold', 'hold'),
('DE', 'DE', 'EUR', 'Europe/Berlin', 'half_even', 'hold', 'hold');
insert into config.systems values
('harvest', 'harvest', 'time', 30, 5),
('psa', 'kantata', 'psa', 30, 5),
('bc', 'business_central', 'erp', 30, 5);
insert into config.routing
select
    ro.role,
    le.legal_entity,
    ro.system,
    if(ro.role = 'erp', le.legal_entity || ' Ltd', '') as company,
    date '1900-01-01',
    date '9999-12-31'
from config.legal_entities as le
cross join (values ('time', 'harvest'), ('psa', 'psa'), ('erp', 'bc')) as ro (role, system);
insert into config.going_live
select legal_entity, 'harvest', date '2026-03-02' from config.legal_entities;
insert into ops.openings
select legal_entity, 'harvest', date '2026-03-02', 'Ravi Shah' from config.legal_entities;
insert into config.rate_precedence values
('assignment', 1), ('project_role', 2), ('project', 3), ('role', 4), ('resource', 5);
insert into config.rule_settings values
('RATES', 'source', 'psa'), ('FX', 'rate_type', 'spot'), ('FX', 'max_age_days', '7');

insert into billing.projects by name
select
    'p-' || n as project_id,
    'Project ' || n as name,
    'c-' || n % 300 as customer_key,
    ['US', 'UK', 'DE'][1 + n % 3] as legal_entity,
    ['USD', 'GBP', 'EUR'][1 + n % 3] as currency,
    'active' as status,
    case when n % 20 = 0 then 'fixed_fee' else 'time_and_materials' end as billing_type,
    true as is_billable,
    case when n % 25 = 1 then 2000000 end as cap_minor,
    '4000' as revenue_account,
    'psa' as psa_system,
    'P' || n as psa_external_id,
    'bc' as erp_system,
    ['US', 'UK', 'DE'][1 + n % 3] || ' Ltd' as erp_company,
    'P-' || n as erp_external_id
from range(2000) as r (n);
insert into billing.resources by name
select
    'person' || n || '@example.com' as resource_id,
    'Person ' || n as name,
    ['US', 'UK', 'DE'][1 + n % 3] as home_legal_entity,
    ['Consultant', 'Manager', 'Partner', 'Analyst'][1 + n % 4] as role,
    true as is_active,
    'psa' as source_system
from range(10000) as r (n);
insert into canonical.crosswalk
select
    'project',
    'p-' || r.n,
    sy.system,
    if(sy.system = 'psa', 'P', '') || r.n,
    date '1900-01-01',
    date '9999-12-31',
    'match_key'
from range(2000) as r (n)
cross join (values ('harvest'), ('psa')) as sy (system);
insert into canonical.crosswalk
select
    'resource',
    'person' || r.n || '@example.com',
    sy.system,
    if(sy.system = 'psa', 'R', '') || r.n,
    date '1900-01-01',
    date '9999-12-31',
    'match_key'
from range(10000) as r (n)
cross join (values ('harvest'), ('psa')) as sy (system);
-- Half of the projects have rates by role; everyone has a rate by role in US dollars beside them.
insert into canonical.rates by name
select
    'psa' as system,
    'PR' || p.n || '-' || ro.role as external_id,
    'project_role' as scope,
    'P' || p.n as project_external_id,
    ro.role,
    ['USD', 'GBP', 'EUR'][1 + p.n % 3] as currency,
    ro.price + p.n % 40 as unit_price,
    date '2026-01-01' as valid_from
from range(0, 2000, 2) as p (n)
cross join (
    values ('Consultant', 120.5), ('Manager', 180.25), ('Partner', 310), ('Analyst', 90)
) as ro (role, price);
insert into canonical.rates by name
select
    'psa' as system,
    'RO-' || ro.role as external_id,
    'role' as scope,
    ro.role,
    'USD' as currency,
    ro.price as unit_price,
    date '2026-01-01' as valid_from
from (
    values ('Consultant', 125), ('Manager', 190), ('Partner', 333.33), ('Analyst', 95)
) as ro (role, price);
insert into canonical.fx_rates by name
select
    'bc' as system,
    co.company,
    co.company || '-' || d.day::date as external_id,
    'USD' as from_currency,
    co.currency as to_currency,
    'spot' as rate_type,
    d.day::date as valid_on,
    0.8 + extract(day from d.day) / 1000 as rate
from range(timestamp '2026-02-20', timestamp '2026-04-01', interval 1 day) as d (day)
cross join (values ('UK Ltd', 'GBP'), ('DE Ltd', 'EUR')) as co (company, currency);
insert into canonical.accounting_periods by name
select
    'bc' as system,
    legal_entity || ' Ltd' as company,
    '2026-03' as period,
    '2026-03' as external_id,
    'open' as state
from config.legal_entities;
