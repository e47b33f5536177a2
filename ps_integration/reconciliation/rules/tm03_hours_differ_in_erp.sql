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
    us.customer_key,
    if(us.object_kind = 'time_entry', us.object_id, null) as entry_id,
    coalesce(us.time_system, us.object_kind) as left_system,
    us.object_id as left_id,
    us.quantity::varchar || ' h' as left_value,
    us.system as right_system,
    coalesce(us.erp_number, us.erp_id) as right_id,
    us.erp_quantity::varchar || ' h' as right_value,
    round((us.quantity - us.erp_quantity) * 3600)::bigint as difference_seconds,
    us.amount_minor - us.erp_amount_minor as difference_minor,
    abs(us.amount_minor - us.erp_amount_minor) as at_risk_minor,
    us.currency,
    case
        when
            us.amount_minor = us.erp_amount_minor
            and round(abs(us.quantity), 2) = round(abs(us.erp_quantity), 2)
            then 'rounding'
        -- the same work in minutes, or in days of eight hours
        when
            us.amount_minor = us.erp_amount_minor
            and (us.quantity * 60 = us.erp_quantity or us.quantity = us.erp_quantity * 8)
            then 'unit_or_timezone'
        when us.was_confirmed then 'manual_edit_in_copy'
        else 'unknown'
    end as cause,
    'Line ' || us.line_no::varchar || ' of ' || us.document_ref || ' was posted with '
    || us.quantity::varchar || ' h and holds ' || us.erp_quantity::varchar || ' h in ' || us.system
    || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from reconciliation.unlike_lines as us
where
    us.object_kind = 'time_entry'
    and abs(abs(us.quantity) - abs(us.erp_quantity)) > $tolerance_hours
order by record_key;
