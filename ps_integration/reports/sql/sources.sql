-- The last read of each stream, and when it was last read whole. A system that was never read has
-- one row without a stream. A listing that lacks too much to be believed was not read whole.
with latest as (
    select *
    from raw.reads
    qualify row_number() over (
        partition by system, stream order by finished_at desc nulls last, started_at desc
    ) = 1
),

complete as (
    select
        system,
        stream,
        max(finished_at) as last_complete_at
    from raw.reads
    where status = 'complete' and error_kind is null
    group by system, stream
)

select
    sy.system,
    sy.vendor,
    sy.freshness_hours,
    coalesce(la.stream, '') as stream,
    la.status,
    coalesce(la.finished_at, la.started_at) as last_read_at,
    co.last_complete_at,
    coalesce(la.records_read, 0) as records_read,
    coalesce(la.records_changed, 0) as records_changed,
    la.error_kind,
    la.error_message,
    co.last_complete_at < ru.as_of - to_hours(sy.freshness_hours) as is_stale
from config.systems as sy
cross join config.run as ru
left join latest as la on sy.system = la.system
left join complete as co on la.system = co.system and la.stream = co.stream
order by sy.system, stream;
