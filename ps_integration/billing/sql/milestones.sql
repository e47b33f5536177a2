-- Fills billing.milestones: every milestone that was reached, and what became of it.
delete from billing.milestones;

insert into billing.milestones by name
with starts as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from config.going_live
    group by all
),

signed as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from ops.openings
    where signed_by is not null
    group by all
),

-- Lines that stand; a milestone all whose lines were taken back is decided anew.
our_lines as (
    select
        ll.object_id,
        bool_or(ll.is_posted) as is_posted,
        max_by(ll.document_ref, (ll.is_posted, ll.part, ll.correction_no)) as document_ref,
        max_by(ll.state, (ll.is_posted, ll.part, ll.correction_no)) as state,
        max_by(ll.posting_period, (ll.is_posted, ll.part, ll.correction_no)) as posting_period,
        max_by(ll.part, (ll.is_posted, ll.part, ll.correction_no)) as part,
        any_value(ap.project_id) as project_then,
        any_value(ap.legal_entity) as entity_then,
        any_value(ap.customer_key) as customer_then,
        any_value(ap.system) as system_then,
        any_value(ap.company) as company_then
    from live_lines as ll
    -- what was posted stays so until a person has released what changed
    left join billing.as_posted as ap
        on
            ll.object_id = ap.object_id
            and ap.object_kind = 'milestone'
            and ll.object_id not in (
                select pc.object_id
                from billing.posted_changes as pc
                where pc.object_kind = 'milestone' and pc.state = 'released'
            )
    where
        ll.object_kind = 'milestone'
        and not ll.is_voided
        and ll.object_id in (
            select lc.object_id
            from live_cells as lc
            where lc.object_kind = 'milestone' and lc.stands
        )
    group by ll.object_id
),

planned as (
    select
        pl.object_id,
        pl.part,
        pl.amount_minor,
        pl.version_sha256,
        max(doc.document_ref) as document_ref
    from ops.posting_lines as pl
    inner join ops.documents as doc on pl.document_ref = doc.document_ref
    where pl.object_kind = 'milestone' and pl.correction_no = 0 and doc.state = 'planned'
    group by all
),

reached as (
    select
        mi.system || ':' || mi.external_id as object_id,
        mi.system,
        mi.name,
        mi.amount_minor,
        mi.currency as own_currency,
        mi.reached_on,
        coalesce(mi.is_invoiced, false) as is_invoiced,
        min(xw.canonical_id) as project_id,
        count(distinct xw.canonical_id) as project_matches
    from canonical.milestones as mi
    left join canonical.crosswalk as xw
        on
            mi.system = xw.system
            and mi.project_external_id = xw.external_id
            and xw.object_kind = 'project'
            and coalesce(mi.reached_on, date '1900-01-01') >= xw.valid_from
            and coalesce(mi.reached_on, date '1900-01-01') < xw.valid_to
    where mi.is_reached
    group by all
),

facts as (
    select
        re.object_id,
        re.name,
        re.amount_minor,
        re.reached_on,
        re.is_invoiced,
        re.own_currency,
        coalesce(ol.project_then, re.project_id) as project_id,
        re.project_matches,
        coalesce(ol.entity_then, pr.legal_entity) as legal_entity,
        pr.currency,
        coalesce(ol.customer_then, pr.customer_key) as customer_key,
        pr.status,
        pr.billing_type,
        pr.is_billable as project_is_billable,
        coalesce(ol.system_then, pr.erp_system) as erp_system,
        coalesce(ol.company_then, pr.erp_company) as erp_company,
        pr.erp_external_id,
        coalesce(pr.revenue_account, nullif($revenue_account, '')) as revenue_account,
        strftime(re.reached_on, '%Y-%m') as period,
        coalesce(st.bill_from, sg.bill_from) as bill_from,
        sg.bill_from is not null as is_opened,
        ol.object_id is not null as has_lines,
        ol.is_posted,
        ol.state,
        ol.document_ref,
        ol.posting_period as billed_period,
        us.object_id is not null as was_billed,
        if(ol.object_id is not null, ol.part, coalesce(us.last_part, 0) + 1) as part,
        us.voided_ref,
        le.voided_policy,
        le.zero_lines,
        coalesce(
            hm.break_id, hp.break_id, hc.break_id, ho.break_id, ht.break_id, hx.break_id,
            ha.break_id
        ) as break_id,
        coalesce(hm.rule, hp.rule, hc.rule, ho.rule, ht.rule, hx.rule, ha.rule) as break_rule,
        coalesce(pp.state, 'unknown') as work_period_state,
        case
            when work_period_state = 'open' then 'open'
            when work_period_state = 'closed' then coalesce(le.closed_period_policy, 'hold')
            when work_period_state = 'not_open' then coalesce(le.future_period_policy, 'hold')
            else 'hold'
        end as period_policy,
        case
            when work_period_state = 'open' then strftime(re.reached_on, '%Y-%m')
            when period_policy <> 'shift' then null
            when work_period_state = 'closed' then pp.next_open
            when work_period_state = 'not_open' then pp.previous_open
        end as posting_period
    from reached as re
    left join billing.projects as pr on re.project_id = pr.project_id and re.project_matches = 1
    left join config.legal_entities as le on pr.legal_entity = le.legal_entity
    left join starts as st on pr.legal_entity = st.legal_entity
    left join signed as sg on pr.legal_entity = sg.legal_entity
    left join our_lines as ol on re.object_id = ol.object_id
    left join used_parts as us on re.object_id = us.object_id and us.object_kind = 'milestone'
    left join posting_periods as pp
        on
            pr.erp_system = pp.system
            and coalesce(pr.erp_company, '') = pp.company
            and strftime(re.reached_on, '%Y-%m') = pp.period
    left join holds as hm on re.object_id = hm.blocked_id and hm.blocked_kind = 'milestone'
    left join holds as hp on re.project_id = hp.blocked_id and hp.blocked_kind = 'project'
    left join holds as hc on pr.customer_key = hc.blocked_id and hc.blocked_kind = 'customer'
    left join holds as ho
        on pr.erp_system || ':' || pr.erp_company = ho.blocked_id and ho.blocked_kind = 'company'
    left join holds as ht on re.system = ht.blocked_id and ht.blocked_kind = 'system'
    left join holds as hx on pr.erp_system = hx.blocked_id and hx.blocked_kind = 'system'
    left join holds as ha on pr.psa_system = ha.blocked_id and ha.blocked_kind = 'system'
),

decided as (
    select
        *,
        case
            when has_lines then state
            when reached_on < bill_from then 'before_bill_from'
            when is_invoiced and not was_billed then 'invoiced_at_source'
            when voided_ref is not null and voided_policy = 'leave' then 'voided_and_left'
            when billing_type = 'internal' then 'internal_project'
            when not project_is_billable then 'project_not_billable'
            when voided_ref is not null and coalesce(voided_policy, 'hold') = 'hold'
                then 'voided_in_erp'
            when break_id is not null then 'break_' || lower(break_rule)
            when project_matches > 1 then 'project_ambiguous'
            when project_id is null then 'project_unmapped'
            when reached_on is null then 'reached_on_unknown'
            when amount_minor is null then 'amount_unknown'
            when amount_minor = 0 and not coalesce(zero_lines, false) then 'no_amount'
            when legal_entity is null then 'legal_entity_unknown'
            when currency is null then 'currency_unknown'
            when coalesce(own_currency <> currency, true) then 'currency_differs'
            when coalesce(status <> 'active', true) then 'project_not_active'
            when customer_key is null then 'customer_unknown'
            when erp_system is null or erp_company is null then 'no_erp_route'
            when erp_external_id is null then 'project_not_in_erp'
            when revenue_account is null then 'revenue_account_unknown'
            when period_policy = 'reject' then 'period_rejected'
            when not is_opened then 'opening_not_signed'
            when posting_period is not null then 'to_be_planned'
            when period_policy = 'shift' then 'no_open_period'
            when work_period_state = 'closed' then 'period_closed'
            when work_period_state = 'not_open' then 'period_not_open'
            else 'period_unknown'
        end as decided_reason
    from facts
)

select
    de.object_id,
    de.part,
    de.project_id,
    de.name,
    de.reached_on,
    coalesce(de.legal_entity, 'unassigned') as legal_entity,
    coalesce(de.own_currency, de.currency, 'unassigned') as currency,
    coalesce(de.period, 'unassigned') as period,
    de.amount_minor,
    de.customer_key,
    case
        when de.has_lines then if(de.is_posted, 'posted', 'queued')
        when de.decided_reason in ('before_bill_from', 'invoiced_at_source', 'voided_and_left')
            then 'settled_elsewhere'
        when de.decided_reason in ('internal_project', 'project_not_billable', 'no_amount')
            then 'non_billable'
        when de.decided_reason = 'to_be_planned' then 'queued'
        when
            de.decided_reason in (
                'opening_not_signed',
                'no_open_period',
                'period_closed',
                'period_not_open',
                'period_unknown'
            )
            then 'deferred'
        else 'excepted'
    end as disposition,
    if(pd.document_ref is not null, 'planned', de.decided_reason) as reason,
    if(starts_with(de.decided_reason, 'break_'), de.break_id, null) as break_id,
    coalesce(de.document_ref, pd.document_ref) as document_ref,
    case
        when de.has_lines then de.billed_period
        when de.decided_reason = 'to_be_planned' then de.posting_period
    end as posting_period,
    de.erp_system,
    de.erp_company
from decided as de
left join planned as pd
    on
        de.decided_reason = 'to_be_planned'
        and de.object_id = pd.object_id
        and de.part = pd.part
        and de.amount_minor = pd.amount_minor
        and canonical.milestone_sha(de.amount_minor, de.own_currency, de.reached_on)
        = pd.version_sha256;
