-- Time entries with lines of ours that stand; `is_changed` once an entry is not the one that was
-- billed, `is_moved` once it was billed under another project, entity, currency or period.
create or replace temp table billed_entries as
with cells as (
    select
        object_id as entry_id,
        part,
        bool_or(stands) as stands,
        bool_or(is_in_flight) as is_in_flight,
        cast(sum(seconds) as bigint) as seconds
    from live_cells
    where object_kind = 'time_entry'
    group by all
),

newest as (
    select
        object_id as entry_id,
        part,
        max_by(version_sha256, correction_no) filter (where not is_voided) as version_sha256,
        bool_or(not is_posted and not is_voided and correction is not null) as is_correcting,
        bool_or(is_posted and not is_voided) as is_any_posted
    from live_lines
    where object_kind = 'time_entry'
    group by all
)

select
    ae.entry_id,
    min(ce.part) filter (where ce.stands) as first_part,
    cast(sum(ce.seconds) as bigint) as billed_seconds,
    coalesce(bool_or(nw.version_sha256 <> ae.version_sha256) filter (where ce.stands), false)
    or sum(ce.seconds) > greatest(ae.seconds, 0) as is_changed,
    bool_or(nw.is_correcting) as is_correcting,
    bool_or(nw.is_any_posted) as is_any_posted
from approved_entries as ae
inner join cells as ce on ae.entry_id = ce.entry_id
inner join newest as nw on ce.entry_id = nw.entry_id and ce.part = nw.part
group by ae.entry_id, ae.version_sha256, ae.seconds
having bool_or(ce.stands);

-- The last part of every entry that ever had a line: a further one takes the next number.
create or replace temp table used_parts as
select
    object_kind,
    object_id,
    max(part) as last_part,
    max(document_ref) filter (where is_voided) as voided_ref
from live_lines
group by all;
