-- One read's records, the last one where a record came twice, beside what raw knows of them.
create or replace temp table land_incoming as
with incoming as (
    select *
    from read_parquet($path)
    qualify row_number() over (partition by record_id order by position desc) = 1
),

known as (
    select
        record_id,
        max_by(coalesce(payload_sha256, ''), raw_seq) as payload_sha256,
        max_by(is_tombstone, raw_seq) as is_tombstone,
        max_by(coalesce(source_day, ''), raw_seq) as source_day,
        max_by(coalesce(flaw, ''), raw_seq) as flaw
    from raw.records
    where system = $system and stream = $stream
    group by record_id
)

select
    coalesce(incoming.record_id, known.record_id) as record_id,
    incoming.position,
    incoming.payload,
    incoming.payload_sha256,
    incoming.source_updated_at,
    incoming.source_day,
    incoming.source_place,
    incoming.flaw,
    incoming.record_id is not null as is_seen,
    incoming.record_id is not null and (
        known.record_id is null or known.is_tombstone
        or known.payload_sha256 <> incoming.payload_sha256
        or known.flaw <> coalesce(incoming.flaw, '')
    ) as is_changed,
    known.record_id is not null and not known.is_tombstone
    and ($day_from is null or known.source_day >= $day_from)
    and ($day_to is null or known.source_day < $day_to) as is_expected
from incoming
full join known on incoming.record_id = known.record_id;
