-- Fills note_pairs: two entries of one person, project, task, day and duration, in the order of
-- their ids. Entries that say when they began, and began at different times, are two.
create or replace temp table note_pairs as
with entries as materialized (
    select
        en.rowid as entry_row,
        hash(
            en.resource_id,
            en.project_id,
            coalesce(en.task_id, en.task_external_id, ''),
            en.work_date,
            en.seconds
        ) as bucket
    from billing.entries as en
    left join config.going_live as gl
        on en.legal_entity = gl.legal_entity and en.system = gl.time_system
    where
        en.is_primary
        and en.approval_state in ('submitted', 'approved')
        and not coalesce(en.is_deleted, false)
        and en.seconds > 0
        and en.resource_id is not null
        and en.project_id is not null
        and (gl.bill_from is null or en.work_date >= gl.bill_from)
),

crowded as (
    select bucket
    from entries
    group by bucket
    having count(*) > 1
),

crowded_rows as materialized (
    select
        ro.entry_row,
        ro.bucket
    from entries as ro
    semi join crowded as cr on ro.bucket = cr.bucket
),

-- all columns are read of these rows only
noted as materialized (
    select
        en.entry_id,
        en.system,
        en.external_id,
        en.resource_id,
        en.project_id,
        coalesce(en.task_id, en.task_external_id, '') as task,
        en.work_date,
        en.seconds,
        cr.bucket,
        te.started_at,
        trim(coalesce(te.note, '')) as note
    from crowded_rows as cr
    inner join billing.entries as en on cr.entry_row = en.rowid
    left join canonical.time_entries as te
        on en.system = te.system and en.external_id = te.external_id
)

select
    fi.entry_id as left_key,
    se.entry_id as right_key,
    fi.system as left_system,
    fi.external_id as left_id,
    fi.note as left_text,
    se.note as right_text
from noted as fi
inner join noted as se
    on
        fi.bucket = se.bucket
        and fi.resource_id = se.resource_id
        and fi.project_id = se.project_id
        and fi.task = se.task
        and fi.work_date = se.work_date
        and fi.seconds = se.seconds
        and fi.entry_id < se.entry_id
where fi.started_at is null or se.started_at is null or fi.started_at = se.started_at;
