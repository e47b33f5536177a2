-- The calendar date, where the person was, of time that says only when it started (ADR 0037). The
-- zone is the one that the person's profile showed when the entry was first seen, or showed first
-- after it: a function of raw, so that a later move of the person, or a rebuild, gives the same
-- day. An entry of an upgraded store keeps the day that it had while its start is the same. What a
-- person says of an entry's zone (`days rederive`) comes before both.
create or replace temp table decided as
select
    de.entry_id,
    de.zone
from ops.day_decisions as de
qualify row_number() over (partition by de.entry_id order by de.decision_id desc) = 1;

update canonical.time_entries as te
set work_date = null
from canonical.work_days as wd, decided as de
where
    te.system = wd.system
    and te.stream = wd.stream
    and te.external_id = wd.external_id
    and te.system || ':' || te.external_id = de.entry_id
    and (wd.how <> 'decided' or wd.zone is distinct from de.zone);

create or replace temp table dated as
with undated as (
    select
        en.system,
        en.stream,
        en.record_id,
        en.external_id,
        en.resource_external_id,
        en.started_at,
        en.time_zone
    from canonical.time_entries as en
    where en.work_date is null and en.started_at is not null
),

first_seen as (
    select
        rr.system,
        rr.stream,
        rr.record_id,
        min(rr.raw_seq) as raw_seq
    from raw.records as rr
    semi join undated as un
        on rr.system = un.system and rr.stream = un.stream and rr.record_id = un.record_id
    group by rr.system, rr.stream, rr.record_id
),

-- a zone that nobody knows says nothing
zones as (
    select rz.*
    from canonical.shown_zones as rz
    semi join pg_timezone_names() as zn on rz.time_zone = zn.name
    qualify rz.time_zone is distinct from lag(rz.time_zone) over (
        partition by rz.system, rz.stream, rz.record_id order by rz.raw_seq
    )
),

picked as (
    select
        un.*,
        zn.time_zone as person_zone,
        zn.raw_seq as zone_raw_seq
    from undated as un
    inner join first_seen as fs
        on un.system = fs.system and un.stream = fs.stream and un.record_id = fs.record_id
    left join zones as zn
        on un.system = zn.system and un.resource_external_id = zn.external_id
    qualify row_number() over (
        partition by un.system, un.stream, un.external_id
        order by
            coalesce(zn.raw_seq < fs.raw_seq, false) desc,
            abs(zn.raw_seq - fs.raw_seq),
            zn.time_zone
    ) = 1
),

derived as (
    select
        pi.system,
        pi.stream,
        pi.external_id,
        pi.started_at,
        coalesce(dc.zone, pi.person_zone, ez.name) as zone,
        if(dc.zone is null, pi.zone_raw_seq, null) as zone_raw_seq,
        dc.zone is not null as is_decided
    from picked as pi
    left join decided as dc on pi.system || ':' || pi.external_id = dc.entry_id
    left join pg_timezone_names() as ez on pi.time_zone = ez.name
)

select
    de.* exclude (is_decided),
    case
        when de.is_decided then 'decided'
        when kd.work_date is null then 'derived'
        else 'kept'
    end as how,
    coalesce(kd.work_date, config.day_in(de.started_at, de.zone)) as work_date
from derived as de
left join canonical.kept_days as kd
    on
        not de.is_decided
        and de.system = kd.system
        and de.stream = kd.stream
        and de.external_id = kd.external_id
        and de.started_at = kd.started_at
where coalesce(kd.work_date::varchar, de.zone) is not null;

update canonical.time_entries as te
set work_date = da.work_date
from dated as da
where
    te.work_date is null
    and te.system = da.system
    and te.stream = da.stream
    and te.external_id = da.external_id;

-- what each day was derived from
delete from canonical.work_days as wd
using dated as da
where
    wd.system = da.system
    and wd.stream = da.stream
    and wd.external_id = da.external_id;

insert into canonical.work_days by name
select * from dated;
