-- Fills reconciliation.unsettled_entries. Where every line of an entry stands in the ERP, corrects
-- nothing, and says the version and the amount of tonight, no rule has a question about it.
insert into reconciliation.unsettled_entries by name
with lines as (
    select
        pl.object_id as entry_id,
        hash(pl.version_sha256) as version_hash,
        pl.amount_minor,
        pl.correction is null and pl.correction_no = 0 and dc.state = 'posted'
        and rv.document_ref is null as is_plain
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    where pl.object_kind = 'time_entry' and dc.state not in ('superseded', 'refused')
),

-- materialized: few, and the lines of all others need not be added up
unsettled as materialized (
    select distinct en.entry_id
    from billing.entries as en
    left join lines as li on en.entry_id = li.entry_id
    left join billing.rated_entries as ra on en.entry_id = ra.entry_id
    where
        (li.entry_id is not null or en.approval_state = 'approved' and en.is_billable)
        and not coalesce(
            li.is_plain
            and li.version_hash = hash(en.version_sha256)
            and li.amount_minor = ra.amount_minor,
            false
        )
),

their_lines as materialized (
    select
        pl.object_id,
        pl.document_ref,
        pl.correction,
        pl.seconds
    from ops.posting_lines as pl
    semi join unsettled as us on pl.object_id = us.entry_id
    where pl.object_kind = 'time_entry'
),

summed as (
    select
        tl.object_id as entry_id,
        count(*) filter (where dc.state = 'posted' and rv.document_ref is null) > 0
        and (
            count(tl.correction) = 0
            or sum(tl.seconds) filter (where dc.state = 'posted' and rv.document_ref is null) <> 0
        ) as is_posted,
        max(dc.document_ref) filter (where dc.state <> 'posted') as document_ref
    from their_lines as tl
    inner join ops.documents as dc on tl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    where dc.state not in ('superseded', 'refused')
    group by tl.object_id
)

select
    us.entry_id,
    su.document_ref,
    su.entry_id is not null as has_lines,
    coalesce(su.is_posted, false) as is_posted
from unsettled as us
left join summed as su on us.entry_id = su.entry_id;
