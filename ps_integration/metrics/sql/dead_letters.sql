-- title: Dead letters
-- unit: count
-- definition: Documents that wait for a person tonight: given up by policy, or held for a
--   decision.
-- labels: system
-- statistics: waiting
select
    dc.system,
    count(*) as sample,
    count(*) as waiting
from ops.documents as dc
where dc.state in ('dead', 'held')
group by grouping sets ((dc.system), ())
order by dc.system nulls first
