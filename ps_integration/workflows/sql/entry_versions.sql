-- A new version of every entry whose billing-relevant fields differ from its current version, and
-- one of every entry that is gone. Gone needs evidence: the newest raw row of its record is a
-- tombstone, or was understood and says otherwise. An entry that is merely in no canonical row was
-- not deleted; that it does not follow from raw is for the link checks to say.
insert into canonical.entry_versions by name
with live as (
    select
        system || ':' || external_id as entry_id,
        raw_seq,
        system,
        stream,
        record_id,
        external_id,
        resource_external_id,
        project_external_id,
        task_external_id,
        role,
        work_date,
        seconds,
        is_billable,
        approval_state,
        false as is_deleted,
        approved_at
    from canonical.entry_states
    where work_date is not null
),

-- Versions in no canonical row: few, so that raw is looked up for them alone.
absent as (
    select cv.*
    from canonical.current_versions as cv
    where
        not cv.is_deleted
        and not exists (
            select 1 from canonical.time_entries as te
            where te.system = cv.system and te.external_id = cv.external_id
        )
),

newest as (
    select
        rr.system,
        rr.stream,
        rr.record_id,
        max(rr.raw_seq) as raw_seq,
        max_by(rr.is_tombstone, rr.raw_seq) as is_tombstone
    from raw.records as rr
    semi join absent as ab
        on rr.system = ab.system and rr.stream = ab.stream and rr.record_id = ab.record_id
    group by all
),

-- Its record is another entry now, or was understood and is none.
says_otherwise as (
    select
        te.system,
        te.stream,
        te.record_id
    from canonical.time_entries as te
    semi join absent as ab
        on te.system = ab.system and te.stream = ab.stream and te.record_id = ab.record_id
    union distinct
    select
        wr.system,
        wr.stream,
        wr.record_id
    from canonical.without_rows as wr
    where wr.object = 'time_entries'
),

gone as (
    select
        cv.entry_id,
        ne.raw_seq,
        cv.system,
        cv.stream,
        cv.record_id,
        cv.external_id,
        cv.resource_external_id,
        cv.project_external_id,
        cv.task_external_id,
        cv.role,
        cv.work_date,
        cv.seconds,
        cv.is_billable,
        cv.approval_state,
        true as is_deleted,
        cv.approved_at
    from absent as cv
    inner join newest as ne
        on
            cv.system = ne.system
            and cv.stream = ne.stream
            and cv.record_id = ne.record_id
    left join says_otherwise as so
        on
            cv.system = so.system
            and cv.stream = so.stream
            and cv.record_id = so.record_id
    where ne.is_tombstone or so.record_id is not null
),

states as (
    select * from live
    union all by name
    select * from gone
),

hashed as (
    select
        *,
        sha256(concat_ws(
            chr(31),
            coalesce(resource_external_id, chr(30)),
            coalesce(project_external_id, chr(30)),
            coalesce(task_external_id, chr(30)),
            coalesce(role, chr(30)),
            cast(work_date as varchar),
            cast(seconds as varchar),
            coalesce(cast(is_billable as varchar), chr(30)),
            approval_state,
            cast(is_deleted as varchar)
        )) as version_sha256
    from states
)

select
    ha.entry_id,
    coalesce(cv.version_no, 0) + 1 as version_no,
    ha.version_sha256,
    ha.raw_seq,
    ha.system,
    ha.stream,
    ha.record_id,
    ha.external_id,
    ha.resource_external_id,
    ha.project_external_id,
    ha.task_external_id,
    ha.role,
    ha.work_date,
    ha.seconds,
    ha.is_billable,
    ha.approval_state,
    ha.is_deleted,
    case
        when ha.approval_state <> 'approved' then null
        when ha.approved_at is not null then ha.approved_at
        when cv.approval_state = 'approved' then cv.approved_at
        else $as_of
    end as approved_at,
    case
        when ha.approval_state <> 'approved' then false
        when ha.is_deleted then cv.is_approved_at_observed
        else ha.approved_at is null
    end as is_approved_at_observed,
    $as_of as first_seen_at,
    $run_id as run_id
from hashed as ha
left join canonical.current_versions as cv on ha.entry_id = cv.entry_id
where cv.version_sha256 is distinct from ha.version_sha256;
