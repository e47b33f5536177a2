-- rule: MD12
-- title: Master data of posted work changed
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- cause: edited_after_posting
-- remedy: Release or refuse the correction (ps-integration corrections), or set the field back.

-- Posted work stays as it was posted; the home entity of a person is a matter of MD08.
with open_changes as (
    select pc.*
    from billing.posted_changes as pc
    where pc.state = 'open' and pc.what <> 'home entity'
)

select
    reconciliation.change_key(oc.what, oc.subject, oc.legal_entity, oc.currency) as record_key,
    oc.period,
    oc.legal_entity,
    if(count(distinct oc.project_id) = 1, min(oc.project_id), null) as project_id,
    if(count(distinct oc.customer_key) = 1, min(oc.customer_key), null) as customer_key,
    null as entry_id,
    min(split_part(oc.object_id, ':', 1)) as left_system,
    oc.subject as left_id,
    left(max(oc.to_value), 255) as left_value,
    min(oc.system) as right_system,
    min(oc.document_ref) as right_id,
    left(min(oc.from_value), 255) as right_value,
    null as difference_seconds,
    if(
        bool_and(coalesce(oc.today_currency = oc.currency, false)),
        sum(coalesce(oc.today_minor, 0) - oc.billed_minor)::bigint, null
    ) as difference_minor,
    sum(oc.effect_minor)::bigint as at_risk_minor,
    oc.currency,
    'edited_after_posting' as cause,
    'The ' || oc.what || ' of ' || min(oc.subject_kind) || ' ' || oc.subject
    || ' changed after ' || count(*)::varchar
    || if(count(*) = 1, ' entry was', ' entries were') || ' posted ('
    || reconciliation.hours_text(sum(oc.billed_seconds)::bigint) || ', '
    || reconciliation.money_text(sum(oc.billed_minor)::bigint, cy.factor, oc.currency)
    || '). What is posted stays until a person decides: ps-integration corrections list.'
        as detail,
    null as blocked_kind,
    null as blocked_id
from open_changes as oc
left join config.currencies as cy on oc.currency = cy.currency
group by oc.what, oc.subject, oc.legal_entity, oc.currency, oc.period, cy.factor
order by record_key;
