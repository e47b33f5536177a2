-- rule: BL09
-- title: Expense approved and not posted, or billed without receipt or approval
-- severity: medium
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: expenses@time
-- cause: unknown
-- remedy: Bill the expense in the ERP and mark it, get the receipt or the approval, or credit it.
-- tolerance_expense_days: 10

with billed as (
    select distinct pl.object_id
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where pl.object_kind = 'expense' and dc.state = 'posted' and rv.document_ref is null
),

starts as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from config.going_live
    group by legal_entity
),

spent as (
    select
        ex.*,
        ex.system || ':' || ex.external_id as object_id,
        coalesce(ex.is_invoiced, false) or bi.object_id is not null as is_billed,
        cw.canonical_id as project_id
    from canonical.expenses as ex
    left join billed as bi on ex.system || ':' || ex.external_id = bi.object_id
    left join canonical.crosswalk as cw
        on
            cw.object_kind = 'project'
            and ex.system = cw.system
            and ex.project_external_id = cw.external_id
            and ex.spent_on >= cw.valid_from
            and ex.spent_on < cw.valid_to
    where ex.is_billable
    qualify
        row_number() over (partition by ex.system, ex.external_id order by cw.canonical_id) = 1
),

judged as (
    select
        sp.*,
        case
            when not sp.is_billed then 'not_synced_yet'
            when sp.approval_state <> 'approved' then 'unauthorised_posting'
            else 'master_data_incomplete'
        end as cause
    from spent as sp
    cross join config.run as ru
    where
        (
            not sp.is_billed
            and sp.approval_state = 'approved'
            and ru.as_of_date > sp.spent_on + $tolerance_expense_days::integer
        )
        -- a system that does not say whether there is a receipt is not asked
        or (sp.is_billed and (sp.approval_state <> 'approved' or not sp.has_receipt))
)

select
    ju.object_id as record_key,
    strftime(ju.spent_on, '%Y-%m') as period,
    pr.legal_entity,
    ju.project_id,
    pr.customer_key,
    null as entry_id,
    ju.system as left_system,
    ju.external_id as left_id,
    concat(
        ju.approval_state,
        case ju.has_receipt when true then ', with receipt' when false then ', without receipt' end
    ) as left_value,
    pr.erp_system as right_system,
    pr.erp_external_id as right_id,
    if(ju.is_billed, 'billed', 'not billed') as right_value,
    null as difference_seconds,
    if(ju.is_billed, -ju.amount_minor, ju.amount_minor) as difference_minor,
    ju.amount_minor as at_risk_minor,
    ju.currency,
    ju.cause,
    coalesce(ju.category, 'Expense') || ' of ' || ju.spent_on::varchar || ' for '
    || reconciliation.money_text(ju.amount_minor, cy.factor, ju.currency) || ' in ' || ju.system
    || case ju.cause
        when 'not_synced_yet' then ' is approved and not billed.'
        when 'unauthorised_posting' then ' is billed and is ' || ju.approval_state || '.'
        else ' is billed and has no receipt.'
    end as detail,
    null as blocked_kind,
    null as blocked_id
from judged as ju
left join billing.projects as pr on ju.project_id = pr.project_id
left join config.currencies as cy on ju.currency = cy.currency
left join starts as st on pr.legal_entity = st.legal_entity
where st.bill_from is null or ju.spent_on >= st.bill_from
order by record_key;
