-- rule: MD02
-- title: Project in the ERP with no counterpart in the PSA
-- severity: medium
-- owner: finance
-- blocks: no
-- needs_period: no
-- needs: projects@psa, projects@erp
-- cause: mapping_missing
-- remedy: Create the project in the PSA under the same number, map it, or close it in the ERP.

with routes as (
    select
        legal_entity,
        min(system) as system
    from config.routing
    where role = 'psa'
    group by legal_entity
),

-- several streams of the ERP may tell of one project
in_erp as (
    select
        system,
        external_id,
        bool_or(status = 'closed') as is_closed
    from canonical.projects
    group by system, external_id
),

billed as (
    select
        lower(trim(el.project_key)) as project_id,
        el.currency,
        sum(if(ed.kind = 'credit_memo', -el.amount_minor, el.amount_minor)) as amount_minor
    from canonical.erp_lines as el
    inner join canonical.erp_documents as ed
        on
            el.system = ed.system
            and el.company is not distinct from ed.company
            and el.document_external_id = ed.external_id
    where ed.is_posted and coalesce(ed.status, '') not in ('cancelled', 'corrective')
    group by all
)

select
    pr.project_id as record_key,
    '' as period,
    pr.legal_entity,
    pr.project_id,
    pr.customer_key,
    null as entry_id,
    pr.erp_system as left_system,
    pr.erp_external_id as left_id,
    pr.name as left_value,
    ro.system as right_system,
    null as right_id,
    'no such project' as right_value,
    null as difference_seconds,
    null as difference_minor,
    cast(coalesce(abs(bi.amount_minor), 0) as bigint) as at_risk_minor,
    pr.currency,
    'mapping_missing' as cause,
    'Project ' || coalesce(pr.name, pr.project_id) || ' is in ' || pr.erp_system
    || ' and not in ' || coalesce(ro.system, 'any PSA') || '; the ERP has billed '
    || coalesce(
        reconciliation.money_text(cast(bi.amount_minor as bigint), cy.factor, pr.currency),
        'nothing'
    ) || ' on it.' as detail,
    null as blocked_kind,
    null as blocked_id
from billing.projects as pr
left join in_erp as ie on pr.erp_system = ie.system and pr.erp_external_id = ie.external_id
left join routes as ro on pr.legal_entity = ro.legal_entity
left join billed as bi on pr.project_id = bi.project_id and pr.currency = bi.currency
left join config.currencies as cy on pr.currency = cy.currency
where
    pr.erp_external_id is not null
    and pr.psa_external_id is null
    and coalesce(pr.status, 'active') <> 'closed'
    and not coalesce(ie.is_closed, false)
order by record_key;
