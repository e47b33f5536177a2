-- rule: TM15
-- title: Cap used up: time above the not-to-exceed amount waits
-- severity: high
-- owner: project_manager
-- blocks: no
-- needs_period: no
-- needs: reconciliation.holds
-- runs: after_posting
-- cause: cap_reached
-- remedy: Agree a higher cap with the customer and enter it, or write the surplus off.

with written_off as (
    select
        entry_id,
        sum(amount_minor) as amount_minor
    from ops.decisions
    where kind = 'write_off' and decided_by <> seconded_by
    group by entry_id
),

-- what an entry's documents hold is used already; the rest of it waits, but for what is written off
entries as (
    select
        ce.project_id,
        ce.amount_minor - coalesce(ce.documented_minor, 0) - coalesce(wo.amount_minor, 0)
            as amount_minor
    from reconciliation.capped_entries as ce
    left join reconciliation.unposted_entries as un on ce.entry_id = un.entry_id
    left join written_off as wo on ce.entry_id = wo.entry_id
    anti join reconciliation.holds as ho
        on ho.blocked_kind = 'entry' and ce.entry_id = ho.blocked_id
    anti join reconciliation.billed_by_hand as bh on ce.entry_id = bh.entry_id
    -- open, or open in part: a part of it is posted and the rest is above the cap
    where un.entry_id is not null or ce.documented_minor < ce.amount_minor
),

waiting as (
    select
        project_id,
        sum(amount_minor)::bigint as amount_minor
    from entries
    where amount_minor > 0
    group by project_id
),

pools as (
    select
        cp.project_id,
        cp.currency,
        cp.cap_minor,
        cp.is_other_currency,
        cp.used_minor + cp.by_hand_minor as taken_minor,
        coalesce(wa.amount_minor, 0) as waiting_minor,
        greatest(taken_minor + waiting_minor - cp.cap_minor, 0) as above_minor,
        -- billed before the cap was lowered, or by hand: it stays, and somebody must know
        greatest(taken_minor - cp.cap_minor, 0) as excess_minor
    from billing.cap_pools as cp
    left join waiting as wa on cp.project_id = wa.project_id
)

select
    pr.project_id as record_key,
    '' as period,
    pr.legal_entity,
    pr.project_id,
    pr.customer_key,
    null as entry_id,
    pr.psa_system as left_system,
    pr.psa_external_id as left_id,
    'cap ' || if(
        po.is_other_currency,
        reconciliation.money_text(
            pr.other_cap_minor, oy.factor, coalesce(pr.other_cap_currency, '?')
        ),
        reconciliation.money_text(pr.cap_minor, cy.factor, pr.currency)
    ) as left_value,
    pr.erp_system as right_system,
    pr.erp_external_id as right_id,
    reconciliation.money_text(
        (po.taken_minor + po.waiting_minor)::bigint, cy.factor, pr.currency
    ) || ' worked' as right_value,
    null as difference_seconds,
    (pr.cap_minor - po.taken_minor - po.waiting_minor)::bigint as difference_minor,
    case
        when po.is_other_currency then po.waiting_minor
        when po.waiting_minor > 0 then least(po.waiting_minor, po.above_minor)
        else po.excess_minor
    end::bigint as at_risk_minor,
    pr.currency,
    if(po.is_other_currency, 'master_data_incomplete', 'cap_reached') as cause,
    'Project ' || coalesce(pr.name, pr.project_id) || ' has a cap of '
    || case
        when po.is_other_currency
            then
                coalesce(
                    reconciliation.money_text(
                        pr.other_cap_minor, oy.factor, pr.other_cap_currency
                    ),
                    'an unknown currency'
                )
                || ' and is billed in ' || pr.currency
                || ': nothing more is billed until the cap is entered in ' || pr.currency || '.'
        else
            reconciliation.money_text(pr.cap_minor, cy.factor, pr.currency) || '; '
            || if(
                po.excess_minor > 0,
                reconciliation.money_text(po.excess_minor::bigint, cy.factor, pr.currency)
                || ' more than that is billed, and nothing of it is taken back'
                || if(po.waiting_minor > 0, '; ', '.'),
                ''
            )
            || if(
                po.waiting_minor > 0,
                reconciliation.money_text(
                    least(po.waiting_minor, po.above_minor)::bigint, cy.factor, pr.currency
                ) || ' of approved time is above it.',
                ''
            )
    end as detail,
    null as blocked_kind,
    null as blocked_id
from billing.projects as pr
inner join pools as po on pr.project_id = po.project_id
left join config.currencies as cy on pr.currency = cy.currency
left join config.currencies as oy on pr.other_cap_currency = oy.currency
where po.is_other_currency or po.above_minor > 0
order by record_key;
