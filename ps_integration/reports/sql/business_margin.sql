-- Revenue of reconciled work by project, month of the work and currency, and what it cost:
-- suppliers' invoices, charges of other legal entities, and the hours of the project's own entity's
-- people at the firm's cost per hour. Amounts of two currencies are rows apart.
with supplied as (
    select distinct cw.canonical_id as resource_id
    from canonical.resources as rs
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'resource'
            and rs.system = cw.system
            and rs.external_id = cw.external_id
    where coalesce(trim(rs.supplier_key), '') <> ''
),

moves as (
    select
        pl.project_id,
        pl.period,
        pl.currency,
        pl.amount_minor as billed_minor,
        0 as unbilled_minor,
        0 as supplier_minor,
        0 as charge_minor,
        0 as labour_minor,
        0 as seconds
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where dc.state = 'posted' and rv.document_ref is null
    union all
    select
        un.project_id,
        un.period,
        un.currency,
        0 as billed_minor,
        un.amount_minor as unbilled_minor,
        0 as supplier_minor,
        0 as charge_minor,
        0 as labour_minor,
        0 as seconds
    from billing.unbilled_parts as un
    where un.disposition <> 'not_approved'
    union all
    select
        canonical.id_of('project', sc.project_key) as project_id,
        sc.period,
        sc.currency,
        0 as billed_minor,
        0 as unbilled_minor,
        sc.amount_minor as supplier_minor,
        0 as charge_minor,
        0 as labour_minor,
        0 as seconds
    from canonical.subcontractor_costs as sc
    where sc.is_posted
    union all
    select
        canonical.id_of('project', ic.project_key) as project_id,
        ic.period,
        ic.currency,
        0 as billed_minor,
        0 as unbilled_minor,
        0 as supplier_minor,
        ic.amount_minor as charge_minor,
        0 as labour_minor,
        0 as seconds
    from canonical.intercompany_charges as ic
    where ic.is_posted
    union all
    -- halves of a minor unit are rounded up, once for each person, project and month
    select
        en.project_id,
        strftime(en.work_date, '%Y-%m') as period,
        lc.currency,
        0 as billed_minor,
        0 as unbilled_minor,
        0 as supplier_minor,
        0 as charge_minor,
        (2 * sum(en.seconds) * lc.hour_minor + 3600) // 7200 as labour_minor,
        sum(en.seconds) as seconds
    from billing.entries as en
    inner join config.labour_costs as lc on en.home_legal_entity = lc.legal_entity
    anti join supplied as su on en.resource_id = su.resource_id
    where
        en.is_primary
        and not en.is_deleted
        and en.approval_state = 'approved'
        and en.seconds > 0
        and en.home_legal_entity = en.legal_entity
    group by
        en.resource_id, en.project_id, strftime(en.work_date, '%Y-%m'), lc.currency, lc.hour_minor
)

select
    coalesce(mo.project_id, 'no project') as project_id,
    pr.name,
    coalesce(pr.customer_key, 'no customer') as customer_key,
    coalesce(pr.legal_entity, 'unassigned') as legal_entity,
    mo.period,
    coalesce(mo.currency, 'unassigned') as currency,
    coalesce(sum(mo.billed_minor), 0)::bigint as billed_minor,
    coalesce(sum(mo.unbilled_minor), 0)::bigint as unbilled_minor,
    coalesce(sum(mo.supplier_minor), 0)::bigint as supplier_minor,
    coalesce(sum(mo.charge_minor), 0)::bigint as charge_minor,
    coalesce(sum(mo.labour_minor), 0)::bigint as labour_minor,
    coalesce(sum(mo.seconds), 0)::bigint as seconds
from moves as mo
left join billing.projects as pr on mo.project_id = pr.project_id
where mo.period >= $first_period
group by all
order by mo.period desc, legal_entity asc, project_id asc, currency asc;
