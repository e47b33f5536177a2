-- The warehouse as a past run found it, on a copy: raw up to that mark, nothing that a later run
-- noted. What is derived is made again: an empty mapping hash makes conform start anew, without
-- noting shapes a second time.
delete from raw.records
where raw_seq > $raw_seq;

delete from raw.reads
where run_id in (select unnest($later_runs));

delete from raw.missing
where run_id in (select unnest($later_runs));

delete from raw.doubted
where since > $as_of;

delete from canonical.without_rows
where raw_seq > $raw_seq;

delete from raw.shapes
where first_seen_at > $as_of;

update raw.shapes
set last_seen_at = least(last_seen_at, $as_of);

delete from raw.shape_runs
where run_id in (select unnest($later_runs));

delete from canonical.entry_versions
where raw_seq > $raw_seq or run_id in (select unnest($later_runs));

delete from quarantine.records
where raw_seq > $raw_seq;

update canonical.conformed
set raw_seq = least(raw_seq, $raw_seq), mapping_hash = '';

delete from config.seals;
