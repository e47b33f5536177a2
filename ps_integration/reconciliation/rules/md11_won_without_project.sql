-- rule: MD11
-- title: Opportunity won, no project in the PSA past the SLA
-- severity: medium
-- owner: sales_ops
-- blocks: no
-- needs_period: no
-- needs: opportunities@crm?, projects@psa
-- cause: not_synced_yet
-- remedy: Create the project in the PSA, or map the opportunity to the project it became.
-- tolerance_project_days: 5

-- an opportunity is its project by the key it names, or by a row of the crosswalk
with known as (
    select
        op.system,
        op.external_id
    from canonical.opportunities as op
    inner join billing.projects as pr
        on canonical.id_of('project', op.project_key) = pr.project_id
    where pr.psa_external_id is not null
    union
    select
        cw.system,
        cw.external_id
    from canonical.crosswalk as cw
    inner join billing.projects as pr on cw.canonical_id = pr.project_id
    where cw.object_kind = 'project' and pr.psa_external_id is not null
)

select
    op.system || '|' || op.external_id as record_key,
    '' as period,
    op.legal_entity,
    op.project_key as project_id,
    op.customer_key,
    null as entry_id,
    op.system as left_system,
    op.external_id as left_id,
    'won on ' || op.won_on::varchar as left_value,
    null as right_system,
    null as right_id,
    null as right_value,
    null as difference_seconds,
    null as difference_minor,
    -- a deal is no work: nothing of it is to be billed yet
    null as at_risk_minor,
    null as currency,
    if(op.project_key is null, 'mapping_missing', 'not_synced_yet') as cause,
    'Opportunity ' || coalesce(op.name, op.external_id) || ' was won on ' || op.won_on::varchar
    || ', ' || (ru.as_of_date - op.won_on)::varchar || ' days ago, and '
    || coalesce('project ' || op.project_key || ' is not in the PSA.', 'names no project.')
    || coalesce(
        ' It is worth '
        || reconciliation.money_text(op.amount_minor, cy.factor, op.currency) || '.', ''
    )
        as detail,
    null as blocked_kind,
    null as blocked_id
from canonical.opportunities as op
cross join config.run as ru
left join config.currencies as cy on op.currency = cy.currency
left join known as kn on op.system = kn.system and op.external_id = kn.external_id
where
    op.stage = 'won'
    and op.won_on is not null
    and ru.as_of_date - op.won_on > $tolerance_project_days
    and kn.external_id is null
order by record_key;
