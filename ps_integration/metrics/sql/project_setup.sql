-- title: Project setup completion time
-- unit: seconds
-- definition: From the night that first saw a billable project active in its system of record
--   to the night that first found it in its ERP with no break holding it, for projects
--   completed in the window; those not there yet wait.
-- labels: legal_entity
-- statistics: median, p90, share_within_sla, waiting, oldest_waiting
-- counts: waiting
with projects as (
    select
        po.legal_entity,
        case when po.ready_at > $since then seconds_between(po.active_at, po.ready_at) end as took,
        case when po.ready_at is null then seconds_between(po.active_at, $as_of) end as waits
    from metrics.project_setups as po
    where
        po.active_at <= $as_of and (po.ready_at is null or po.ready_at > $since)
)

select
    legal_entity,
    count(*) as sample,
    nearest_rank(took, 50) as median,
    nearest_rank(took, 90) as p90,
    share_of(count(*) filter (where took <= $setup_sla_seconds), count(took)) as share_within_sla,
    count(waits) as waiting,
    max(waits) as oldest_waiting
from projects
group by grouping sets ((legal_entity), ())
having count(*) > 0
order by legal_entity nulls first
