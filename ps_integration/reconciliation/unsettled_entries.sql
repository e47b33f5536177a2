-- Fills reconciliation.unsettled_entries: time entries that may be open, or may have changed since
-- their lines were posted. What neither can be is passed over by every rule that asks for it.
insert into reconciliation.unsettled_entries by name
with lines_of_ours as (
    select
        pl.object_id as entry_id,
        count(*) filter (where dc.state = 'posted' and rv.document_ref is null) > 0
        and (
            count(pl.correction) = 0
            or sum(pl.seconds) filter (where dc.state = 'posted' and rv.document_ref is null) <> 0
        ) as is_posted,
        max(dc.document_ref) filter (where dc.state <> 'posted') as document_ref,
        max(pl.correction_no) as correction_no,
        -- where the least and the greatest are what the entry says now, every line is
        min(hash(pl.version_sha256)) as least_version,
        max(hash(pl.version_sha256)) as greatest_version,
        min(pl.amount_minor) as least_minor,
        max(pl.amount_minor) as greatest_minor
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where pl.object_kind = 'time_entry' and dc.state not in ('superseded', 'refused')
    group by pl.object_id
),

judged as (
    select
        en.entry_id,
        lo.document_ref,
        lo.entry_id is not null as has_lines,
        en.approval_state = 'approved'
        and en.is_billable
        and not coalesce(lo.is_posted, false) as is_open,
        coalesce(
            lo.correction_no > 0
            or lo.least_version <> hash(en.version_sha256)
            or lo.greatest_version <> hash(en.version_sha256)
            or lo.least_minor <> ra.amount_minor
            or lo.greatest_minor <> ra.amount_minor,
            false
        ) as is_suspect
    from billing.entries as en
    left join lines_of_ours as lo on en.entry_id = lo.entry_id
    left join billing.rated_entries as ra on en.entry_id = ra.entry_id
)

select *
from judged
where is_open or is_suspect;
