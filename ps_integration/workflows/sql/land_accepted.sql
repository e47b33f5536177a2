-- What a listing lacks that was in doubt, and that a person has said was deleted, gets a tombstone
-- and is expected no more.
create or replace temp table land_accepted as
with decided as (
    select unnest(map_entries(json(records)::map (varchar, varchar))) as entry
    from ops.deletion_decisions
    where decision = 'accepted' and system = $system and stream = $stream
),

-- each record with the instant since which it was missing when the person decided
said as (
    select
        entry.key as record_id,
        entry.value::timestamptz as since
    from decided
)

select incoming.record_id
from land_incoming as incoming
inner join raw.doubted as doubted
    on
        incoming.record_id = doubted.record_id
        and doubted.system = $system
        and doubted.stream = $stream
semi join said on incoming.record_id = said.record_id and doubted.since = said.since
where incoming.is_expected and not incoming.is_seen;

delete from raw.doubted
where
    system = $system and stream = $stream
    and record_id in (select record_id from land_accepted);

delete from raw.missing
where
    system = $system and stream = $stream
    and record_id in (select record_id from land_accepted);

update land_incoming
set is_expected = false
where record_id in (select record_id from land_accepted);

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
from land_accepted;
