-- rule: TM02
-- title: ERP time transaction with no approved source entry
-- severity: critical
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: erp_documents@erp, erp_lines@erp
-- cause: unauthorised_posting
-- remedy: Cancel the document in the ERP, or accept it with a note that says what it bills.

with companies as (
    select
        ro.system,
        ro.company,
        min(ro.legal_entity) as legal_entity,
        min(gl.bill_from) as bill_from
    from config.routing as ro
    left join config.going_live as gl on ro.legal_entity = gl.legal_entity
    where ro.role = 'erp'
    group by ro.system, ro.company
)

select
    el.system || '|' || el.company || '|' || el.external_id as record_key,
    strftime(coalesce(ed.posting_date, ed.invoice_date), '%Y-%m') as period,
    cm.legal_entity,
    pr.project_id,
    ed.customer_key,
    null as entry_id,
    null as left_system,
    null as left_id,
    'no approved entry' as left_value,
    el.system as right_system,
    ed.number as right_id,
    reconciliation.money_text(el.amount_minor, cy.factor, el.currency) as right_value,
    if(el.line_type = 'account', null, -round(el.quantity * 3600))::bigint as difference_seconds,
    if(ed.kind = 'credit_memo', el.amount_minor, -el.amount_minor) as difference_minor,
    abs(el.amount_minor) as at_risk_minor,
    el.currency,
    'unauthorised_posting' as cause,
    'Line ' || el.line_no::varchar || ' of ' || replace(ed.kind, '_', ' ') || ' '
    || coalesce(ed.number, ed.external_id) || ' in ' || el.system || ' bills '
    || reconciliation.money_text(el.amount_minor, cy.factor, el.currency) || ' on project '
    || el.project_key || ', and nothing we posted carries reference '
    || coalesce(nullif(ed.reference, ''), '(none)') || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from canonical.erp_lines as el
inner join canonical.erp_documents as ed
    on
        el.system = ed.system
        and el.company is not distinct from ed.company
        and el.document_external_id = ed.external_id
inner join config.revenue_targets as rv
    on el.system = rv.system and el.object_number = rv.object_number
left join ops.documents as dc on ed.reference = dc.document_ref
left join companies as cm
    on ed.system = cm.system and coalesce(ed.company, '') = coalesce(cm.company, '')
left join config.currencies as cy on el.currency = cy.currency
left join billing.projects as pr on lower(trim(el.project_key)) = pr.project_id
where
    ed.is_posted
    and coalesce(ed.status, '') not in ('cancelled', 'corrective')
    and coalesce(el.project_key, '') <> ''
    and dc.document_ref is null
    -- what was billed before going live is settled elsewhere
    and (cm.bill_from is null or coalesce(ed.posting_date, ed.invoice_date) >= cm.bill_from)
order by record_key;
