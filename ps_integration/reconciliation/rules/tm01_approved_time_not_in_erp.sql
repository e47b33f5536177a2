-- rule: TM01
-- title: Approved billable time not in the ERP past the posting SLA
-- severity: high
-- owner: integration
-- blocks: no
-- needs_period: yes
-- needs: reconciliation.found
-- cause: not_synced_yet
-- remedy: Approve the batch that holds it, or see why no batch was planned for it.
-- tolerance_posting_days: 2

select
    un.entry_id as record_key,
    coalesce(un.period, 'unassigned') as period,
    un.legal_entity,
    un.project_id,
    un.customer_key,
    un.entry_id,
    un.system as left_system,
    un.external_id as left_id,
    reconciliation.hours_text(un.seconds) as left_value,
    un.erp_system as right_system,
    un.document_ref as right_id,
    coalesce(dc.state, 'not in a document') as right_value,
    un.seconds as difference_seconds,
    un.amount_minor as difference_minor,
    un.amount_minor as at_risk_minor,
    un.currency,
    if(dc.state in ('held', 'dead', 'unknown'), 'sync_failed', 'not_synced_yet') as cause,
    un.entry_id || ' was approved on '
    || config.day_of(un.approved_at, un.legal_entity)::varchar || ' and is '
    || if(
        dc.document_ref is null,
        'in no document.',
        'in document ' || dc.document_ref || ', which is ' || dc.state || '.'
    ) as detail,
    null as blocked_kind,
    null as blocked_id
from reconciliation.free_entries as un
cross join config.run as ru
left join ops.documents as dc on un.document_ref = dc.document_ref
anti join reconciliation.entries_above_cap as ab on un.entry_id = ab.entry_id
where un.approved_at < ru.as_of - to_days($tolerance_posting_days)
order by record_key;
