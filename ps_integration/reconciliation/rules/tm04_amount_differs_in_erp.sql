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
    en.customer_key,
    if(us.object_kind = 'time_entry', us.object_id, null) as entry_id,
    coalesce(en.system, us.object_kind) as left_system,
    us.object_id as left_id,
    reconciliation.money_text(us.amount_minor, cy.factor, us.currency) || ' at '
    || us.unit_price::decimal(18, 2)::varchar as left_value,
    us.system as right_system,
    coalesce(us.erp_number, us.erp_id) as right_id,
    reconciliation.money_text(th.amount_minor, cy.factor, us.currency) || ' at '
    || th.unit_price::decimal(18, 2)::varchar as right_value,
    0::bigint as difference_seconds,
    abs(us.amount_minor) - abs(th.amount_minor) as difference_minor,
    abs(abs(us.amount_minor) - abs(th.amount_minor)) as at_risk_minor,
    us.currency,
    case
        when
            abs(us.unit_price) = abs(th.unit_price)
            and abs(abs(us.amount_minor) - abs(th.amount_minor)) <= 1
            then 'rounding'
        when us.was_confirmed then 'unauthorised_posting'
        else 'unknown'
    end as cause,
    'Line ' || us.line_no::varchar || ' of ' || us.document_ref || ' was rated '
    || reconciliation.money_text(us.amount_minor, cy.factor, us.currency) || ' and holds '
    || reconciliation.money_text(th.amount_minor, cy.factor, us.currency) || ' in ' || us.system
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
left join config.currencies as cy on us.currency = cy.currency
where
    abs(abs(us.unit_price) - abs(th.unit_price)) > $tolerance_price
    -- where the hours differ, TM03 explains the amount
    or (
        abs(us.quantity) = abs(th.quantity)
        and abs(abs(us.amount_minor) - abs(th.amount_minor)) > $tolerance_minor
    )
order by record_key;
