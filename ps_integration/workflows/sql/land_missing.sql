-- Count one more miss of what a complete listing lacks. What is seen again starts anew.
create or replace temp table land_missing as
select
    incoming.record_id,
    coalesce(max(missing.misses), 0) + 1 as misses
from land_incoming as incoming
left join raw.missing as missing
    on
        incoming.record_id = missing.record_id
        and missing.system = $system
        and missing.stream = $stream
        and missing.run_id <> $run_id
where incoming.is_expected and not incoming.is_seen
group by incoming.record_id;

delete from raw.missing
where
    system = $system and stream = $stream
    and record_id in (
        select record_id from land_incoming
        where is_seen or is_expected
    );

-- Nothing of a listing that counts is in doubt.
delete from raw.doubted
where
    system = $system and stream = $stream
    and record_id in (
        select record_id from land_incoming
        where is_seen or is_expected
    );

insert into raw.missing by name
select
    $system as system,
    $stream as stream,
    record_id,
    $run_id as run_id,
    $as_of::timestamptz as missed_at,
    misses
from land_missing;

insert into raw.records by name
select
    (select coalesce(max(raw_seq), 0) from raw.records)
    + row_number() over (order by record_id) as raw_seq,
    $system as system,
    $stream as stream,
    record_id,
    true as is_tombstone,
    $as_of::timestamptz as fetched_at,
    $run_id as run_id
from land_missing
where misses >= $misses_to_tombstone;
