-- rule: BL06
-- title: Control totals of a batch differ from the ERP's totals
-- severity: critical
-- owner: finance
-- blocks: yes
-- holds: customer
-- needs_period: yes
-- needs: erp_documents@erp, erp_lines@erp
-- cause: unknown
-- remedy: Compare the document line by line; correct it in the ERP, or accept the difference.
-- tolerance_minor: 0

with our_lines as (
    select
        document_ref,
        sum(amount_minor) as amount_minor,
        count(*) as line_count
    from ops.posting_lines
    group by document_ref
),

ours as (
    select
        dc.document_ref,
        dc.batch_id,
        dc.system,
        dc.company,
        dc.legal_entity,
        dc.project_id,
        dc.customer_key,
        dc.currency,
        dc.period,
        dc.erp_id,
        dc.erp_number,
        dc.confirmed_at,
        dc.sent_clock_at,
        dc.erp_id = dc.document_ref || '.csv' as is_dropped,
        dc.readback_minor,
        abs(ol.amount_minor) as amount_minor,
        ol.line_count,
        rv.document_ref is not null as is_absent,
        le.voided_policy
    from ops.documents as dc
    inner join our_lines as ol on dc.document_ref = ol.document_ref
    left join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    left join config.legal_entities as le on dc.legal_entity = le.legal_entity
    where dc.state = 'posted'
),

billed_again as (
    select distinct pl.corrects_document_ref as document_ref
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    where
        pl.corrects_reason = 'voided_in_erp'
        and dc.state = 'posted'
        and pl.corrects_document_ref is not null
),

their_lines as (
    select
        system,
        company,
        document_external_id,
        count(*) as line_count
    from canonical.erp_lines
    where coalesce(line_type, '') <> 'comment'
    group by system, company, document_external_id
),

compared as (
    select
        us.*,
        ed.external_id as their_id,
        -- what is not in force there is worth nothing
        if(ed.is_posted and not ed.is_standing, 0, ed.amount_minor) as their_minor,
        coalesce(tl.line_count, 0) as their_count
    from ours as us
    left join canonical.erp_documents as ed
        on us.system = ed.system and us.erp_id = ed.external_id
    left join their_lines as tl
        on
            ed.system = tl.system
            and ed.company is not distinct from tl.company
            and ed.external_id = tl.document_external_id
    left join reconciliation.document_reads as rd on us.system = rd.system
    where
        if(
            us.is_absent,
            -- cancelled, as BL05 says; or gone, and not yet settled as policy wants it
            ed.external_id is null
            and us.voided_policy is distinct from 'leave'
            and us.document_ref not in (select ba.document_ref from billed_again as ba),
            -- a document confirmed after the last read began cannot be in what was read, nor one
            -- dropped as a file in an export that was written before
            ed.external_id is not null
            or if(us.is_dropped, us.sent_clock_at < rd.source_at, us.confirmed_at < rd.started_at)
        )
)

select
    co.document_ref as record_key,
    co.period,
    co.legal_entity,
    co.project_id,
    co.customer_key,
    null as entry_id,
    'batch ' || co.batch_id as left_system,
    co.document_ref as left_id,
    reconciliation.money_text(co.amount_minor::bigint, cy.factor, co.currency) || ' in '
    || co.line_count::varchar || ' lines' as left_value,
    co.system as right_system,
    coalesce(co.erp_number, co.erp_id) as right_id,
    if(
        co.their_id is null,
        'no such document',
        reconciliation.money_text(co.their_minor, cy.factor, co.currency) || ' in '
        || co.their_count::varchar || ' lines'
    ) as right_value,
    null as difference_seconds,
    (co.amount_minor - coalesce(co.their_minor, 0))::bigint as difference_minor,
    abs(co.amount_minor - coalesce(co.their_minor, 0))::bigint as at_risk_minor,
    co.currency,
    case
        when co.line_count = co.their_count and abs(co.amount_minor - abs(co.their_minor)) <= 1
            then 'rounding'
        when reconciliation.was_confirmed(co.readback_minor, co.amount_minor)
            then if(co.their_id is null, 'unauthorised_posting', 'manual_edit_in_copy')
        else 'unknown'
    end as cause,
    co.document_ref || ' of batch ' || co.batch_id || ': '
    || reconciliation.money_text(co.amount_minor::bigint, cy.factor, co.currency) || ' in '
    || co.line_count::varchar || ' lines were posted, ' || co.system || ' has '
    || if(
        co.their_id is null,
        'no such document' || if(
            co.is_absent,
            ' under its number or its reference. Policy for what is gone: '
            || coalesce(co.voided_policy, 'hold') || '.',
            ' in its list; it is billed again only once a look-up says that it is gone.'
        ),
        reconciliation.money_text(co.their_minor, cy.factor, co.currency) || ' in '
        || co.their_count::varchar || ' lines.'
    ) as detail,
    -- what is known to be gone is for the policy to decide
    if(co.is_absent, null, 'customer') as blocked_kind,
    if(co.is_absent, null, co.customer_key) as blocked_id
from compared as co
left join config.currencies as cy on co.currency = cy.currency
where
    co.their_id is null
    or abs(co.amount_minor - abs(co.their_minor)) > $tolerance_minor
    or co.line_count <> co.their_count
order by record_key;
