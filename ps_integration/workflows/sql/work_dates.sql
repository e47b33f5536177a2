-- The calendar date, where the person was, of time that says only when it started.
update canonical.time_entries as te
set work_date = cast(timezone(zo.zone, te.started_at) as date)
from (
    with rs as (
        select
            system,
            external_id,
            min(time_zone) as time_zone
        from canonical.resources
        group by all
    )

    select
        en.system,
        en.stream,
        en.external_id,
        coalesce(rz.name, ez.name) as zone
    from canonical.time_entries as en
    left join rs on en.system = rs.system and en.resource_external_id = rs.external_id
    left join pg_timezone_names() as rz on rs.time_zone = rz.name
    left join pg_timezone_names() as ez on en.time_zone = ez.name
    where en.work_date is null and en.started_at is not null
) as zo
where
    te.work_date is null
    and zo.zone is not null
    and te.system = zo.system
    and te.stream = zo.stream
    and te.external_id = zo.external_id;
