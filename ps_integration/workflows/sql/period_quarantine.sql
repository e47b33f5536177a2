-- Records in quarantine of systems that serve a legal entity, and whether its period asks for each:
--   a record that tells its days      is asked for by the periods of those days
--   one whose day cannot be read      by the periods that were not closed when it came ($closed_at:
--                                     when this one was closed, else null) and had begun by the day
--                                     it was read as it is now; a week ahead, as contracts allow
--   an entry that was read before     also by the period that it was of then
--   master data                       by none
with serving as (
    select distinct system
    from config.routing
    where legal_entity = $legal_entity
),

judged as (
    select
        ca.system,
        ca.stream,
        ca.record_id,
        ca.content_sha256,
        coalesce(tl.has_period, true) as has_period,
        coalesce(tl.has_period, true)
        and case
            when tl.first_day is null
                then
                    coalesce($closed_at::timestamptz >= ca.first_seen_at, true)
                    and coalesce(
                        coalesce(
                            tl.last_day,
                            config.day_of(greatest(ca.first_seen_at, ca.fetched_at), $legal_entity)
                            + 7
                        ) >= $first_day::date,
                        true
                    )
            else
                tl.first_day <= $last_day::date
                and coalesce(tl.last_day, tl.first_day) >= $first_day::date
        end as is_asked_for
    from quarantine.cases as ca
    inner join serving as sv on ca.system = sv.system
    left join quarantine.told as tl
        on
            ca.system = tl.system
            and ca.stream = tl.stream
            and ca.record_id = tl.record_id
            and ca.raw_seq = tl.raw_seq
)

select
    ju.system,
    ju.stream,
    ju.record_id,
    ju.content_sha256,
    bool_or(ju.has_period) as has_period,
    bool_or(ju.is_asked_for) or bool_or(cv.entry_id is not null) as is_asked_for
from judged as ju
left join canonical.current_versions as cv
    on
        ju.system = cv.system
        and ju.stream = cv.stream
        and ju.record_id = cv.record_id
        and not cv.is_deleted
        and cv.work_date between $first_day::date and $last_day::date
group by ju.system, ju.stream, ju.record_id, ju.content_sha256
order by ju.system, ju.stream, ju.record_id;
