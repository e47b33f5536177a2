-- Makes unsettled_entries, with the row of each for the statements that follow in the transaction.
-- Where every line of an entry stands in the ERP, corrects nothing, and says the version and the
-- amount of tonight, no rule has a question about it. Joined by hashes, faster than texts: two
-- entries of one hash would have to be of one version too. Materialized, so that the joins carry
-- hashes and no texts.
create or replace temp table unsettled_entries as
with lines as materialized (
    select
        hash(pl.object_id) as entry_hash,
        hash(pl.version_sha256) as version_hash,
        pl.amount_minor,
        pl.correction is null and pl.correction_no = 0 and dc.state = 'posted'
        and rv.document_ref is null as is_plain
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    where pl.object_kind = 'time_entry' and dc.state not in ('superseded', 'refused')
),

priced as (
    select
        li.entry_hash,
        li.version_hash,
        li.is_plain and li.amount_minor = ra.amount_minor as is_plain
    from lines as li
    left join billing.rated_entries as ra on li.entry_hash = hash(ra.entry_id)
)

select distinct
    en.rowid as entry_row,
    en.entry_id
from billing.entries as en
left join priced as pr on hash(en.entry_id) = pr.entry_hash
where
    (pr.entry_hash is not null or en.approval_state = 'approved' and en.is_billable)
    and not coalesce(pr.is_plain and pr.version_hash = hash(en.version_sha256), false);
