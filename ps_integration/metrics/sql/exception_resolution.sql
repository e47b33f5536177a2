-- title: Exception resolution time
-- unit: seconds
-- definition: From a break's opening, or opening again, to its resolution or acceptance, for
--   episodes that ended in the window. Still open breaks are counted with the age of their
--   episode.
-- labels: rule, owner
-- statistics: closed, median, p90, open, median_open_age, oldest_open_age
-- counts: closed, open
with turns as (
    select
        be.break_id,
        be.event,
        be.at,
        lag(be.event) over (partition by be.break_id order by be.seq) as event_before,
        lag(be.at) over (partition by be.break_id order by be.seq) as at_before,
        row_number() over (partition by be.break_id order by be.seq desc) = 1 as is_last
    from ops.break_events as be
    where be.event in ('opened', 'reopened', 'resolved', 'accepted') and be.at <= $as_of
),

episodes as (
    select
        br.rule,
        br.owner,
        case
            when tu.event in ('resolved', 'accepted') then seconds_between(tu.at_before, tu.at)
        end as took,
        case
            when tu.event in ('opened', 'reopened') then seconds_between(tu.at, $as_of)
        end as age
    from turns as tu
    inner join ops.breaks as br on tu.break_id = br.break_id
    where
        (
            tu.event in ('resolved', 'accepted') and tu.event_before in ('opened', 'reopened')
            and tu.at > $since
        )
        or (tu.event in ('opened', 'reopened') and tu.is_last)
)

select
    rule,
    owner,
    count(*) as sample,
    count(took) as closed,
    nearest_rank(took, 50) as median,
    nearest_rank(took, 90) as p90,
    count(age) as open,
    nearest_rank(age, 50) as median_open_age,
    max(age) as oldest_open_age
from episodes
group by grouping sets ((rule, owner), ())
having count(*) > 0
order by rule nulls first, owner
