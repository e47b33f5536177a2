-- title: Utilisation reporting accuracy
-- unit: share
-- definition: Whole person-weeks that ended in the window, whose billable hours as reconciled
--   agree with the figure of each time and PSA system that has any time of that person, within
--   tolerance. Reconciled are approved hours of the system that supplies billable time on that
--   day.
-- labels: system
-- statistics: share_agreeing
with weeks as (
    select
        en.resource_id,
        cast(date_trunc('week', en.work_date) as date) as week,
        en.system,
        sum(case when en.is_billable then en.seconds else 0 end) as own_seconds,
        sum(
            case
                when en.is_primary and en.is_billable and en.approval_state = 'approved'
                    then en.seconds
                else 0
            end
        ) as reconciled_seconds
    from billing.entries as en
    where
        not en.is_deleted and en.resource_id is not null
        and cast(date_trunc('week', en.work_date) as date) + 6 > cast($since as date)
        and cast(date_trunc('week', en.work_date) as date) + 6 <= cast($as_of as date)
    group by all
),

reconciled as (
    select
        we.resource_id,
        we.week,
        sum(we.reconciled_seconds) as seconds
    from weeks as we
    group by we.resource_id, we.week
),

keepers as (
    select distinct
        en.resource_id,
        en.system
    from billing.entries as en
    where not en.is_deleted and en.resource_id is not null
),

judged as (
    select
        re.resource_id,
        re.week,
        ke.system,
        abs(re.seconds - coalesce(we.own_seconds, 0)) <= $tolerance_seconds as agrees
    from reconciled as re
    inner join keepers as ke on re.resource_id = ke.resource_id
    left join weeks as we
        on re.resource_id = we.resource_id and re.week = we.week and ke.system = we.system
),

counted as (
    select
        system,
        agrees
    from judged
    union all
    select
        null as system,
        bool_and(agrees) as agrees
    from judged
    group by resource_id, week
)

select
    system,
    count(*) as sample,
    share_of(count(*) filter (where agrees), count(*)) as share_agreeing
from counted
group by system
order by system nulls first
