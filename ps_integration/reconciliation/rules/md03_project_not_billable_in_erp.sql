-- rule: MD03
-- title: Project not billable in the ERP: a billing attribute is missing
-- severity: high
-- owner: finance
-- blocks: yes
-- holds: project
-- needs_period: no
-- needs: billing_attributes@erp!
-- cause: master_data_incomplete
-- remedy: Fill the named fields on the project in the ERP.
-- tolerance_requires_purchase_order: 1

with unposted as (
    select
        project_id,
        sum(amount_minor) as amount_minor
    from reconciliation.unposted_entries
    group by project_id
),

-- An ERP is asked only for what it can say.
asked as (
    select
        system,
        string_split(
            coalesce(
                billing_attributes,
                'customer_key,currency,tax_code,revenue_account,cost_centre,billing_rule,'
                || 'purchase_order'
            ), ','
        ) as terms
    from config.systems
),

copies as (
    select
        cw.canonical_id as project_id,
        ep.system,
        ep.external_id,
        ep.name,
        concat_ws(
            ', ',
            case
                when
                    list_contains(ak.terms, 'customer_key')
                    and coalesce(ep.customer_key, ep.customer_external_id, '') = ''
                    then 'customer'
            end,
            case
                when list_contains(ak.terms, 'currency') and coalesce(ep.currency, '') = ''
                    then 'currency'
            end,
            case
                when list_contains(ak.terms, 'tax_code') and coalesce(ep.tax_code, '') = ''
                    then 'tax code'
            end,
            case
                when
                    list_contains(ak.terms, 'revenue_account')
                    and coalesce(ep.revenue_account, '') = ''
                    then 'revenue account'
            end,
            case
                when list_contains(ak.terms, 'cost_centre') and coalesce(ep.cost_centre, '') = ''
                    then 'cost centre'
            end,
            case
                when list_contains(ak.terms, 'billing_rule') and coalesce(ep.billing_rule, '') = ''
                    then 'billing rule'
            end,
            case
                when
                    $tolerance_requires_purchase_order > 0
                    and list_contains(ak.terms, 'purchase_order')
                    and coalesce(ep.purchase_order, '') = ''
                    then 'purchase order'
            end
        ) as missing
    from canonical.projects as ep
    inner join config.system_roles as sr on ep.system = sr.system and sr.role = 'erp'
    inner join asked as ak on ep.system = ak.system
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'project'
            and ep.system = cw.system
            and ep.external_id = cw.external_id
    cross join config.run as ru
    where
        ep.has_billing_attributes
        and ru.as_of_date >= cw.valid_from
        and ru.as_of_date < cw.valid_to
)

select
    co.project_id || '|' || co.system as record_key,
    '' as period,
    pr.legal_entity,
    co.project_id,
    pr.customer_key,
    null as entry_id,
    pr.psa_system as left_system,
    pr.psa_external_id as left_id,
    'billable' as left_value,
    co.system as right_system,
    co.external_id as right_id,
    'missing: ' || co.missing as right_value,
    null as difference_seconds,
    null as difference_minor,
    coalesce(un.amount_minor, 0)::bigint as at_risk_minor,
    pr.currency,
    'master_data_incomplete' as cause,
    'Project ' || coalesce(co.name, co.project_id) || ' in ' || co.system || ' has no '
    || co.missing || '.' as detail,
    'project' as blocked_kind,
    co.project_id as blocked_id
from copies as co
inner join billing.projects as pr
    on co.project_id = pr.project_id and co.system = pr.erp_system
left join unposted as un on co.project_id = un.project_id
where
    co.missing <> ''
    and coalesce(pr.status, 'active') <> 'closed'
    and coalesce(pr.is_billable, true)
    and coalesce(pr.billing_type, 'time_and_materials') <> 'internal'
order by record_key;
