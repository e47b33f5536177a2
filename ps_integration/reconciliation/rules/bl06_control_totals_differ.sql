-- rule: BL06
-- title: Control totals of a batch differ from the ERP's totals
-- severity: critical
-- owner: finance
-- blocks: yes
-- needs_period: yes
-- needs: erp_documents@erp, erp_lines@erp
-- cause: unknown
-- remedy: Compare the document line by line; correct it in the ERP, or accept the difference.
-- tolerance_minor: 0

with reads as (
    select
        re.system,
        max(re.started_at) as started_at
    from raw.reads as re
    semi join canonical.erp_documents as ed
        on re.system = ed.system and re.stream = ed.stream
    where re.status = 'complete'
    group by re.system
),

our_lines as (
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
        dc.readback_minor,
        abs(ol.amount_minor) as amount_minor,
        ol.line_count
    from ops.documents as dc
    inner join our_lines as ol on dc.document_ref = ol.document_ref
    where dc.state = 'posted'
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
        ed.amount_minor as their_minor,
        coalesce(tl.line_count, 0) as their_count
    from ours as us
    left join canonical.erp_documents as ed
        on us.document_ref = ed.reference and us.system = ed.system and us.erp_id = ed.external_id
    left join their_lines as tl
        on
            ed.system = tl.system
            and ed.company is not distinct from tl.company
            and ed.external_id = tl.document_external_id
    left join reads as rd on us.system = rd.system
    where
        -- a document confirmed after the last read began cannot be in what was read
        ed.external_id is not null
        or us.confirmed_at < rd.started_at
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
            then 'unauthorised_posting'
        else 'unknown'
    end as cause,
    co.document_ref || ' of batch ' || co.batch_id || ': '
    || reconciliation.money_text(co.amount_minor::bigint, cy.factor, co.currency) || ' in '
    || co.line_count::varchar || ' lines were posted, ' || co.system || ' has '
    || if(
        co.their_id is null,
        'no such document.',
        reconciliation.money_text(co.their_minor, cy.factor, co.currency) || ' in '
        || co.their_count::varchar || ' lines.'
    ) as detail,
    'company' as blocked_kind,
    co.system || ':' || coalesce(co.company, '') as blocked_id
from compared as co
left join config.currencies as cy on co.currency = cy.currency
where
    co.their_id is null
    or abs(co.amount_minor - abs(co.their_minor)) > $tolerance_minor
    or co.line_count <> co.their_count
order by record_key;
