-- rule: TM16
-- title: Billable flag contradicts contract, task or project
-- severity: medium
-- owner: project_manager
-- blocks: yes
-- needs_period: yes
-- cause: master_data_incomplete
-- remedy: Correct the flag of the entry in the time system, or that of its task or project.
-- tolerance_holds: 0

with spoken as (
    select
        en.*,
        case
            when not en.is_billable then null
            when en.billing_type = 'internal' then 'project ' || en.project_id || ' is internal'
            when not en.project_is_billable
                then 'project ' || en.project_id || ' is not billable'
            when not en.task_is_billable
                then 'task ' || coalesce(en.task_id, en.task_external_id, '') || ' is not billable'
        end as why_not,
        not en.is_billable
        and en.task_is_billable
        and coalesce(en.project_is_billable, false)
        and en.billing_type = 'time_and_materials' as is_given_away,
        ra.amount_minor
    from billing.entries as en
    left join billing.rated_entries as ra on en.entry_id = ra.entry_id
    left join config.going_live as gl
        on en.legal_entity = gl.legal_entity and en.system = gl.time_system
    where
        en.is_primary
        and not coalesce(en.is_deleted, false)
        and en.approval_state = 'approved'
        and en.seconds <> 0
        and (gl.bill_from is null or en.work_date >= gl.bill_from)
)

select
    entry_id as record_key,
    coalesce(period, strftime(work_date, '%Y-%m')) as period,
    legal_entity,
    project_id,
    customer_key,
    entry_id,
    system as left_system,
    external_id as left_id,
    if(is_billable, 'billable', 'not billable') as left_value,
    null as right_system,
    coalesce(task_id, project_id) as right_id,
    coalesce(why_not, 'task and project are billable') as right_value,
    seconds as difference_seconds,
    null as difference_minor,
    amount_minor as at_risk_minor,
    if(amount_minor is null, null, currency) as currency,
    'master_data_incomplete' as cause,
    entry_id || ' of ' || work_date || ', ' || reconciliation.hours_text(seconds) || ', is marked '
    || if(is_billable, 'billable, but ' || why_not, 'not billable, but task and project are')
    || '.' as detail,
    if($tolerance_holds = 1, 'entry', null) as blocked_kind,
    if($tolerance_holds = 1, entry_id, null) as blocked_id
from spoken
where why_not is not null or is_given_away
order by record_key;
