-- rule: TM15
-- title: Cap used up: time above the not-to-exceed amount waits
-- severity: high
-- owner: project_manager
-- blocks: no
-- needs_period: no
-- needs: reconciliation.holds
-- cause: cap_reached
-- remedy: Agree a higher cap with the customer and enter it, or write the surplus off.

with capped as (
    select project_id
    from billing.projects
    where cap_minor is not null
),

-- materialized: few, and all other lines need not be looked at in their documents
project_lines as materialized (
    select
        pl.project_id,
        pl.document_ref,
        pl.amount_minor
    from ops.posting_lines as pl
    semi join capped as ca on pl.project_id = ca.project_id
    where pl.object_kind = 'time_entry'
),

-- by our documents, and by lines typed by hand that somebody has accepted
consumed as (
    select
        project_id,
        sum(amount_minor) as amount_minor
    from (
        select
            pl.project_id,
            pl.amount_minor
        from project_lines as pl
        inner join ops.documents as dc on pl.document_ref = dc.document_ref
        where dc.state not in ('planned', 'superseded', 'refused')
        union all
        select
            bh.project_id,
            bh.amount_minor
        from reconciliation.cap_used_by_hand as bh
        inner join billing.projects as pr
            on bh.project_id = pr.project_id and bh.currency = pr.currency
    )
    group by project_id
),

-- parts of an entry that are in a document already are counted as consumed, not again as waiting
entries as (
    select
        ce.project_id,
        greatest(ce.amount_minor - coalesce(ce.documented_minor, 0), 0) as amount_minor
    from reconciliation.capped_entries as ce
    left join reconciliation.unposted_entries as un on ce.entry_id = un.entry_id
    anti join reconciliation.holds as ho
        on ho.blocked_kind = 'entry' and ce.entry_id = ho.blocked_id
    anti join reconciliation.billed_by_hand as bh on ce.entry_id = bh.entry_id
    -- open, or open in part: a part of it is posted and the rest is above the cap
    where un.entry_id is not null or ce.documented_minor < ce.amount_minor
),

waiting as (
    select
        project_id,
        sum(amount_minor) as amount_minor
    from entries
    where amount_minor > 0
    group by project_id
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
    'cap ' || reconciliation.money_text(pr.cap_minor, cy.factor, pr.currency) as left_value,
    pr.erp_system as right_system,
    pr.erp_external_id as right_id,
    reconciliation.money_text(
        (coalesce(cs.amount_minor, 0) + wa.amount_minor)::bigint, cy.factor, pr.currency
    ) || ' worked' as right_value,
    null as difference_seconds,
    (pr.cap_minor - coalesce(cs.amount_minor, 0) - wa.amount_minor)::bigint as difference_minor,
    least(
        wa.amount_minor, coalesce(cs.amount_minor, 0) + wa.amount_minor - pr.cap_minor
    )::bigint as at_risk_minor,
    pr.currency,
    'cap_reached' as cause,
    'Project ' || coalesce(pr.name, pr.project_id) || ' has a cap of '
    || reconciliation.money_text(pr.cap_minor, cy.factor, pr.currency) || '; '
    || reconciliation.money_text(
        least(
            wa.amount_minor, coalesce(cs.amount_minor, 0) + wa.amount_minor - pr.cap_minor
        )::bigint,
        cy.factor, pr.currency
    ) || ' of approved time is above it.' as detail,
    null as blocked_kind,
    null as blocked_id
from billing.projects as pr
inner join waiting as wa on pr.project_id = wa.project_id
left join consumed as cs on pr.project_id = cs.project_id
left join config.currencies as cy on pr.currency = cy.currency
where coalesce(cs.amount_minor, 0) + wa.amount_minor > pr.cap_minor
order by record_key;
