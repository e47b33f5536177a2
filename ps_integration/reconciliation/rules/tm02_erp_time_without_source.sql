-- rule: TM02
-- title: ERP time transaction with no approved source entry
-- severity: critical
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: erp_documents@erp, erp_lines@erp
-- cause: unauthorised_posting
-- remedy: Cancel the document in the ERP, or say which entries it bills (matches accept).

select
    li.record_key,
    strftime(li.posting_date, '%Y-%m') as period,
    li.legal_entity,
    li.project_id,
    li.customer_key,
    null as entry_id,
    null as left_system,
    -- a memo typed by hand for an invoice of ours, where the ERP says for which
    ow.document_ref as left_id,
    'no approved entry' as left_value,
    li.system as right_system,
    li.number as right_id,
    reconciliation.money_text(li.amount_minor, cy.factor, li.currency) as right_value,
    if(li.line_type = 'account', null, -round(li.quantity * 3600))::bigint as difference_seconds,
    if(li.kind = 'credit_memo', li.amount_minor, -li.amount_minor) as difference_minor,
    abs(li.amount_minor) as at_risk_minor,
    li.currency,
    'unauthorised_posting' as cause,
    'Line ' || li.line_no::varchar || ' of ' || replace(li.kind, '_', ' ') || ' '
    || coalesce(li.number, li.document_external_id) || ' in ' || li.system || ' bills '
    || reconciliation.money_text(li.amount_minor, cy.factor, li.currency) || ' on project '
    || li.project_key || ', and nothing we posted carries reference '
    || coalesce(nullif(li.reference, ''), '(none)') || '.' || coalesce(mt.text, '')
    || coalesce(
        ct.text,
        if(
            li.kind = 'credit_memo',
            ' No line typed by hand since going live, and none of ours, has its customer, project,'
            || ' currency and amount and is not dated after it.', ''
        )
    ) || coalesce(sx.text, '') as detail,
    null as blocked_kind,
    null as blocked_id
from reconciliation.hand_typed_lines as li
left join config.currencies as cy on li.currency = cy.currency
left join ops.documents as ow
    on li.system = ow.system and li.applies_to = ow.erp_id and ow.state = 'posted'
left join reconciliation.match_texts as mt on li.record_key = mt.record_key
left join reconciliation.credit_texts as ct on li.record_key = ct.record_key
left join reconciliation.decision_texts as sx on li.record_key = sx.record_key
where
    li.record_key not in (
        select ma.record_key from reconciliation.matches as ma
        where ma.status = 'accepted'
    )
order by record_key;
