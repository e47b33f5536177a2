-- rule: TM14
-- title: Probable duplicate entries: same person, project, task, date, hours and note
-- severity: medium
-- owner: time_owner
-- blocks: no
-- needs_period: yes
-- cause: duplicate_entry
-- remedy: Delete the entry that was booked twice, or tell them apart by a note or by start times.

-- Entries that say when they began are alike only when they began at the same instant.
with spoken as (
    select
        en.*,
        lower(trim(regexp_replace(coalesce(te.note, ''), '\s+', ' ', 'g'))) as note,
        te.started_at,
        ra.amount_minor
    from billing.entries as en
    left join canonical.time_entries as te
        on en.system = te.system and en.external_id = te.external_id
    left join billing.rated_entries as ra on en.entry_id = ra.entry_id
    left join config.going_live as gl
        on en.legal_entity = gl.legal_entity and en.system = gl.time_system
    where
        en.is_primary
        and not coalesce(en.is_deleted, false)
        and en.approval_state <> 'rejected'
        and en.seconds > 0
        and (gl.bill_from is null or en.work_date >= gl.bill_from)
),

grouped as (
    select
        coalesce(resource_id, system || ':' || resource_external_id) as person,
        coalesce(project_id, system || ':' || project_external_id, '') as project,
        coalesce(task_id, task_external_id, '') as task,
        work_date,
        seconds,
        note,
        count(*) as copies,
        min(entry_id) as first_id,
        max(entry_id) as last_id,
        string_agg(entry_id, ', ' order by entry_id) as ids,
        any_value(legal_entity) as legal_entity,
        any_value(project_id) as project_id,
        any_value(customer_key) as customer_key,
        any_value(currency) as currency,
        any_value(period) as period,
        max(amount_minor) as amount_minor
    from spoken
    group by
        coalesce(resource_id, system || ':' || resource_external_id),
        coalesce(project_id, system || ':' || project_external_id, ''),
        coalesce(task_id, task_external_id, ''),
        work_date,
        seconds,
        note,
        started_at
    having count(*) > 1
)

select
    first_id as record_key,
    coalesce(period, strftime(work_date, '%Y-%m')) as period,
    legal_entity,
    project_id,
    customer_key,
    last_id as entry_id,
    split_part(first_id, ':', 1) as left_system,
    first_id as left_id,
    reconciliation.hours_text(seconds) as left_value,
    split_part(last_id, ':', 1) as right_system,
    last_id as right_id,
    copies || ' times ' || reconciliation.hours_text(seconds) as right_value,
    cast(seconds * (copies - 1) as bigint) as difference_seconds,
    null as difference_minor,
    cast(amount_minor * (copies - 1) as bigint) as at_risk_minor,
    currency,
    'duplicate_entry' as cause,
    'The entries ' || ids || ' of ' || work_date || ' are alike: same person, project, task, hours'
    || if(note = '', ', and no note.', ' and note.') as detail,
    null as blocked_kind,
    null as blocked_id
from grouped
order by record_key;
