-- rule: IN01
-- title: Dead letter waiting: policy has stopped trying
-- severity: high
-- owner: integration
-- blocks: no
-- needs_period: no
-- cause: sync_failed
-- remedy: `ps-integration dlq show` says why; then `dlq retry`, `fix`, `adopt` or `discard`.

with letters as (
    select
        dc.document_ref as ref,
        dc.legal_entity,
        dc.project_id,
        dc.customer_key,
        dc.system,
        dc.state,
        abs(dc.amount_minor) as at_risk_minor,
        dc.currency,
        coalesce(dc.hold_reason, 'policy stopped trying') as reason
    from ops.documents as dc
    where dc.state in ('held', 'dead')
    union all
    select
        fe.system || '|' || fe.subject_kind || '|' || fe.subject_external_id || '|' || fe.reference
            as ref,
        null as legal_entity,
        null as project_id,
        null as customer_key,
        fe.system,
        fe.state,
        null as at_risk_minor,
        null as currency,
        'the system refused the note' as reason
    from ops.feedback as fe
    where
        fe.state = 'refused'
        -- of a record that its system did not list last: IN07 asks what became of it
        and (fe.system, fe.subject_external_id) not in (
            select (mi.system, mi.record_id) from raw.missing as mi
        )
)

select
    le.ref as record_key,
    '' as period,
    le.legal_entity,
    le.project_id,
    le.customer_key,
    null as entry_id,
    'ps_integration' as left_system,
    le.ref as left_id,
    le.state as left_value,
    le.system as right_system,
    null as right_id,
    null as right_value,
    null as difference_seconds,
    null as difference_minor,
    le.at_risk_minor,
    le.currency,
    'sync_failed' as cause,
    le.ref || ' is ' || le.state || ', waiting for a person: ' || le.reason || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from letters as le
order by record_key;
