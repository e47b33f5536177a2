-- rule: TM03
-- title: Hours differ between time system and ERP
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: erp_documents@erp, erp_lines@erp
-- cause: unknown
-- remedy: Correct the ERP document by a credit memo and a new line; see who changed the draft.
-- tolerance_hours: 0

select
    us.document_ref || '|' || us.line_no::varchar as record_key,
    us.period,
    us.legal_entity,
    us.project_id,
    en.customer_key,
    if(us.object_kind = 'time_entry', us.object_id, null) as entry_id,
    coalesce(en.system, us.object_kind) as left_system,
    us.object_id as left_id,
    us.quantity::varchar || ' h' as left_value,
    us.system as right_system,
    coalesce(us.erp_number, us.erp_id) as right_id,
    th.quantity::varchar || ' h' as right_value,
    round((us.quantity - th.quantity) * 3600)::bigint as difference_seconds,
    us.amount_minor - th.amount_minor as difference_minor,
    abs(us.amount_minor - th.amount_minor) as at_risk_minor,
    us.currency,
    case
        when
            us.amount_minor = th.amount_minor
            and round(abs(us.quantity), 2) = round(abs(th.quantity), 2)
            then 'rounding'
        -- the same work in minutes, or in days of eight hours
        when
            us.amount_minor = th.amount_minor
            and (us.quantity * 60 = th.quantity or us.quantity = th.quantity * 8)
            then 'unit_or_timezone'
        when us.was_confirmed then 'unauthorised_posting'
        else 'unknown'
    end as cause,
    'Line ' || us.line_no::varchar || ' of ' || us.document_ref || ' was posted with '
    || us.quantity::varchar || ' h and holds ' || th.quantity::varchar || ' h in ' || us.system
    || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from reconciliation.our_posted_lines as us
inner join reconciliation.erp_posted_lines as th
    on
        us.document_ref = th.reference
        and us.system = th.system
        and us.erp_id = th.document_external_id
        and us.position = th.position
left join billing.entries as en on us.object_kind = 'time_entry' and us.object_id = en.entry_id
where
    us.object_kind = 'time_entry'
    and abs(abs(us.quantity) - abs(th.quantity)) > $tolerance_hours
order by record_key;
