-- What a listing lacks that proves nothing: no miss is counted, and each record says since when.
create or replace temp table land_doubted as
select
    incoming.record_id,
    coalesce(min(doubted.since), $as_of::timestamptz) as since
from land_incoming as incoming
left join raw.doubted as doubted
    on
        incoming.record_id = doubted.record_id
        and doubted.system = $system
        and doubted.stream = $stream
where incoming.is_expected and not incoming.is_seen
group by incoming.record_id;

delete from raw.doubted
where
    system = $system and stream = $stream
    and record_id in (
        select record_id from land_incoming
        where is_seen or is_expected
    );

insert into raw.doubted by name
select
    $system as system,
    $stream as stream,
    record_id,
    since,
    $as_of::timestamptz as missed_at,
    $run_id as run_id
from land_doubted;
