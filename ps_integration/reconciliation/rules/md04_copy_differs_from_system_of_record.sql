-- rule: MD04
-- title: A project or customer field differs between its system of record and a copy
-- severity: medium
-- owner: system_of_record
-- blocks: yes
-- needs_period: no
-- cause: manual_edit_in_copy
-- remedy: Correct the copy, or correct the system of record if it is the one that is wrong.

with unposted as (
    select
        project_id,
        customer_key,
        sum(amount_minor) as amount_minor
    from reconciliation.unposted_entries
    group by project_id, customer_key
),

unposted_of_project as (
    select
        project_id,
        sum(amount_minor) as amount_minor
    from unposted
    group by project_id
),

-- A customer's projects may be in several currencies; then no one amount can be stated.
unposted_of_customer as (
    select
        pr.customer_key,
        sum(un.amount_minor) as amount_minor,
        min(pr.currency) as currency
    from unposted_of_project as un
    inner join billing.projects as pr on un.project_id = pr.project_id
    group by pr.customer_key
    having count(distinct pr.currency) = 1
),

cells as (
    select
        'project' as object_kind,
        pj.system,
        pj.external_id,
        [
            { 'field': 'name', 'value': pj.name },
            { 'field': 'currency', 'value': pj.currency },
            { 'field': 'legal_entity', 'value': pj.legal_entity },
            { 'field': 'customer', 'value': pj.customer_key },
            -- time systems know open and closed only
            { 'field': 'status', 'value': if(pj.status = 'planned', 'active', pj.status) },
            { 'field': 'billing_type', 'value': pj.billing_type },
            { 'field': 'cost_centre', 'value': pj.cost_centre },
            { 'field': 'starts_on', 'value': pj.starts_on::varchar },
            { 'field': 'ends_on', 'value': pj.ends_on::varchar }
        ] as fields
    from canonical.projects as pj
    union all
    select
        'customer' as object_kind,
        cu.system,
        cu.external_id,
        [
            { 'field': 'name', 'value': cu.name },
            { 'field': 'currency', 'value': cu.currency },
            { 'field': 'legal_entity', 'value': cu.legal_entity }
        ] as fields
    from canonical.customers as cu
),

unfolded as (
    select
        ce.object_kind,
        ce.system,
        ce.external_id,
        unnest(ce.fields) as cell
    from cells as ce
),

records as (
    select
        un.object_kind,
        un.system,
        un.external_id,
        struct_extract(un.cell, 'field') as field,
        struct_extract(un.cell, 'value') as value
    from unfolded as un
),

placed as (
    select
        re.object_kind,
        cw.canonical_id,
        re.system,
        re.external_id,
        re.field,
        trim(re.value) as value
    from records as re
    inner join canonical.crosswalk as cw
        on
            re.object_kind = cw.object_kind
            and re.system = cw.system
            and re.external_id = cw.external_id
    cross join config.run as ru
    where
        ru.as_of_date >= cw.valid_from
        and ru.as_of_date < cw.valid_to
        and coalesce(trim(re.value), '') <> ''
),

-- The system of record: as configured for the field, else for the object, else PSA, ERP, time.
ranked as (
    select
        pl.*,
        min(
            case
                when of.system is not null then 1
                when oo.system is not null then 2
                when sr.role = 'psa' then 3
                when sr.role = 'erp' then 4
                when sr.role = 'time' then 5
                else 6
            end
        ) as rank
    from placed as pl
    left join config.ownership as of
        on pl.object_kind = of.object_kind and pl.field = of.field and pl.system = of.system
    left join config.ownership as oo
        on pl.object_kind = oo.object_kind and oo.field = '*' and pl.system = oo.system
    left join config.system_roles as sr on pl.system = sr.system
    group by all
),

owners as (
    select *
    from ranked
    qualify
        row_number() over (
            partition by object_kind, canonical_id, field order by rank, system, external_id
        ) = 1
)

select
    co.object_kind || '|' || co.canonical_id || '|' || co.field || '|' || co.system
    || '|' || co.external_id as record_key,
    '' as period,
    pr.legal_entity,
    pr.project_id,
    if(co.object_kind = 'customer', co.canonical_id, pr.customer_key) as customer_key,
    null as entry_id,
    ow.system as left_system,
    ow.external_id as left_id,
    ow.value as left_value,
    co.system as right_system,
    co.external_id as right_id,
    co.value as right_value,
    null as difference_seconds,
    null as difference_minor,
    case
        when co.field not in ('currency', 'legal_entity', 'customer') then null
        when co.object_kind = 'project' then coalesce(up.amount_minor, 0)
        else coalesce(uc.amount_minor, 0)
    end::bigint as at_risk_minor,
    coalesce(pr.currency, uc.currency) as currency,
    'manual_edit_in_copy' as cause,
    'The ' || replace(co.field, '_', ' ') || ' of ' || co.object_kind || ' ' || co.canonical_id
    || ' is ' || ow.value || ' in ' || ow.system || ', which owns it, and ' || co.value || ' in '
    || co.system || '.' as detail,
    case
        when co.field in ('currency', 'legal_entity', 'customer') then co.object_kind
    end as blocked_kind,
    case
        when co.field in ('currency', 'legal_entity', 'customer') then co.canonical_id
    end as blocked_id
from ranked as co
inner join owners as ow
    on
        co.object_kind = ow.object_kind
        and co.canonical_id = ow.canonical_id
        and co.field = ow.field
left join billing.projects as pr
    on co.object_kind = 'project' and co.canonical_id = pr.project_id
left join unposted_of_project as up on pr.project_id = up.project_id
left join unposted_of_customer as uc
    on co.object_kind = 'customer' and co.canonical_id = uc.customer_key
where
    (co.system <> ow.system or co.external_id <> ow.external_id)
    and lower(co.value) <> lower(ow.value)
order by record_key;
