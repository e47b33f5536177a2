-- Hours that each person had and worked, by month. A day has $day_seconds; weekends, public
-- holidays of the person's legal entity, approved leave and days outside a contract have none.
-- Months before the first entry that is known are left out.
with first_month as (
    select greatest($first_day::date, date_trunc('month', min(work_date))::date) as day
    from billing.entries
    where not is_deleted
),

days as (
    select unnest(generate_series(fm.day, ru.as_of_date, interval 1 day))::date as day
    from config.run as ru
    cross join first_month as fm
),

away as (
    select
        cw.canonical_id as resource_id,
        da.day,
        sum(coalesce(ab.seconds_per_day, $day_seconds)) as seconds
    from canonical.absences as ab
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'resource'
            and ab.system = cw.system
            and ab.resource_external_id = cw.external_id
    inner join days as da
        on
            da.day between ab.starts_on and ab.ends_on
            and cw.valid_from <= da.day
            and cw.valid_to > da.day
    where ab.approval_state = 'approved'
    group by cw.canonical_id, da.day
),

expected as (
    select
        br.resource_id,
        strftime(da.day, '%Y-%m') as period,
        sum(greatest($day_seconds - coalesce(aw.seconds, 0), 0)) as available_seconds
    from billing.resources as br
    inner join days as da
        on
            isodow(da.day) < 6
            and (br.starts_on is null or br.starts_on <= da.day)
            and (br.ends_on is null or br.ends_on >= da.day)
    left join away as aw on br.resource_id = aw.resource_id and da.day = aw.day
    anti join config.public_holidays as ph
        on br.home_legal_entity = ph.legal_entity and da.day = ph.day
    where coalesce(br.is_active, true) or br.ends_on is not null
    group by br.resource_id, strftime(da.day, '%Y-%m')
),

worked as (
    select
        en.resource_id,
        strftime(en.work_date, '%Y-%m') as period,
        sum(en.seconds) as worked_seconds,
        coalesce(
            sum(en.seconds) filter (
                where
                en.is_billable
                and coalesce(en.project_is_billable, true)
                and coalesce(en.task_is_billable, true)
            ), 0
        ) as billable_seconds
    from billing.entries as en
    cross join config.run as ru
    where
        en.is_primary
        and not en.is_deleted
        and en.approval_state = 'approved'
        and en.resource_id is not null
        and en.work_date between $first_day::date and ru.as_of_date
    group by en.resource_id, strftime(en.work_date, '%Y-%m')
)

select
    coalesce(ex.resource_id, wo.resource_id) as resource_id,
    br.name,
    coalesce(br.home_legal_entity, 'unassigned') as legal_entity,
    coalesce(ex.period, wo.period) as period,
    coalesce(ex.available_seconds, 0)::bigint as available_seconds,
    coalesce(wo.worked_seconds, 0)::bigint as worked_seconds,
    coalesce(wo.billable_seconds, 0)::bigint as billable_seconds
from expected as ex
full join worked as wo on ex.resource_id = wo.resource_id and ex.period = wo.period
left join billing.resources as br on coalesce(ex.resource_id, wo.resource_id) = br.resource_id
order by period desc, legal_entity asc, resource_id asc;
