-- The part of every approved entry that is in no document yet, and the first gate that stops it.
-- What a billed entry has grown by under a cap goes through the same gates, for it claims room only
-- while nothing holds it (`is_growth`: all of the entry).
create or replace temp table open_portions as
select
    ae.entry_id,
    ae.system,
    ae.version_no,
    ae.version_sha256,
    ae.resource_id,
    ae.project_id,
    ae.task_id,
    ae.resource_matches,
    ae.project_matches,
    ae.task_name,
    ae.work_date,
    ae.seconds,
    ae.is_billable,
    ae.is_invoiced,
    ae.legal_entity,
    ae.currency,
    ae.period,
    ae.customer_key,
    ae.billing_type,
    ae.project_is_billable,
    ae.task_is_billable,
    ae.erp_system,
    ae.erp_company,
    ae.period_state,
    ae.rounding,
    ae.factor,
    ae.scale,
    coalesce(us.last_part, 0) + 1 as part,
    coalesce(be.is_changed, false) as is_growth,
    ae.seconds - if(is_growth, 0, coalesce(be.billed_seconds, 0)) as open_seconds,
    coalesce(greatest(be.written_off_minor, 0), 0) as written_off_minor,
    wo.entry_id is not null as is_decided,
    wo.part as off_part,
    wo.amount_minor as off_minor,
    wo.reason as write_off_reason,
    wo.decided_by,
    wo.seconded_by,
    us.object_id is not null as has_lines,
    coalesce(be.is_correcting, false) as is_correcting,
    coalesce(be.is_in_flight, false) as is_in_flight,
    us.voided_ref,
    ra.unit_price,
    ra.problem,
    if(is_growth or be.entry_id is null, 0, be.billed_minor) as taken_minor,
    case
        when not ae.is_by_the_hour then 0
        else minor_of(
            hours_at(ae.seconds, ae.scale), ra.unit_price, ae.factor, ae.rounding
        ) - taken_minor
    end as amount_minor
from approved_entries as ae
left join billed_entries as be on ae.entry_id = be.entry_id
left join used_parts as us on ae.entry_id = us.object_id and us.object_kind = 'time_entry'
left join write_offs as wo on ae.entry_id = wo.entry_id
left join billing.rated_entries as ra on ae.entry_id = ra.entry_id
where
    be.entry_id is null
    or (not be.is_changed and ae.seconds > be.billed_seconds)
    or (
        be.is_changed
        and (
            be.written_off_minor > 0
            or (ae.project_id, ae.currency) in (
                select (po.project_id, po.currency) from billing.cap_pools as po
            )
        )
    );

create or replace temp table gates as
with settings as (
    select max(value) as rates_source
    from config.rule_settings
    where rule = 'RATES' and setting = 'source'
),

starts as (
    select
        legal_entity,
        time_system,
        min(bill_from) as bill_from
    from config.going_live
    group by all
),

signed as (
    select
        legal_entity,
        time_system,
        max(bill_from) as bill_from
    from ops.openings
    where signed_by is not null
    group by all
),

projects as (
    select
        project_id,
        min(psa_system) as psa_system,
        min(erp_system) as erp_system,
        min(erp_company) as erp_company,
        min(erp_external_id) as erp_external_id,
        coalesce(min(revenue_account), nullif($revenue_account, '')) as revenue_account
    from billing.projects
    group by all
),

facts as (
    select
        op.entry_id,
        op.system,
        op.version_no,
        op.version_sha256,
        op.resource_id,
        op.project_id,
        op.task_id,
        op.resource_matches,
        op.project_matches,
        op.task_name,
        op.work_date,
        op.seconds,
        op.is_billable,
        op.is_invoiced,
        op.legal_entity,
        op.currency,
        op.period,
        op.customer_key,
        op.billing_type,
        op.project_is_billable,
        op.task_is_billable,
        op.is_growth,
        op.is_in_flight,
        op.written_off_minor,
        op.erp_system,
        op.erp_company,
        op.period_state,
        op.rounding,
        op.factor,
        op.scale,
        op.part,
        op.open_seconds,
        op.has_lines,
        op.is_correcting,
        op.voided_ref,
        le.voided_policy,
        le.zero_lines,
        op.unit_price,
        op.problem,
        op.amount_minor,
        coalesce(st.bill_from, sg.bill_from) as bill_from,
        sg.bill_from is not null and sg.bill_from = coalesce(st.bill_from, sg.bill_from)
            as is_opened,
        bh.evidence as billed_by_hand,
        pb.evidence as probably_billed,
        op.is_decided
        and not op.is_growth
        and coalesce(op.amount_minor <= op.off_minor, true) as is_written_off,
        op.off_part,
        op.off_minor,
        op.write_off_reason,
        op.decided_by,
        op.seconded_by,
        if(
            pr.erp_system = op.erp_system
            and coalesce(pr.erp_company, '') = coalesce(op.erp_company, ''),
            pr.erp_external_id,
            null
        ) as erp_external_id,
        pr.revenue_account,
        coalesce(
            he.break_id, hp.break_id, hc.break_id, ho.break_id, ht.break_id, hx.break_id,
            ha.break_id, hr.break_id
        ) as break_id,
        coalesce(he.rule, hp.rule, hc.rule, ho.rule, ht.rule, hx.rule, ha.rule, hr.rule)
            as break_rule,
        case
            when he.break_id is not null then 'this entry'
            when hp.break_id is not null then 'project ' || op.project_id
            when hc.break_id is not null then 'customer ' || op.customer_key
            when ho.break_id is not null
                then 'company ' || op.erp_company || ' of ' || op.erp_system
            when ht.break_id is not null then 'system ' || op.system
            when hx.break_id is not null then 'system ' || op.erp_system
            when ha.break_id is not null then 'system ' || pr.psa_system
            else 'system ' || se.rates_source
        end as held_thing,
        coalesce(pp.state, op.period_state, 'unknown') as work_period_state,
        case
            when work_period_state = 'open' then 'open'
            when work_period_state = 'closed' then coalesce(le.closed_period_policy, 'hold')
            when work_period_state = 'not_open' then coalesce(le.future_period_policy, 'hold')
            else 'hold'
        end as period_policy,
        case
            when work_period_state = 'open' then op.period
            when period_policy <> 'shift' then null
            when work_period_state = 'closed' then pp.next_open
            when work_period_state = 'not_open' then pp.previous_open
        end as posting_period
    from open_portions as op
    cross join settings as se
    left join starts as st on op.legal_entity = st.legal_entity and op.system = st.time_system
    left join signed as sg on op.legal_entity = sg.legal_entity and op.system = sg.time_system
    left join reconciliation.billed_by_hand as bh on op.entry_id = bh.entry_id
    left join reconciliation.probably_billed_by_hand as pb on op.entry_id = pb.entry_id
    left join projects as pr on op.project_id = pr.project_id
    left join config.legal_entities as le on op.legal_entity = le.legal_entity
    left join posting_periods as pp
        on
            op.erp_system = pp.system
            and coalesce(op.erp_company, '') = pp.company
            and op.period = pp.period
    left join holds as he on op.entry_id = he.blocked_id and he.blocked_kind = 'entry'
    left join holds as hp on op.project_id = hp.blocked_id and hp.blocked_kind = 'project'
    left join holds as hc on op.customer_key = hc.blocked_id and hc.blocked_kind = 'customer'
    left join holds as ho
        on op.erp_system || ':' || op.erp_company = ho.blocked_id and ho.blocked_kind = 'company'
    left join holds as ht on op.system = ht.blocked_id and ht.blocked_kind = 'system'
    left join holds as hx on op.erp_system = hx.blocked_id and hx.blocked_kind = 'system'
    left join holds as ha on pr.psa_system = ha.blocked_id and ha.blocked_kind = 'system'
    left join holds as hr on se.rates_source = hr.blocked_id and hr.blocked_kind = 'system'
),

judged as (
    select
        entry_id,
        system,
        version_no,
        version_sha256,
        resource_id,
        project_id,
        task_id,
        task_name,
        work_date,
        legal_entity,
        currency,
        period,
        is_growth,
        is_in_flight,
        written_off_minor,
        off_part,
        off_minor,
        erp_system,
        rounding,
        factor,
        scale,
        part,
        open_seconds,
        unit_price,
        amount_minor,
        bill_from,
        billed_by_hand,
        probably_billed,
        write_off_reason,
        decided_by,
        seconded_by,
        break_id,
        break_rule,
        held_thing,
        work_period_state,
        posting_period,
        voided_ref,
        case
            when work_date < bill_from then 'before_bill_from'
            when is_invoiced and not has_lines then 'invoiced_at_source'
            when billed_by_hand is not null then 'billed_by_hand'
            when voided_ref is not null and voided_policy = 'leave' then 'voided_and_left'
            when is_written_off then 'written_off'
            when not is_billable then 'entry_not_billable'
            when not task_is_billable then 'task_not_billable'
            when billing_type = 'internal' then 'internal_project'
            when not project_is_billable then 'project_not_billable'
            when seconds = 0 then 'no_hours'
            when billing_type = 'milestone' then 'billed_by_milestone'
            when billing_type = 'fixed_fee' then 'billed_by_fixed_fee'
            when voided_ref is not null and coalesce(voided_policy, 'hold') = 'hold'
                then 'voided_in_erp'
            when break_id is not null then 'break_' || lower(break_rule)
            when coalesce(project_matches, 1) > 1 then 'project_ambiguous'
            when project_id is null then 'project_unmapped'
            when coalesce(resource_matches, 1) > 1 then 'resource_ambiguous'
            when resource_id is null then 'resource_unmapped'
            when legal_entity is null then 'legal_entity_unknown'
            when currency is null then 'currency_unknown'
            when billing_type is null then 'billing_type_unknown'
            when problem is not null then problem
            when amount_minor is null then 'not_priced'
            when amount_minor = 0 and not coalesce(zero_lines, false) then 'no_amount'
            when customer_key is null then 'customer_unknown'
            when erp_system is null or erp_company is null then 'no_erp_route'
            when erp_external_id is null then 'project_not_in_erp'
            when revenue_account is null then 'revenue_account_unknown'
            when period_policy = 'reject' then 'period_rejected'
            when not is_opened then 'opening_not_signed'
            when is_correcting then 'correction_in_flight'
            when probably_billed is not null then 'probably_billed_by_hand'
            when posting_period is not null then 'to_be_planned'
            when period_policy = 'shift' then 'no_open_period'
            when work_period_state = 'closed' then 'period_closed'
            when work_period_state = 'not_open' then 'period_not_open'
            else 'period_unknown'
        end as reason
    from facts
),

-- Of what was decided about less than is open, only that is written off; the rest is due.
split as (
    select
        *,
        case
            when is_growth then written_off_minor
            when
                reason in (
                    'before_bill_from', 'invoiced_at_source', 'billed_by_hand', 'voided_and_left',
                    'written_off'
                )
                then 0
            else greatest(coalesce(off_minor, 0), 0)
        end as now_off_minor
    from judged
)

select
    * exclude (off_minor, now_off_minor) replace (
        now_off_minor as written_off_minor,
        case
            when reason = 'written_off' then off_part
            when now_off_minor > 0 and off_part = part then part + 1
            else part
        end as part
    )
from split;
