-- Append what is new or changed; the order of arrival gives the sequence.
insert into raw.records by name
select
    (select coalesce(max(raw_seq), 0) from raw.records)
    + row_number() over (order by position) as raw_seq,
    $system as system,
    $stream as stream,
    record_id,
    payload,
    payload_sha256,
    false as is_tombstone,
    source_updated_at,
    $as_of::timestamptz as fetched_at,
    $run_id as run_id,
    source_day,
    source_place,
    flaw
from land_incoming
where is_changed;
