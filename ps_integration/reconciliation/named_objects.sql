-- Every name under which a customer or a project is known, copies that the crosswalk links under
-- one key. What is only worked for and never billed, the firm itself, is left out.
with us as (
    select
        system,
        customer_external_id,
        bool_and(coalesce(is_billable, true) = false) as is_unbilled
    from canonical.projects
    where customer_external_id is not null
    group by system, customer_external_id
),

customers as (
    select distinct
        'customer' as kind,
        coalesce(cw.canonical_id, cu.system || ':' || cu.external_id) as object_key,
        cu.system,
        cu.external_id,
        cu.name,
        cu.legal_entity,
        null as customer_key
    from canonical.customers as cu
    left join canonical.crosswalk as cw
        on
            cw.object_kind = 'customer'
            and cu.system = cw.system
            and cu.external_id = cw.external_id
    left join us on cu.system = us.system and cu.external_id = us.customer_external_id
    where not coalesce(us.is_unbilled, false)
),

projects as (
    select distinct
        'project' as kind,
        coalesce(cw.canonical_id, pj.system || ':' || pj.external_id) as object_key,
        pj.system,
        pj.external_id,
        pj.name,
        coalesce(pr.legal_entity, pj.legal_entity) as legal_entity,
        coalesce(pr.customer_key, pj.customer_key) as customer_key
    from canonical.projects as pj
    left join canonical.crosswalk as cw
        on
            cw.object_kind = 'project'
            and pj.system = cw.system
            and pj.external_id = cw.external_id
    left join billing.projects as pr on cw.canonical_id = pr.project_id
    where
        coalesce(pr.is_billable, pj.is_billable, true)
        and coalesce(pr.status, pj.status, 'active') <> 'closed'
)

select * from customers
where name is not null
union all
select * from projects
where name is not null
order by kind, object_key, system, external_id, name;
