-- title: Approved-time posting latency
-- unit: seconds
-- definition: From the approval of the billed version of an entry to the confirmation of its
--   line in the ERP, for first billings confirmed in the window; the share took no longer than
--   promised.
-- labels: legal_entity
-- statistics: median, p90, p99, share_within_sla
with lines as (
    select
        pl.legal_entity,
        seconds_between(ev.approved_at, dc.confirmed_at) as seconds
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    inner join canonical.entry_versions as ev
        on pl.object_id = ev.entry_id and pl.version_sha256 = ev.version_sha256
    where
        pl.object_kind = 'time_entry' and pl.correction is null
        and dc.state = 'posted' and dc.confirmed_at > $since and dc.confirmed_at <= $as_of
        and ev.approved_at is not null and ev.first_seen_at <= dc.confirmed_at
    -- an entry may have been the same before: its newest version at the time is the one billed
    qualify
        row_number() over (
            partition by pl.line_key, pl.document_ref order by ev.version_no desc
        ) = 1
)

select
    legal_entity,
    count(*) as sample,
    nearest_rank(seconds, 50) as median,
    nearest_rank(seconds, 90) as p90,
    nearest_rank(seconds, 99) as p99,
    share_of(count(*) filter (where seconds <= $posting_sla_seconds), count(*)) as share_within_sla
from lines
group by grouping sets ((legal_entity), ())
having count(*) > 0
order by legal_entity nulls first
