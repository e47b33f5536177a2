-- The bench's reference data as conform would leave it: 10,000 people, or as many as the variable
-- `people` says, one project for five of them, and 300 customers in three entities, known to the
-- PSA, the ERP and the time system.
insert into raw.reads by name
select
    'bench' as run_id,
    st.system,
    st.stream,
    'full' as mode,
    'complete' as status,
    timestamptz '2026-04-01 02:00:00+00' as started_at,
    timestamptz '2026-04-01 02:10:00+00' as finished_at
from (
    values
    ('harvest', 'time_entries'), ('harvest', 'projects'), ('harvest', 'users'),
    ('psa', 'projects'), ('psa', 'rates'), ('psa', 'users'),
    ('bc', 'projects'), ('bc', 'customers'), ('bc', 'periods'), ('bc', 'fx')
) as st (system, stream);
insert into canonical.customers by name
select
    sy.system,
    'customers' as stream,
    n::varchar as record_id,
    0 as raw_seq,
    'C' || n as external_id,
    'client ' || n as match_key,
    'Client ' || n as name,
    false as is_blocked
from range(300) as r (n)
cross join (values ('psa'), ('bc'), ('harvest')) as sy (system);
insert into canonical.projects by name
select
    sy.system,
    'projects' as stream,
    n::varchar as record_id,
    0 as raw_seq,
    case sy.system when 'psa' then 'P' when 'bc' then 'J' else '' end || n as external_id,
    'p-' || n as match_key,
    'Project ' || n as name,
    'C' || n % 300 as customer_external_id,
    'client ' || n % 300 as customer_key,
    ['US', 'UK', 'DE'][1 + n % 3] as legal_entity,
    if(sy.system = 'bc', ['US', 'UK', 'DE'][1 + n % 3] || ' Ltd', null) as company,
    ['USD', 'GBP', 'EUR'][1 + n % 3] as currency,
    'active' as status,
    case when n % 20 = 0 then 'fixed_fee' else 'time_and_materials' end as billing_type,
    true as is_billable,
    if(n % 25 = 1 and sy.system <> 'harvest', 2000000, null) as cap_minor,
    if(sy.system = 'bc', 'S25', null) as tax_code,
    if(sy.system = 'bc', '4000', null) as revenue_account,
    if(sy.system = 'bc', 'CC' || n % 7, null) as cost_centre,
    if(sy.system = 'bc', 'MONTHLY', null) as billing_rule,
    if(sy.system = 'bc', 'PO-' || n, null) as purchase_order,
    sy.system = 'bc' as has_billing_attributes
from range(coalesce(getvariable('people'), 10000) // 5) as r (n)
cross join (values ('psa'), ('bc'), ('harvest')) as sy (system);
insert into canonical.resources by name
select
    sy.system,
    'users' as stream,
    n::varchar as record_id,
    0 as raw_seq,
    if(sy.system = 'psa', 'R', '') || n as external_id,
    'person' || n || '@example.com' as match_key,
    'Person ' || n as name,
    'person' || n || '@example.com' as email,
    if(sy.system = 'psa', ['US', 'UK', 'DE'][1 + n % 3], null) as home_legal_entity,
    if(sy.system = 'psa', ['Consultant', 'Manager', 'Partner', 'Analyst'][1 + n % 4], null) as role,
    true as is_active
from range(coalesce(getvariable('people'), 10000)) as r (n)
cross join (values ('psa'), ('harvest')) as sy (system);
-- Half of the projects have rates by role; everyone has a rate by role in US dollars beside them.
insert into canonical.rates by name
select
    'psa' as system,
    'rates' as stream,
    'PR' || p.n || '-' || ro.role as record_id,
    0 as raw_seq,
    'PR' || p.n || '-' || ro.role as external_id,
    'project_role' as scope,
    'P' || p.n as project_external_id,
    ro.role,
    ['USD', 'GBP', 'EUR'][1 + p.n % 3] as currency,
    ro.price + p.n % 40 as unit_price,
    date '2026-01-01' as valid_from
from range(0, coalesce(getvariable('people'), 10000) // 5, 2) as p (n)
cross join (
    values ('Consultant', 120.5), ('Manager', 180.25), ('Partner', 310), ('Analyst', 90)
) as ro (role, price);
insert into canonical.rates by name
select
    'psa' as system,
    'rates' as stream,
    'RO-' || ro.role as record_id,
    0 as raw_seq,
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
    'fx' as stream,
    co.company || '-' || d.day::date as record_id,
    0 as raw_seq,
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
    'periods' as stream,
    legal_entity as record_id,
    0 as raw_seq,
    legal_entity || ' Ltd' as company,
    legal_entity as external_id,
    '2026-03' as period,
    date '2026-03-01' as starts_on,
    date '2026-04-01' as ends_on,
    'open' as state
from config.legal_entities;
