-- How each system was to work with in the last $days days, and how much of its quota is used up.
with reads as (
    select
        re.system,
        count(*) as reads,
        count(*) filter (where re.status = 'failed') as failed_reads,
        sum(re.records_read)::bigint as records_read,
        max(re.finished_at) filter (where re.status = 'complete') as last_complete_at,
        max_by(re.error_message, re.finished_at) filter (where re.status = 'failed') as last_error
    from raw.reads as re
    cross join config.run as ru
    where re.finished_at > ru.as_of - to_days($days)
    group by re.system
),

calls as (
    select
        ca.system,
        sum(ca.calls)::bigint as calls
    from raw.calls as ca
    cross join config.run as ru
    where ca.noted_at > ru.as_of - to_days($days)
    group by ca.system
),

quotas as (
    select
        qu.system,
        max(100 * qu.calls // qu.calls_allowed)::integer as used_percent
    from raw.quota_use((select ru.as_of from config.run as ru)) as qu
    group by qu.system
),

refused as (
    select
        system,
        count(distinct stream || '|' || record_id) as quarantined
    from quarantine.records
    group by system
),

sent as (
    select
        dc.system,
        count(*) filter (where le.to_state = 'sending') as writes,
        count(*) filter (where le.to_state in ('refused', 'unknown', 'dead')) as failed_writes
    from ops.ledger as le
    inner join ops.documents as dc on le.document_ref = dc.document_ref
    cross join config.run as ru
    where le.at > ru.as_of - to_days($days)
    group by dc.system
)

select
    sy.system,
    sy.vendor,
    sy.roles,
    coalesce(re.reads, 0) as reads,
    coalesce(re.failed_reads, 0) as failed_reads,
    coalesce(re.records_read, 0) as records_read,
    re.last_complete_at,
    coalesce(rf.quarantined, 0) as quarantined,
    coalesce(se.writes, 0) as writes,
    coalesce(se.failed_writes, 0) as failed_writes,
    coalesce(ca.calls, 0) as calls,
    qu.used_percent,
    re.last_error
from config.systems as sy
left join reads as re on sy.system = re.system
left join calls as ca on sy.system = ca.system
left join quotas as qu on coalesce(sy.account, sy.system) = qu.system
left join refused as rf on sy.system = rf.system
left join sent as se on sy.system = se.system
order by sy.system;
