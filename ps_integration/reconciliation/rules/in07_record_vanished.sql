-- rule: IN07
-- title: Record vanished from a source without a tombstone
-- severity: high
-- owner: integration
-- blocks: no
-- needs_period: no
-- cause: deleted_after_posting
-- remedy: Ask the source's owner whether it was deleted on purpose; then accept or restore it.
-- tolerance_misses: 2

with missing as (
    select
        system,
        stream,
        record_id,
        max(misses) as misses,
        max(missed_at) as missed_at
    from raw.missing
    group by system, stream, record_id
    having max(misses) >= $tolerance_misses
),

-- the newest raw record is our own mark that it is gone; one that came back is not
gone as (
    select
        mi.*,
        max(re.raw_seq) as last_seq,
        max(re.raw_seq) filter (where re.is_tombstone) as tombstone_seq
    from missing as mi
    inner join raw.records as re
        on mi.system = re.system and mi.stream = re.stream and mi.record_id = re.record_id
    group by all
    having tombstone_seq = last_seq
),

versions as (
    select cv.*
    from canonical.entry_versions as cv
    semi join gone as go on cv.system = go.system and cv.external_id = go.record_id
    where not coalesce(cv.is_deleted, false)
    qualify row_number() over (partition by cv.entry_id order by cv.version_no desc) = 1
),

posted as (
    select
        pl.object_id as entry_id,
        min(pl.project_id) as project_id,
        min(pl.legal_entity) as legal_entity,
        min(pl.customer_key) as customer_key,
        min(pl.document_ref) as document_ref,
        min(pl.currency) as currency,
        sum(pl.amount_minor)::bigint as amount_minor,
        sum(pl.amount_minor) = 0 and count(pl.correction) > 0 as is_taken_back
    from reconciliation.standing_lines as pl
    semi join versions as ve on pl.object_id = ve.entry_id
    where pl.object_kind = 'time_entry'
    group by pl.object_id
)

select
    go.system || '|' || go.stream || '|' || go.record_id as record_key,
    '' as period,
    po.legal_entity,
    po.project_id,
    po.customer_key,
    ve.entry_id,
    go.system as left_system,
    go.record_id as left_id,
    'vanished' as left_value,
    if(po.entry_id is null, null, 'posted') as right_system,
    po.document_ref as right_id,
    coalesce(reconciliation.hours_text(ve.seconds), 'known') as right_value,
    -ve.seconds as difference_seconds,
    -po.amount_minor as difference_minor,
    abs(po.amount_minor) as at_risk_minor,
    po.currency,
    if(po.entry_id is null, 'unknown', 'deleted_after_posting') as cause,
    go.record_id || ' of ' || go.stream || ' in ' || go.system || ' was missing from '
    || go.misses::varchar || ' complete reads, last on ' || go.missed_at::date::varchar
    || ', and the source never said that it was deleted.' || coalesce(uw.said, '') as detail,
    null as blocked_kind,
    null as blocked_id
from gone as go
left join versions as ve on go.system = ve.system and go.record_id = ve.external_id
left join posted as po on ve.entry_id = po.entry_id
left join reconciliation.corrections_under_way as uw on ve.entry_id = uw.object_id
where not coalesce(po.is_taken_back, false)
order by record_key;
