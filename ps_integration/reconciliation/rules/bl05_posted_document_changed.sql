-- rule: BL05
-- title: Posted document changed or voided in the ERP
-- severity: critical
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: erp_documents@erp
-- cause: manual_edit_in_copy
-- remedy: Ask who changed it; a cancelled one is billed again only as the voided policy says.

-- Somebody there edited our document, or cancelled it, which posts what nobody here approved.
with named_projects as (
    select
        pr.system,
        coalesce(pr.company, '') as company,
        lower(trim(pr.match_key)) as match_key,
        min(cw.canonical_id) as canonical_id
    from canonical.projects as pr
    inner join canonical.crosswalk as cw
        on
            pr.system = cw.system
            and pr.external_id = cw.external_id
            and cw.object_kind = 'project'
    where pr.match_key is not null
    group by all
    having count(distinct cw.canonical_id) = 1
),

ours as (
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
        -- an ERP that gives the date itself reads none back, and has none of ours to keep
        if(
            json_extract_string(dc.readback, '$.invoice_date') is not null, dc.invoice_date, null
        ) as invoice_date,
        dc.erp_number,
        dc.company,
        dc.erp_id,
        json_extract_string(dc.content, '$.tax_code') as tax_code,
        json_extract_string(dc.content, '$.revenue_account') as revenue_account,
        abs(json_extract(dc.readback, '$.tax_minor')::bigint) as tax_minor,
        dc.state,
        abs(dc.amount_minor) as amount_minor,
        ed.number as their_number,
        ed.reference as their_reference,
        ed.kind as their_kind,
        ed.company as their_company,
        abs(ed.tax_minor) as their_tax_minor,
        ed.posting_date as their_date,
        ed.invoice_date as their_invoice_date,
        canonical.id_of('customer', ed.customer_key) as their_customer,
        ed.currency as their_currency,
        abs(ed.amount_minor) as their_minor,
        coalesce(ed.total_minor, abs(ed.amount_minor)) as total_minor,
        ed.status as their_status,
        ed.is_standing,
        le.voided_policy,
        rv.document_ref is not null as was_reversed
    from ops.documents as dc
    inner join canonical.erp_documents as ed
        on dc.system = ed.system and dc.erp_id = ed.external_id
    left join config.legal_entities as le on dc.legal_entity = le.legal_entity
    left join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    where
        dc.state = 'posted'
        -- a draft that waits for people there: what they changed in it
        or (dc.state in ('draft', 'held') and ed.status is distinct from 'cancelled')
),

known_projects as (
    select distinct
        system,
        canonical_id
    from named_projects
),

-- What lines say of tax, account and project: of a few kinds in a document, mostly of one.
their_lines as (
    select
        el.system,
        el.document_external_id,
        lower(trim(el.tax_code)) as tax_code,
        el.object_number,
        lower(trim(el.project_key)) as project_key
    from canonical.erp_lines as el
    where coalesce(el.line_type, '') <> 'comment'
    group by all
),

-- An account can be compared where the ERP names accounts as the firm does, a tax code where its
-- lines give one, and a project while ours is one of the ERP's still (it may be merged since).
line_changes as (
    select
        us.document_ref,
        bool_or(tl.tax_code <> lower(trim(us.tax_code))) as is_tax_code,
        bool_or(
            rt.object_number is not null and tl.object_number is distinct from us.revenue_account
        ) as is_account,
        bool_or(xw.canonical_id <> kn.canonical_id) as is_project
    from ours as us
    inner join their_lines as tl
        on us.system = tl.system and us.erp_id = tl.document_external_id
    left join config.revenue_targets as rt
        on us.system = rt.system and us.revenue_account = rt.object_number
    left join named_projects as xw
        on
            us.system = xw.system
            and coalesce(us.company, '') = xw.company
            and tl.project_key = xw.match_key
    left join known_projects as kn
        on us.system = kn.system and us.project_id = kn.canonical_id
    group by us.document_ref
),

-- What our own credit memos settled: as far as the ERP says that they were applied.
own_memos as (
    select
        dc.document_ref,
        dc.system,
        dc.customer_key,
        dc.currency,
        case
            when ed.remaining_minor is not null then ed.total_minor - ed.remaining_minor
            when ed.applies_to is not null then ed.total_minor
            else 0
        end as applied_minor
    from ops.documents as dc
    inner join canonical.erp_documents as ed
        on dc.system = ed.system and dc.erp_id = ed.external_id
    where dc.state = 'posted' and dc.kind = 'credit_memo' and ed.is_standing
),

own_links as (
    select distinct
        document_ref,
        corrects_document_ref
    from ops.posting_lines
    where corrects_document_ref is not null
),

own_by_document as (
    select
        ol.corrects_document_ref as document_ref,
        sum(om.applied_minor) as applied_minor
    from own_memos as om
    inner join own_links as ol on om.document_ref = ol.document_ref
    group by ol.corrects_document_ref
),

own_by_customer as (
    select
        system,
        customer_key,
        currency,
        sum(applied_minor) as applied_minor
    from own_memos
    group by system, customer_key, currency
),

credited as (
    select
        us.document_ref,
        us.system,
        us.customer_key,
        us.currency,
        se.credited_minor,
        sum(se.credited_minor) over (
            partition by us.system, us.customer_key, us.currency
        ) as of_customer_minor
    from ours as us
    inner join canonical.settlements as se
        on us.system = se.system and us.erp_id = se.external_id
    where us.kind = 'invoice' and us.state = 'posted'
),

-- A memo of ours may be applied to another invoice of that customer than the one that it corrects.
credits_of_others as (
    select
        cr.document_ref,
        least(
            cr.credited_minor - coalesce(od.applied_minor, 0),
            cr.of_customer_minor - coalesce(oc.applied_minor, 0)
        )::bigint as credited_minor
    from credited as cr
    left join own_by_document as od on cr.document_ref = od.document_ref
    left join own_by_customer as oc
        on
            cr.system = oc.system
            and cr.customer_key = oc.customer_key
            and cr.currency = oc.currency
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
        co.credited_minor,
        -- before tax, as what was posted is; tax by line and by document differ by a cent or two
        if(
            abs(co.credited_minor - us.total_minor) <= 2,
            us.amount_minor,
            round(
                us.amount_minor * co.credited_minor::decimal(38, 0) / nullif(us.total_minor, 0)
            )
        )::bigint as credited_net_minor,
        concat_ws(
            ', ',
            case
                when us.their_status = 'cancelled' then 'cancelled'
                -- a draft of ours that waits there is none of these
                when us.state <> 'posted' then null
                when us.their_status = 'draft' then 'a draft again'
                when not us.is_standing then 'not in force'
                when us.was_reversed then 'there again'
            end,
            case when co.credited_minor > 0 then 'credited there' end,
            case when us.their_kind <> us.kind then 'kind' end,
            case when us.their_company <> us.company then 'company' end,
            case when us.their_reference is distinct from us.document_ref then 'reference' end,
            case when us.their_minor <> us.amount_minor then 'total' end,
            case when us.their_number <> us.erp_number then 'number' end,
            case
                when strftime(us.their_date, '%Y-%m') <> strftime(us.posting_date, '%Y-%m')
                    then 'period'
            end,
            case when us.their_invoice_date <> us.invoice_date then 'invoice date' end,
            case when us.their_currency <> us.currency then 'currency' end,
            case
                when us.their_customer <> lower(trim(us.customer_key)) then 'customer'
            end,
            case when us.their_tax_minor <> us.tax_minor then 'tax' end,
            case when lc.is_tax_code then 'tax code' end,
            case when lc.is_account then 'account' end,
            case when lc.is_project then 'project' end
        ) as what
    from ours as us
    left join line_changes as lc on us.document_ref = lc.document_ref
    left join billed_again as ba on us.document_ref = ba.document_ref
    left join credits_of_others as co
        on us.document_ref = co.document_ref and co.credited_minor > 0
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
        co.their_status = 'cancelled',
        co.amount_minor,
        co.amount_minor - co.their_minor + coalesce(co.credited_net_minor, 0)
    )::bigint as difference_minor,
    if(
        co.their_status = 'cancelled',
        co.amount_minor,
        abs(co.amount_minor - co.their_minor) + coalesce(co.credited_net_minor, 0)
    )::bigint as at_risk_minor,
    co.currency,
    case
        when co.what = 'total' and abs(co.amount_minor - co.their_minor) <= 1 then 'rounding'
        when co.their_status = 'cancelled' then 'unauthorised_posting'
        else 'manual_edit_in_copy'
    end as cause,
    co.document_ref || if(co.state = 'posted', ' was posted as ', ' is ' || co.state || ' as ')
    || coalesce(co.erp_number, 'a document') || ' and '
    || co.system || ' shows another: ' || co.what || '.'
    || if(
        co.credited_minor > 0,
        ' Of it ' || reconciliation.money_text(co.credited_minor, cy.factor, co.currency)
        || ' with tax was settled by a credit that is not ours.',
        ''
    )
    || if(
        co.their_invoice_date <> co.invoice_date,
        ' Its invoice date was ' || co.invoice_date || ' and is ' || co.their_invoice_date || '.',
        ''
    )
    || if(
        co.their_tax_minor <> co.tax_minor,
        ' Tax was ' || reconciliation.money_text(co.tax_minor, cy.factor, co.currency)
        || ' and is ' || reconciliation.money_text(co.their_tax_minor, cy.factor, co.currency)
        || '.',
        ''
    )
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
