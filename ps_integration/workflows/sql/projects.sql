-- One row per canonical project. Each field comes from its system of record (config.ownership);
-- where none is named from the PSA, then the ERP, then the time system, the first that knows it.
-- A named owner that can say and says nothing stays empty: no copy may fill it.
delete from billing.projects;
insert into billing.projects by name
with customer_ids as (
    select
        system,
        external_id,
        min(canonical_id) as customer_key
    from canonical.crosswalk
    where object_kind = 'customer'
    group by all
),

cw as (
    select distinct
        canonical_id,
        system,
        external_id
    from canonical.crosswalk
    where object_kind = 'project'
),

mapped as (
    select
        cw.canonical_id as project_id,
        pr.* replace (coalesce(
            cu.customer_key, canonical.id_of('customer', pr.customer_key)
        ) as customer_key),
        coalesce(list_contains(string_split(sy.roles, ','), 'psa'), false) as is_psa,
        coalesce(list_contains(string_split(sy.roles, ','), 'erp'), false) as is_erp,
        coalesce(list_contains(string_split(sy.roles, ','), 'time'), false) as is_time
    from canonical.projects as pr
    inner join cw on pr.system = cw.system and pr.external_id = cw.external_id
    left join customer_ids as cu
        on pr.system = cu.system and pr.customer_external_id = cu.external_id
    left join config.systems as sy on pr.system = sy.system
),

ranked as (
    select
        *,
        legal_entity as row_entity,
        case when is_psa then 1 when is_erp then 2 when is_time then 3 else 4 end as role_rank
    from mapped
),

entities as (
    select
        ra.project_id,
        ra.legal_entity as entity
    from ranked as ra
    left join config.ownership as ow
        on
            ow.object_kind = 'project' and ra.system = ow.system
            and ow.field in ('legal_entity', '*')
    qualify row_number() over (
        partition by ra.project_id
        order by
            coalesce(ow.field = 'legal_entity', false) desc, ra.legal_entity is null,
            ow.field is null, ra.role_rank, ra.has_billing_attributes desc nulls last,
            ra.system asc, ra.stream asc, ra.external_id asc
    ) = 1
),

placed as (
    select
        ra.*,
        en.entity,
        coalesce(ra.row_entity = en.entity, true) as is_in_entity,
        bool_or(coalesce(ra.row_entity = en.entity, true))
            over (partition by ra.project_id, ra.system) as has_in_entity
    from ranked as ra
    inner join entities as en on ra.project_id = en.project_id
),

fitting as (
    select * from placed
    where is_in_entity or not has_in_entity
),

field_values as (
    select
        project_id,
        system,
        stream,
        external_id,
        role_rank,
        has_billing_attributes,
        field,
        value
    from (
        select
            project_id,
            system,
            stream,
            external_id,
            role_rank,
            has_billing_attributes,
            name,
            customer_key,
            currency,
            status,
            billing_type,
            cast(is_billable as varchar) as is_billable,
            -- a cap is a number of one currency: both come from one record
            cap_minor || ' ' || currency as cap,
            tax_code,
            revenue_account,
            cost_centre,
            billing_rule,
            purchase_order,
            cast(closed_on as varchar) as closed_on
        from fitting
    ) unpivot include nulls (
        value for field in (
            name, customer_key, currency, status, billing_type, is_billable, cap,
            tax_code, revenue_account, cost_centre, billing_rule, purchase_order, closed_on
        )
    )
),

judged as (
    select
        fv.*,
        exists (
            select 1 from config.ownership as ow
            where
                ow.object_kind = 'project' and ow.system = fv.system
                and ow.field = if(fv.field = 'cap', 'cap_minor', fv.field)
        ) and (
            coalesce(fv.has_billing_attributes, false)
            or fv.field not in (
                'tax_code', 'revenue_account', 'cost_centre', 'billing_rule', 'purchase_order'
            )
        ) as is_owner,
        exists(
            select 1 from config.ownership as ow
            where ow.object_kind = 'project' and ow.system = fv.system and ow.field = '*'
        ) as is_default_owner
    from field_values as fv
),

picked as (
    select
        project_id,
        field,
        value
    from judged
    qualify row_number() over (
        partition by project_id, field
        order by
            is_owner desc, value is null, is_default_owner desc, role_rank asc,
            has_billing_attributes desc nulls last, system asc, stream asc, external_id asc
    ) = 1
),

caps as (
    select
        project_id,
        cast(split_part(value, ' ', 1) as bigint) as cap_minor,
        split_part(value, ' ', 2) as currency
    from picked
    where field = 'cap' and value is not null
),

psa as (
    select
        project_id,
        system,
        external_id
    from fitting
    where is_psa
    qualify row_number() over (partition by project_id order by system, stream, external_id) = 1
),

erp as (
    select
        fi.project_id,
        fi.system,
        coalesce(fi.company, ro.company) as company,
        fi.external_id
    from fitting as fi
    cross join config.run as ru
    left join config.routing as ro
        on
            ro.role = 'erp' and fi.entity = ro.legal_entity and fi.system = ro.system
            and coalesce(fi.company, ro.company) = ro.company
            and ru.as_of_date >= ro.valid_from and ru.as_of_date < ro.valid_to
    where fi.is_erp
    qualify row_number() over (
        partition by fi.project_id
        order by
            ro.system is null, fi.has_billing_attributes desc nulls last,
            fi.system asc, fi.company asc, fi.stream asc, fi.external_id asc
    ) = 1
),

-- An ERP that imports files and lists no projects knows them as the PSA does.
unlisted as (
    select
        en.project_id,
        ro.system,
        ro.company,
        coalesce(ps.external_id, en.project_id) as external_id
    from entities as en
    cross join config.run as ru
    inner join config.routing as ro
        on
            ro.role = 'erp' and en.entity = ro.legal_entity
            and ru.as_of_date >= ro.valid_from and ru.as_of_date < ro.valid_to
    inner join config.systems as sy on ro.system = sy.system
    left join psa as ps on en.project_id = ps.project_id
    where not list_contains(string_split(sy.feeds, ','), 'projects')
),

in_erp as (
    select * from erp
    union all
    select un.* from unlisted as un
    anti join erp as er on un.project_id = er.project_id
)

select
    pi.project_id,
    max(pi.value) filter (where pi.field = 'name') as name,
    max(pi.value) filter (where pi.field = 'customer_key') as customer_key,
    any_value(en.entity) as legal_entity,
    max(pi.value) filter (where pi.field = 'currency') as currency,
    max(pi.value) filter (where pi.field = 'status') as status,
    max(pi.value) filter (where pi.field = 'billing_type') as billing_type,
    cast(max(pi.value) filter (where pi.field = 'is_billable') as boolean) as is_billable,
    any_value(ca.cap_minor) filter (where ca.currency = pc.value) as cap_minor,
    max(pi.value) filter (where pi.field = 'tax_code') as tax_code,
    max(pi.value) filter (where pi.field = 'revenue_account') as revenue_account,
    max(pi.value) filter (where pi.field = 'cost_centre') as cost_centre,
    max(pi.value) filter (where pi.field = 'billing_rule') as billing_rule,
    max(pi.value) filter (where pi.field = 'purchase_order') as purchase_order,
    cast(max(pi.value) filter (where pi.field = 'closed_on') as date) as closed_on,
    any_value(ps.system) as psa_system,
    any_value(ps.external_id) as psa_external_id,
    any_value(er.system) as erp_system,
    any_value(er.company) as erp_company,
    any_value(er.external_id) as erp_external_id,
    any_value(ca.cap_minor) filter (where ca.currency is distinct from pc.value)
        as other_cap_minor,
    any_value(ca.currency) filter (where ca.currency is distinct from pc.value)
        as other_cap_currency
from picked as pi
inner join entities as en on pi.project_id = en.project_id
left join psa as ps on pi.project_id = ps.project_id
left join in_erp as er on pi.project_id = er.project_id
left join caps as ca on pi.project_id = ca.project_id
left join picked as pc on pi.project_id = pc.project_id and pc.field = 'currency'
group by pi.project_id;
