-- Fills billing.broken_links: where a record does not follow from the one before it on the way from
-- what a system sent to what is due. Each row names the table, the record and what is wrong. It is
-- asked after both equations and uses their own count (own_entries, own_amounts).
create or replace temp table time_rows as
with streams as (
    select
        system,
        stream
    from canonical.time_entries
    union distinct
    select
        system,
        stream
    from quarantine.records
    where object = 'time_entries'
)

select rr.*
from raw.records as rr
semi join streams as st on rr.system = st.system and rr.stream = st.stream;

create or replace temp table known_versions as
with rows_of as (
    select
        ev.entry_id,
        ev.version_no,
        count(*) as raw_rows,
        bool_and(
            rr.system = ev.system and rr.stream = ev.stream and rr.record_id = ev.record_id
        ) as is_same
    from canonical.entry_versions as ev
    inner join raw.records as rr on ev.raw_seq = rr.raw_seq
    group by all
)

select
    ev.*,
    coalesce(rr.raw_rows, 0) as raw_rows,
    coalesce(rr.is_same, false) as is_of_its_row,
    row_number() over (partition by ev.entry_id order by ev.version_no) as place,
    ev.version_no = max(ev.version_no) over (partition by ev.entry_id) as is_current
from canonical.entry_versions as ev
left join rows_of as rr on ev.entry_id = rr.entry_id and ev.version_no = rr.version_no;

create or replace temp table readable_versions as
select kv.*
from known_versions as kv
where
    kv.is_current
    and not exists (
        select 1 from quarantine.records as qu
        where
            qu.system = kv.system and qu.stream = kv.stream and qu.record_id = kv.record_id
    );

delete from billing.broken_links;

-- Raw: what was received, whole, once, in one unbroken sequence, as many as the reads counted.
insert into billing.broken_links by name
with numbered as (
    select
        raw_seq,
        lag(raw_seq, 1, 0) over (order by raw_seq) as before
    from raw.records
),

landed as (
    select
        run_id,
        system,
        stream,
        count(*) filter (where not is_tombstone) as records
    from raw.records
    group by all
),

counted as (
    select
        run_id,
        system,
        stream,
        sum(records_changed) as records
    from raw.reads
    where records_changed is not null
    group by all
)

select
    'completeness' as equation,
    'raw.records' as table_name,
    cast(raw_seq as varchar) as record_key,
    case
        when coalesce(is_tombstone, payload is not null) <> (payload is null)
            then 'has a payload and a tombstone, or neither'
        else 'the payload is not the one that was received'
    end as problem
from raw.records
where
    is_tombstone is null
    or is_tombstone <> (payload is null)
    or payload_sha256 is distinct from sha256(payload)
union all
select
    'completeness' as equation,
    'raw.records' as table_name,
    coalesce(cast(raw_seq as varchar), '') as record_key,
    if(
        raw_seq = before,
        'is there twice',
        'the rows after ' || before || ' and before it are gone'
    ) as problem
from numbered
where raw_seq is distinct from before + 1
union all
select
    'completeness' as equation,
    'raw.records' as table_name,
    coalesce(la.run_id, co.run_id) || ' ' || coalesce(la.system, co.system) || ' '
    || coalesce(la.stream, co.stream) as record_key,
    coalesce(la.records, 0) || ' records are there, ' || coalesce(co.records, 0) || ' were read'
        as problem
from landed as la
full outer join counted as co
    on la.run_id = co.run_id and la.system = co.system and la.stream = co.stream
where coalesce(la.records, 0) <> coalesce(co.records, 0) or co.run_id is null
union all
select
    'completeness' as equation,
    'raw.records' as table_name,
    cast(tr.raw_seq as varchar) as record_key,
    'became no entry and is not in quarantine' as problem
from time_rows as tr
anti join known_versions as kv
    on tr.system = kv.system and tr.stream = kv.stream and tr.record_id = kv.record_id
anti join quarantine.records as qu
    on tr.system = qu.system and tr.stream = qu.stream and tr.record_id = qu.record_id
-- a record that was deleted before it could be read became none
anti join time_rows as de
    on
        tr.system = de.system
        and tr.stream = de.stream
        and tr.record_id = de.record_id
        and tr.raw_seq < de.raw_seq
        and de.is_tombstone
where not tr.is_tombstone;

-- Quarantine: each row of the newest raw row of its record, and no row twice.
insert into billing.broken_links by name
select
    'completeness' as equation,
    'quarantine.records' as table_name,
    coalesce(qu.system, '') || ' ' || coalesce(qu.stream, '') || ' ' || coalesce(qu.record_id, '')
        as record_key,
    if(any_value(cr.raw_seq) is null, 'is not of a newest raw row', 'is there twice') as problem
from quarantine.records as qu
left join raw.current_records as cr
    on
        qu.system = cr.system
        and qu.stream = cr.stream
        and qu.record_id = cr.record_id
        and qu.raw_seq = cr.raw_seq
group by qu.system, qu.stream, qu.record_id, qu.object, qu.rule, qu.field, qu.value
having any_value(cr.raw_seq) is null or count(*) > 1;

-- Versions: each from its raw row, numbered without a gap, its hash that of its fields.
insert into billing.broken_links by name
with judged as (
    select
        entry_id,
        version_no,
        coalesce(place = version_no, false) as is_in_place,
        coalesce(entry_id = system || ':' || external_id, false) as is_its_id,
        raw_rows = 1 as has_its_row,
        is_of_its_row,
        coalesce(version_sha256 = sha256(concat_ws(
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
        )), false) as is_its_hash
    from known_versions
)

select
    'completeness' as equation,
    'canonical.entry_versions' as table_name,
    coalesce(entry_id, '') || ' version ' || coalesce(cast(version_no as varchar), '')
        as record_key,
    case
        when not is_in_place then 'is there twice, or one before it is missing'
        when not is_its_id then 'has the id of another'
        when not has_its_row then 'has no raw row, or two'
        when not is_of_its_row then 'is of a raw row of another record'
        else 'is not what its hash says'
    end as problem
from judged
where not (is_in_place and is_its_id and has_its_row and is_of_its_row and is_its_hash);

-- What the sources say now is what the current versions say.
insert into billing.broken_links by name
with said as (
    select
        es.*,
        cr.raw_seq is not null as is_newest,
        count(*) over (partition by es.system, es.external_id) as copies
    from canonical.entry_states as es
    left join raw.current_records as cr
        on
            es.system = cr.system
            and es.stream = cr.stream
            and es.record_id = cr.record_id
            and es.raw_seq = cr.raw_seq
    where es.work_date is not null
),

live as (
    select *
    from readable_versions
    where not is_deleted
)

select
    'completeness' as equation,
    'canonical.time_entries' as table_name,
    coalesce(sa.system || ':' || sa.external_id, rv.entry_id) as record_key,
    case
        when sa.system is null then 'is gone, and its version is not deleted'
        when rv.entry_id is null then 'has no version'
        when sa.copies > 1 then 'is there twice'
        when not sa.is_newest then 'is not of its newest raw row'
        else 'is not what its version says'
    end as problem
from said as sa
full outer join live as rv
    on sa.system || ':' || sa.external_id = rv.entry_id
where
    sa.copies > 1
    or not sa.is_newest
    or row(
        sa.stream,
        sa.record_id,
        sa.resource_external_id,
        sa.project_external_id,
        sa.task_external_id,
        sa.role,
        sa.work_date,
        sa.seconds,
        sa.is_billable,
        sa.approval_state
    ) is distinct from row(
        rv.stream,
        rv.record_id,
        rv.resource_external_id,
        rv.project_external_id,
        rv.task_external_id,
        rv.role,
        rv.work_date,
        rv.seconds,
        rv.is_billable,
        rv.approval_state
    );
