-- rule: IN06
-- title: Posting outcome unknown past its limit
-- severity: critical
-- owner: integration
-- blocks: yes
-- holds: document
-- needs_period: no
-- cause: sync_failed
-- remedy: If the ERP has it, the next run adopts it. If not, accept the break: it is sent again.

-- A document that a person must decide about (held, dead) is IN01's.
select
    dc.document_ref as record_key,
    '' as period,
    dc.legal_entity,
    dc.project_id,
    dc.customer_key,
    null as entry_id,
    'ps_integration' as left_system,
    dc.document_ref as left_id,
    dc.state as left_value,
    dc.system as right_system,
    dc.erp_id as right_id,
    null as right_value,
    date_diff('second', dc.unknown_until, ru.as_of) as difference_seconds,
    null as difference_minor,
    abs(dc.amount_minor) as at_risk_minor,
    dc.currency,
    'sync_failed' as cause,
    'Nobody knows whether ' || dc.system || ' has ' || dc.document_ref
    || ': no clear answer, and not settled by '
    || strftime(dc.unknown_until, '%Y-%m-%d %H:%M UTC')
    || coalesce(' (' || dc.hold_reason || ')', '') || '.' as detail,
    'document' as blocked_kind,
    dc.document_ref as blocked_id
from ops.documents as dc
cross join config.run as ru
where
    dc.state in ('sending', 'unknown')
    and dc.unknown_until <= ru.as_of
order by record_key;
