-- rule: TM04
-- title: Rate or amount differs between what was rated and the ERP
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: erp_documents@erp, erp_lines@erp
-- cause: unknown
-- remedy: Correct the ERP document by a credit memo and a new line; see who changed the draft.
-- tolerance_minor: 0
-- tolerance_price: 0.00001

select
    us.document_ref || '|' || us.line_no::varchar as record_key,
    us.period,
    us.legal_entity,
    us.project_id,
    us.customer_key,
    if(us.object_kind = 'time_entry', us.object_id, null) as entry_id,
    coalesce(us.time_system, us.object_kind) as left_system,
    us.object_id as left_id,
    reconciliation.money_text(us.amount_minor, cy.factor, us.currency) || ' at '
    || us.unit_price::decimal(18, 2)::varchar as left_value,
    us.system as right_system,
    coalesce(us.erp_number, us.erp_id) as right_id,
    reconciliation.money_text(us.erp_amount_minor, cy.factor, us.currency) || ' at '
    || us.erp_unit_price::decimal(18, 2)::varchar as right_value,
    0::bigint as difference_seconds,
    abs(us.amount_minor) - abs(us.erp_amount_minor) as difference_minor,
    abs(abs(us.amount_minor) - abs(us.erp_amount_minor)) as at_risk_minor,
    us.currency,
    case
        when
            abs(us.unit_price) = abs(us.erp_unit_price)
            and abs(abs(us.amount_minor) - abs(us.erp_amount_minor)) <= 1
            then 'rounding'
        when us.was_confirmed then 'manual_edit_in_copy'
        else 'unknown'
    end as cause,
    'Line ' || us.line_no::varchar || ' of ' || us.document_ref || ' was rated '
    || reconciliation.money_text(us.amount_minor, cy.factor, us.currency) || ' and holds '
    || reconciliation.money_text(us.erp_amount_minor, cy.factor, us.currency) || ' in ' || us.system
    || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from reconciliation.unlike_lines as us
left join config.currencies as cy on us.currency = cy.currency
where
    abs(abs(us.unit_price) - abs(us.erp_unit_price)) > $tolerance_price
    -- where the hours differ, TM03 explains the amount
    or (
        abs(us.quantity) = abs(us.erp_quantity)
        and abs(abs(us.amount_minor) - abs(us.erp_amount_minor)) > $tolerance_minor
    )
order by record_key;
