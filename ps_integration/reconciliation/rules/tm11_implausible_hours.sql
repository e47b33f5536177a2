-- rule: TM11
-- title: Hours negative or over 24 on one day (held), or over the daily limit (a warning)
-- severity: high
-- owner: time_owner
-- blocks: yes
-- holds: entry
-- needs_period: yes
-- cause: unit_or_timezone
-- remedy: Have them corrected in the time system, or accept them; the limit alone holds nothing.
-- tolerance_daily_hours: 16
-- tolerance_negative_hours: 0

-- The days that may be too long are found first, by a number that equal days share: it adds up at
-- least what `days` does.
with crowded as (
    select hash(coalesce(resource_id, system || ':' || resource_external_id), work_date) as day_hash
    from billing.entries
    where approval_state = 'approved' and seconds > 0
    group by day_hash
    having sum(seconds) > least($tolerance_daily_hours, 24) * 3600
),

entries as (
    select
        en.*,
        coalesce(en.resource_id, en.system || ':' || en.resource_external_id) as person
    from billing.entries as en
    left join config.going_live as gl
        on en.legal_entity = gl.legal_entity and en.system = gl.time_system
    where
        en.approval_state = 'approved'
        and not coalesce(en.is_deleted, false)
        and en.is_primary
        and (gl.bill_from is null or en.work_date >= gl.bill_from)
        and (
            en.seconds < -$tolerance_negative_hours * 3600
            or hash(person, en.work_date) in (select cr.day_hash from crowded as cr)
        )
),

days as (
    select
        person,
        work_date,
        min(period) as period,
        min(home_legal_entity) as home_legal_entity,
        min(system) as system,
        count(*) as entries,
        sum(seconds) as seconds
    from entries
    where seconds > 0
    group by person, work_date
    having sum(seconds) > least($tolerance_daily_hours, 24) * 3600
),

judged as (
    select
        en.*,
        da.seconds as day_seconds
    from entries as en
    left join days as da
        on en.person = da.person and en.work_date = da.work_date and da.seconds > 24 * 3600
    where
        en.seconds < -$tolerance_negative_hours * 3600
        or (en.seconds > 0 and da.person is not null)
)

select
    ju.entry_id as record_key,
    coalesce(ju.period, 'unassigned') as period,
    ju.legal_entity,
    ju.project_id,
    ju.customer_key,
    ju.entry_id,
    ju.system as left_system,
    ju.external_id as left_id,
    reconciliation.hours_text(ju.seconds) as left_value,
    null as right_system,
    ju.person || ' ' || ju.work_date::varchar as right_id,
    if(ju.seconds < 0, 'not negative', 'at most 24 h a day') as right_value,
    if(ju.seconds < 0, ju.seconds, ju.day_seconds - 24 * 3600)::bigint as difference_seconds,
    null as difference_minor,
    abs(ra.amount_minor) as at_risk_minor,
    if(ra.amount_minor is null, null, ju.currency) as currency,
    'unit_or_timezone' as cause,
    if(
        ju.seconds < 0,
        ju.entry_id || ' has negative hours: ' || reconciliation.hours_text(ju.seconds) || '.',
        ju.person || ' has ' || reconciliation.hours_text(ju.day_seconds) || ' on '
        || ju.work_date::varchar || ', of which ' || ju.entry_id || ' is '
        || reconciliation.hours_text(ju.seconds) || '.'
    ) as detail,
    'entry' as blocked_kind,
    ju.entry_id as blocked_id
from judged as ju
left join billing.rated_entries as ra on ju.entry_id = ra.entry_id
union all
select
    'day|' || da.person || '|' || da.work_date::varchar as record_key,
    coalesce(da.period, strftime(da.work_date, '%Y-%m')) as period,
    da.home_legal_entity as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    da.system as left_system,
    da.person || ' ' || da.work_date::varchar as left_id,
    reconciliation.hours_text(da.seconds) as left_value,
    null as right_system,
    null as right_id,
    'at most ' || $tolerance_daily_hours::varchar || ' h a day' as right_value,
    (da.seconds - $tolerance_daily_hours * 3600)::bigint as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'unit_or_timezone' as cause,
    da.person || ' has ' || reconciliation.hours_text(da.seconds) || ' in '
    || da.entries::varchar || ' entries on ' || da.work_date::varchar || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from days as da
where da.seconds <= 24 * 3600
order by record_key;
