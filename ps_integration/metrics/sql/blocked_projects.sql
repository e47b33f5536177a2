-- title: Blocked projects
-- unit: count
-- definition: Projects with approved time that a break holds tonight, by the rule that holds
--   them.
-- labels: rule
-- statistics: open
select
    br.rule,
    count(distinct di.project_id) as sample,
    count(distinct di.project_id) as open
from billing.dispositions as di
inner join ops.breaks as br on di.break_id = br.break_id
where di.disposition = 'excepted'
group by grouping sets ((br.rule), ())
order by br.rule nulls first
