-- title: API quota exposure
-- unit: share
-- definition: Calls of a system's account within the hours of its quota, as a share of what it
--   allows; of several quotas the one that is nearest to its end.
-- labels: system
-- statistics: share_used, calls
-- counts: calls
select
    qu.system,
    count(*) as sample,
    max(share_of(qu.calls, qu.calls_allowed)) as share_used,
    max_by(qu.calls, row(share_of(qu.calls, qu.calls_allowed), qu.calls)) as calls
from raw.quota_use($as_of) as qu
group by qu.system
order by qu.system
