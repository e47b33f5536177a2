-- rule: TM10
-- title: Time in a closed or not yet open accounting period
-- severity: high
-- owner: finance
-- blocks: yes
-- holds: entry
-- needs_period: yes
-- needs: accounting_periods@erp
-- cause: period_closed
-- remedy: Reopen the period, or set the legal entity's policy to shift such time to the open one.

select
    un.entry_id as record_key,
    coalesce(un.period, 'unassigned') as period,
    un.legal_entity,
    un.project_id,
    un.customer_key,
    un.entry_id,
    un.system as left_system,
    un.external_id as left_id,
    'worked on ' || un.work_date::varchar as left_value,
    un.erp_system as right_system,
    un.period as right_id,
    replace(un.period_state, '_', ' ') as right_value,
    null as difference_seconds,
    null as difference_minor,
    un.amount_minor as at_risk_minor,
    un.currency,
    'period_closed' as cause,
    un.entry_id || ' falls into ' || un.period || ', which is '
    || replace(un.period_state, '_', ' ') || ' in ' || coalesce(un.erp_system, 'the ERP')
    || '; policy: '
    || if(
        un.period_state = 'closed', le.closed_period_policy, le.future_period_policy
    ) || '.' as detail,
    -- a period not yet open is waited for, unless the policy refuses such time
    if(
        (un.period_state = 'closed' and le.closed_period_policy <> 'shift')
        or (un.period_state = 'not_open' and le.future_period_policy = 'reject'),
        'entry', null
    ) as blocked_kind,
    if(
        (un.period_state = 'closed' and le.closed_period_policy <> 'shift')
        or (un.period_state = 'not_open' and le.future_period_policy = 'reject'),
        un.entry_id, null
    ) as blocked_id
from reconciliation.unposted_entries as un
inner join config.legal_entities as le on un.legal_entity = le.legal_entity
where
    un.period_state in ('closed', 'not_open')
    -- what waits in a document has its posting period already
    and un.document_ref is null
order by record_key;
