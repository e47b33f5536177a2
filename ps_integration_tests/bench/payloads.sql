-- Time entries as Harvest sends them (API v2, time entries), straight into raw: five a day per
-- person over the working days of March 2026. The variable `people` says how many there are.
insert into raw.records by name
with entries as (
    select
        n,
        coalesce(getvariable('people'), 10000) as people,
        n % people as person,
        n // (5 * people) as day,
        hash(person, day) % (people // 5) as project,
        hash(n) % 3 as task,
        date '2026-03-02' + (day + 2 * (day // 5))::integer as spent_date,
        (hash(n, 'seconds') % 20 + 1) * 432 as seconds,
        hash(n, 'state') % 100 as luck
    from range($entries) as r (n)
)

select
    n + 1 as raw_seq,
    'harvest' as system,
    'time_entries' as stream,
    n::varchar as record_id,
    to_json({
        'id': n,
        'spent_date': spent_date::varchar,
        'hours': (seconds / 3600.0)::decimal(9, 2),
        'rounded_hours': (seconds / 3600.0)::decimal(9, 2),
        'notes': 'Work on project ' || project,
        'is_locked': true,
        'locked_reason': 'Item Approved and Locked for this Time Period',
        'approval_status': case when luck < 97 then 'approved' else 'submitted' end,
        'is_closed': false,
        'is_billed': false,
        'timer_started_at': null,
        'started_time': null,
        'ended_time': null,
        'is_running': false,
        'billable': luck % 10 <> 9,
        'budgeted': true,
        'billable_rate': null,
        'cost_rate': null,
        'created_at': spent_date::varchar || 'T18:00:00Z',
        'updated_at': spent_date::varchar || 'T18:00:00Z',
        'user': {'id': person, 'name': 'Person ' || person},
        'client': {
            'id': project % 300,
            'name': 'Client ' || project % 300,
            'currency': ['USD', 'GBP', 'EUR'][(1 + project % 3)::integer]
        },
        'project': {'id': project, 'name': 'Project ' || project, 'code': 'P-' || project},
        'task': {'id': task, 'name': 'Task ' || task},
        'invoice': null,
        'external_reference': null
    })::varchar as payload,
    sha256(payload) as payload_sha256,
    false as is_tombstone,
    spent_date::timestamptz as source_updated_at,
    timestamptz '2026-04-01 02:00:00+00' as fetched_at,
    'bench' as run_id,
    spent_date::varchar as source_day
from entries;
