-- title: Approval latency
-- unit: seconds
-- definition: From the submission of an entry to its approval, for entries approved in the
--   window whose time system tells both.
-- labels: system
-- statistics: median, p90
with approved as (
    select
        es.system,
        seconds_between(es.submitted_at, es.approved_at) as seconds
    from canonical.entry_states as es
    where
        es.approval_state = 'approved' and es.submitted_at is not null
        and es.approved_at > $since and es.approved_at <= $as_of
)

select
    system,
    count(*) as sample,
    nearest_rank(seconds, 50) as median,
    nearest_rank(seconds, 90) as p90
from approved
group by grouping sets ((system), ())
having count(*) > 0
order by system nulls first
