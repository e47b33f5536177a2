-- rule: MD04
-- title: A project or customer field differs between its system of record and a copy
-- severity: medium
-- owner: system_of_record
-- blocks: yes
-- holds: project, customer
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
        when pr.currency is null and uc.currency is null then null
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
from reconciliation.fields_tonight as co
inner join reconciliation.fields_tonight as ow
    on
        co.object_kind = ow.object_kind
        and co.canonical_id = ow.canonical_id
        and co.field = ow.field
        and ow.is_owner
left join billing.projects as pr
    on co.object_kind = 'project' and co.canonical_id = pr.project_id
left join unposted_of_project as up on pr.project_id = up.project_id
left join unposted_of_customer as uc
    on co.object_kind = 'customer' and co.canonical_id = uc.customer_key
where
    not co.is_owner
    and lower(co.value) <> lower(ow.value)
    -- a system that knows no milestones says of their project that it is billed by time
    and not (
        co.field = 'billing_type'
        and co.value = 'time_and_materials'
        and ow.value = 'milestone'
        and co.system not in (
            select sr.system
            from config.system_roles as sr
            where sr.role in ('psa', 'erp')
        )
    )
order by record_key;
