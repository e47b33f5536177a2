-- Why each object that owes a correction owes it, and the first thing that its correction waits
-- for. A correction goes out whole or not at all.
create or replace temp table dated_drafts as
with sources as (
    select
        pr.project_id,
        min(pr.psa_system) as psa_system,
        (
            select max(rs.value) from config.rule_settings as rs
            where rs.rule = 'RATES' and rs.setting = 'source'
        ) as rates_source
    from billing.projects as pr
    group by pr.project_id
)

select
    dr.*,
    th.revenue_account as today_account,
    coalesce(pp.state, 'unknown') as work_period_state,
    case
        when work_period_state = 'open' then 'open'
        when work_period_state = 'closed' then coalesce(le.closed_period_policy, 'hold')
        when work_period_state = 'not_open' then coalesce(le.future_period_policy, 'hold')
        else 'hold'
    end as period_policy,
    case
        when work_period_state = 'open' then dr.period
        when period_policy <> 'shift' then null
        when work_period_state = 'closed' then pp.next_open
        when work_period_state = 'not_open' then pp.previous_open
    end as posting_period,
    case
        when dr.content is not null
            then json_extract_string(dr.content, '$.project_external_id')
        when th.erp_system = dr.system and coalesce(th.erp_company, '') = coalesce(dr.company, '')
            then th.project_external_id
    end as project_external_id,
    if(
        dr.content is null, th.purchase_order, json_extract_string(dr.content, '$.purchase_order')
    ) as purchase_order,
    if(dr.content is null, th.tax_code, json_extract_string(dr.content, '$.tax_code')) as tax_code,
    if(dr.content is null, th.cost_centre, json_extract_string(dr.content, '$.cost_centre'))
        as cost_centre,
    if(dr.content is null, th.revenue_account, json_extract_string(dr.content, '$.revenue_account'))
        as revenue_account,
    coalesce(ho.rule, hp.rule, hc.rule, hy.rule, ht.rule, hx.rule, ha.rule, hr.rule) as break_rule,
    coalesce(
        ho.break_id, hp.break_id, hc.break_id, hy.break_id, ht.break_id, hx.break_id, ha.break_id,
        hr.break_id
    ) as break_id,
    dr.content is not null or dr.legal_entity in (
        select op.legal_entity from ops.openings as op
        where op.signed_by is not null and op.time_system = split_part(dr.object_id, ':', 1)
    ) or dr.object_kind = 'milestone' as is_opened
from correction_drafts as dr
left join today_headers as th on dr.project_id = th.project_id
left join config.legal_entities as le on dr.legal_entity = le.legal_entity
left join posting_periods as pp
    on
        dr.system = pp.system
        and coalesce(dr.company, '') = pp.company
        and dr.period = pp.period
left join holds as ho
    on
        dr.object_id = ho.blocked_id
        and ho.blocked_kind = if(dr.object_kind = 'milestone', 'milestone', 'entry')
left join holds as hp on dr.project_id = hp.blocked_id and hp.blocked_kind = 'project'
left join holds as hc on dr.customer_key = hc.blocked_id and hc.blocked_kind = 'customer'
left join holds as hy
    on dr.system || ':' || dr.company = hy.blocked_id and hy.blocked_kind = 'company'
left join holds as ht
    on split_part(dr.object_id, ':', 1) = ht.blocked_id and ht.blocked_kind = 'system'
left join holds as hx on dr.system = hx.blocked_id and hx.blocked_kind = 'system'
left join sources as ps on dr.project_id = ps.project_id
left join holds as ha on ps.psa_system = ha.blocked_id and ha.blocked_kind = 'system'
left join holds as hr on ps.rates_source = hr.blocked_id and hr.blocked_kind = 'system';

-- What would be corrected because a project, person or task has got another number, or two were
-- merged, where a system knows them by that number alone: a person says whether they are the same.
create or replace temp table renumbered_objects as
select
    ll.object_kind,
    ll.object_id,
    min(
        rv.object_kind || ' ' || rv.was || ', which ' || rv.system || ' no longer lists, is now '
        || rv.now
    ) as said
from live_lines as ll
inner join canonical.renumbered_versions as rv
    on ll.object_id = rv.entry_id and ll.version_sha256 = rv.version_sha256
where
    ll.object_kind = 'time_entry'
    and not ll.is_voided
    and ll.correction is distinct from 'reversal'
group by all;

create or replace temp table correction_states as
with drafts as (
    select
        object_kind,
        object_id,
        min(case
            when break_rule is not null then '1|break_' || lower(break_rule)
            when customer_key is null then '2|customer_unknown'
            when system is null or company is null then '2|no_erp_route'
            when project_external_id is null then '2|project_not_in_erp'
            when revenue_account is null then '2|revenue_account_unknown'
            when correction = 'rebill' and seconds < 0 then '2|negative_hours'
            when not is_opened then '2|opening_not_signed'
            when posting_period is not null then null
            when period_policy = 'reject' then '3|period_rejected'
            when period_policy = 'shift' then '4|no_open_period'
            when work_period_state = 'closed' then '4|period_closed'
            when work_period_state = 'not_open' then '4|period_not_open'
            else '4|period_unknown'
        end) as problem,
        min(period) filter (where posting_period is null) as stuck_period
    from dated_drafts
    group by all
),

cells as (
    select
        object_kind,
        object_id,
        bool_or(
            is_due_here
            and not is_billed_here
            -- moved to where no room is left under the cap, it is due there and waits
            and (
                owed_minor <> 0
                or object_id in (
                    select di.entry_id from billing.dispositions as di
                    where di.reason in ('cap_used_up', 'cap_currency_differs')
                )
            )
        ) as is_moved
    from correction_cells
    group by all
    having bool_or(owed_minor <> 0)
),

-- A reversal in force takes back what the ERP has cancelled by itself.
edited as (
    select
        li.object_kind,
        li.object_id,
        bool_or(li.version_sha256 <> co.version_sha256) as is_edited,
        bool_or(coalesce(li.correction = 'reversal', false)) as is_reversed_twice
    from lines_in_force as li
    inner join correction_objects as co
        on li.object_kind = co.object_kind and li.object_id = co.object_id
    where li.is_wrong_here
    group by all
)

select
    co.object_kind,
    co.object_id,
    co.version_sha256,
    case
        when co.object_kind = 'milestone' and co.target_minor = 0 then 'milestone_withdrawn'
        when co.object_kind = 'milestone' then 'milestone_changed'
        when co.is_deleted then 'deleted_after_posting'
        when not co.is_approved then 'approval_withdrawn'
        when ce.is_moved then 'moved'
        when co.voided_ref is not null and ed.is_reversed_twice then 'voided_in_erp'
        when co.target_minor = 0 then 'no_longer_billable'
        when ed.is_edited then 'edited_after_posting'
        when co.voided_ref is not null then 'voided_in_erp'
        else 'rate_changed_late'
    end as reason,
    case
        when co.in_flight_ref is not null then 'in_flight'
        when po.policy = 'ask' then 'policy_asks'
        when rn.object_id is not null then 'renumbering_suspected'
        when co.voided_ref is not null and po.holds_voided then 'voided_in_erp'
        else coalesce(split_part(dr.problem, '|', 2), 'to_be_planned')
    end as state,
    case
        when state = 'in_flight'
            then
                'Waits until the ERP has answered about ' || co.in_flight_ref || ' ('
                || co.in_flight_state || ').'
        when state = 'policy_asks'
            then 'Policy asks before corrections; nothing is planned until it says how.'
        when state = 'renumbering_suspected'
            then
                'Looks renumbered or merged: ' || rn.said || '. Nothing is credited until a person '
                || 'links them in the crosswalk section of the firm file, or releases it.'
        when state = 'voided_in_erp'
            then
                'Document ' || co.voided_ref
                || ' was cancelled or deleted in the ERP and policy does not bill it again.'
        when starts_with(state, 'period_') or state = 'no_open_period'
            then 'Period ' || dr.stuck_period || ': ' || replace(state, '_', ' ') || '.'
        when state = 'to_be_planned' then 'Ready for the next batch.'
        else 'Held: ' || replace(state, '_', ' ') || '.'
    end as evidence
from correction_objects as co
inner join cells as ce on co.object_kind = ce.object_kind and co.object_id = ce.object_id
left join correction_policies as po
    on co.object_kind = po.object_kind and co.object_id = po.object_id
left join drafts as dr on co.object_kind = dr.object_kind and co.object_id = dr.object_id
left join edited as ed on co.object_kind = ed.object_kind and co.object_id = ed.object_id
left join renumbered_objects as rn
    on co.object_kind = rn.object_kind and co.object_id = rn.object_id;
