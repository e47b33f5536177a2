-- A new version of every entry whose billing-relevant fields differ from its current version, and
-- one of every entry that is gone: in no canonical row, and not waiting in quarantine.
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

gone as (
    select
        cv.entry_id,
        cv.raw_seq,
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
    from canonical.current_versions as cv
    where
        not cv.is_deleted
        and not exists (
            select 1 from canonical.time_entries as te
            where te.system = cv.system and te.external_id = cv.external_id
        )
        and not exists (
            select 1 from quarantine.records as qr
            where
                qr.system = cv.system
                and qr.stream = cv.stream
                and qr.record_id = cv.record_id
        )
),

gone_raw as (
    select
        rr.system,
        rr.stream,
        rr.record_id,
        max(rr.raw_seq) as raw_seq
    from raw.records as rr
    semi join gone as go
        on rr.system = go.system and rr.stream = go.stream and rr.record_id = go.record_id
    group by all
),

gone_now as (
    select go.* replace (coalesce(gr.raw_seq, go.raw_seq) as raw_seq)
    from gone as go
    left join gone_raw as gr
        on go.system = gr.system and go.stream = gr.stream and go.record_id = gr.record_id
),

states as (
    select * from live
    union all by name
    select * from gone_now
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
