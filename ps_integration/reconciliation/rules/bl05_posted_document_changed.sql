-- rule: BL05
-- title: Posted document changed or voided in the ERP
-- severity: critical
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: erp_documents@erp
-- cause: unauthorised_posting
-- remedy: Ask who changed it; a cancelled one is billed again only as the voided policy says.

with ours as (
    select
        dc.document_ref,
        dc.kind,
        dc.system,
        dc.legal_entity,
        dc.project_id,
        dc.customer_key,
        dc.currency,
        dc.period,
        dc.posting_date,
        dc.erp_number,
        abs(dc.amount_minor) as amount_minor,
        ed.number as their_number,
        ed.posting_date as their_date,
        canonical.id_of('customer', ed.customer_key) as their_customer,
        ed.currency as their_currency,
        abs(ed.amount_minor) as their_minor,
        ed.status as their_status,
        ed.is_standing,
        le.voided_policy
    from ops.documents as dc
    inner join canonical.erp_documents as ed
        on dc.document_ref = ed.reference and dc.system = ed.system and dc.erp_id = ed.external_id
    left join config.legal_entities as le on dc.legal_entity = le.legal_entity
    where dc.state = 'posted'
),

billed_again as (
    select distinct pl.corrects_document_ref as document_ref
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    where pl.corrects_reason = 'voided_in_erp' and dc.state = 'posted'
),

compared as (
    select
        us.*,
        concat_ws(
            ', ',
            case
                when us.their_status = 'cancelled' then 'cancelled'
                when us.their_status = 'draft' then 'a draft again'
            end,
            case when us.their_minor <> us.amount_minor then 'total' end,
            case when us.their_number <> us.erp_number then 'number' end,
            case
                when strftime(us.their_date, '%Y-%m') <> strftime(us.posting_date, '%Y-%m')
                    then 'period'
            end,
            case when us.their_currency <> us.currency then 'currency' end,
            case
                when us.their_customer <> lower(trim(us.customer_key)) then 'customer'
            end
        ) as what
    from ours as us
    left join billed_again as ba on us.document_ref = ba.document_ref
    where
        us.their_status is distinct from 'cancelled'
        -- settled: billed again, or left at that by policy
        or (ba.document_ref is null and us.voided_policy is distinct from 'leave')
)

select
    co.document_ref as record_key,
    co.period,
    co.legal_entity,
    co.project_id,
    co.customer_key,
    null as entry_id,
    'posting ledger' as left_system,
    co.document_ref as left_id,
    reconciliation.money_text(co.amount_minor, cy.factor, co.currency) as left_value,
    co.system as right_system,
    coalesce(co.their_number, co.erp_number) as right_id,
    if(
        co.their_status = 'cancelled',
        'cancelled',
        reconciliation.money_text(co.their_minor, cy.factor, co.currency)
    ) as right_value,
    null as difference_seconds,
    if(
        co.their_status = 'cancelled', co.amount_minor, co.amount_minor - co.their_minor
    )::bigint as difference_minor,
    if(
        co.their_status = 'cancelled', co.amount_minor, abs(co.amount_minor - co.their_minor)
    )::bigint as at_risk_minor,
    co.currency,
    if(
        co.what = 'total' and abs(co.amount_minor - co.their_minor) <= 1,
        'rounding', 'unauthorised_posting'
    ) as cause,
    co.document_ref || ' was posted as ' || coalesce(co.erp_number, 'a document') || ' and '
    || co.system || ' shows another: ' || co.what || '.'
    || if(
        co.their_status = 'cancelled',
        ' Policy for what was cancelled: ' || coalesce(co.voided_policy, 'hold') || '.',
        ''
    ) as detail,
    null as blocked_kind,
    null as blocked_id
from compared as co
left join config.currencies as cy on co.currency = cy.currency
where co.what <> ''
order by record_key;
