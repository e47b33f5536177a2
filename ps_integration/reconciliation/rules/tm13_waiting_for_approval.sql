-- rule: TM13
-- title: Submitted, not approved past the SLA
-- severity: medium
-- owner: approver
-- blocks: no
-- needs_period: yes
-- cause: not_synced_yet
-- remedy: Approve or reject the entry in the time system.
-- tolerance_approval_days: 5

-- When an entry was submitted: by its own word, by that of the request that it is in, or at least
-- when it was first seen so.
with requests as (
    select
        system,
        entry_external_id,
        max(updated_at) as submitted_at
    from canonical.approvals
    where state = 'submitted'
    group by system, entry_external_id
),

first_seen as (
    select
        entry_id,
        min(first_seen_at) as submitted_at
    from canonical.entry_versions
    where approval_state = 'submitted'
    group by entry_id
)

select
    en.entry_id as record_key,
    coalesce(en.period, strftime(en.work_date, '%Y-%m')) as period,
    en.legal_entity,
    en.project_id,
    en.customer_key,
    en.entry_id,
    en.system as left_system,
    en.external_id as left_id,
    reconciliation.hours_text(en.seconds) || ' submitted' as left_value,
    null as right_system,
    null as right_id,
    'not approved' as right_value,
    en.seconds as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'not_synced_yet' as cause,
    en.entry_id || ' of ' || en.work_date::varchar || ' was submitted on '
    || config.day_of(
        coalesce(te.submitted_at, rq.submitted_at, fs.submitted_at), en.legal_entity
    )::varchar || ' and waits for approval.' as detail,
    null as blocked_kind,
    null as blocked_id
from billing.entries as en
inner join config.run as ru on en.approval_state = 'submitted'
left join canonical.time_entries as te
    on en.system = te.system and en.external_id = te.external_id
left join requests as rq on en.system = rq.system and en.external_id = rq.entry_external_id
left join first_seen as fs on en.entry_id = fs.entry_id
left join config.going_live as gl
    on en.legal_entity = gl.legal_entity and en.system = gl.time_system
where
    not coalesce(en.is_deleted, false)
    and en.is_primary
    and (gl.bill_from is null or en.work_date >= gl.bill_from)
    and coalesce(te.submitted_at, rq.submitted_at, fs.submitted_at)
    < ru.as_of - to_days($tolerance_approval_days)
order by record_key;
