-- Fills billing.record_counts, per system with time:
--   raw_records  time records the system has shown, once each, plus one for every older entry
--                version whose raw row is still there to prove it
--   quarantined  records in quarantine, whatever they were before
--   approved, not_approved, deleted
--                other entries by their current version; deleted also has tombstoned records that
--                never became an entry
--   superseded   older versions, by the number of the newest one
-- so a lost raw row, a lost or doubled version, and a record in no drawer each break the equation.
delete from billing.record_counts;

insert into billing.record_counts by name
with time_systems as (
    select system
    from config.system_roles
    where role = 'time'
    union distinct
    select system
    from config.routing
    where role = 'time'
),

streams as (
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
    union distinct
    select
        system,
        'time_entries' as stream
    from time_systems
),

raw_rows as (
    select
        rr.raw_seq,
        rr.system,
        rr.stream,
        rr.record_id,
        rr.is_tombstone,
        row_number() over (
            partition by rr.system, rr.stream, rr.record_id
            order by rr.raw_seq desc
        ) = 1 as is_current
    from raw.records as rr
    inner join streams as st on rr.system = st.system and rr.stream = st.stream
    inner join time_systems as ts on rr.system = ts.system
),

versioned as (
    select distinct
        rr.system,
        rr.stream,
        rr.record_id
    from canonical.entry_versions as ev
    inner join raw_rows as rr on ev.raw_seq = rr.raw_seq
),

shown as (
    select
        system,
        count(*) as records
    from raw_rows
    where is_current
    group by system
),

proven as (
    select
        ev.system,
        count(*) - count(distinct ev.entry_id) as older
    from canonical.entry_versions as ev
    inner join raw.records as rr on ev.raw_seq = rr.raw_seq
    inner join time_systems as ts on ev.system = ts.system
    group by ev.system
),

in_quarantine as (
    select distinct
        qu.system,
        qu.stream,
        qu.record_id
    from quarantine.records as qu
    inner join streams as st on qu.system = st.system and qu.stream = st.stream
    inner join time_systems as ts on qu.system = ts.system
),

held as (
    select
        system,
        count(*) as quarantined
    from in_quarantine
    group by system
),

entries as (
    select
        cv.system,
        count(distinct cv.entry_id) filter (where coalesce(cv.is_deleted, false)) as deleted,
        count(distinct cv.entry_id) filter (
            where not coalesce(cv.is_deleted, false) and cv.approval_state = 'approved'
        ) as approved,
        count(distinct cv.entry_id) filter (
            where
            not coalesce(cv.is_deleted, false)
            and cv.approval_state is distinct from 'approved'
        ) as not_approved
    from canonical.current_versions as cv
    inner join time_systems as ts on cv.system = ts.system
    left join in_quarantine as iq
        on cv.system = iq.system and cv.stream = iq.stream and cv.record_id = iq.record_id
    where iq.record_id is null
    group by cv.system
),

numbered as (
    select
        ev.system,
        ev.entry_id,
        max(ev.version_no) - 1 as older
    from canonical.entry_versions as ev
    inner join time_systems as ts on ev.system = ts.system
    group by ev.system, ev.entry_id
),

outdated as (
    select
        system,
        sum(older) as superseded
    from numbered
    group by system
),

never_entries as (
    select
        rr.system,
        count(*) as deleted
    from raw_rows as rr
    left join versioned as ve
        on rr.system = ve.system and rr.stream = ve.stream and rr.record_id = ve.record_id
    left join in_quarantine as iq
        on rr.system = iq.system and rr.stream = iq.stream and rr.record_id = iq.record_id
    where
        rr.is_current
        and rr.is_tombstone
        and ve.record_id is null
        and iq.record_id is null
    group by rr.system
)

select
    ts.system,
    coalesce(sh.records, 0) + coalesce(po.older, 0) as raw_records,
    coalesce(en.not_approved, 0) as not_approved,
    coalesce(en.approved, 0) as approved,
    coalesce(he.quarantined, 0) as quarantined,
    coalesce(en.deleted, 0) + coalesce(ne.deleted, 0) as deleted,
    cast(coalesce(ou.superseded, 0) as bigint) as superseded,
    coalesce(sh.records, 0) + coalesce(po.older, 0)
    = coalesce(en.not_approved, 0) + coalesce(en.approved, 0) + coalesce(he.quarantined, 0)
    + coalesce(en.deleted, 0) + coalesce(ne.deleted, 0) + coalesce(ou.superseded, 0) as holds
from time_systems as ts
left join shown as sh on ts.system = sh.system
left join proven as po on ts.system = po.system
left join entries as en on ts.system = en.system
left join outdated as ou on ts.system = ou.system
left join held as he on ts.system = he.system
left join never_entries as ne on ts.system = ne.system;
