-- rule: IN07
-- title: Record vanished from a source without a tombstone
-- severity: high
-- owner: integration
-- blocks: yes
-- holds: entry, milestone
-- needs_period: no
-- cause: deleted_after_posting
-- remedy: Ask the source's owner whether it was deleted on purpose; then accept or restore it.
-- tolerance_misses: 2

-- Two readings without a record, and it counts as deleted; it is named here, unless it was a draft
-- or rejected and nothing was posted of it. A listing that lacks
-- too much for that proves nothing: the stream is named, what was posted stays, and those of its
-- entries and milestones that are still to be billed wait, each by itself. Of master data nothing
-- waits.
with missing as (
    select
        system,
        stream,
        record_id,
        max(misses) as misses,
        max(missed_at) as missed_at
    from raw.missing
    -- a mark that an entry was invoiced goes when we take it off; whether it is right, BL03 asks
    where (system, stream) not in (
        select (fe.system, fe.stream)
        from canonical.feeds as fe
        group by fe.system, fe.stream
        having bool_and(fe.object = 'invoice_statuses')
    )
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
),

standing as (
    select
        object_id,
        if(object_kind = 'milestone', 'milestone', 'entry') as kind,
        currency,
        sum(amount_minor)::bigint as amount_minor
    from reconciliation.standing_lines
    where object_kind in ('time_entry', 'milestone')
    group by all
),

waiting as (
    select
        rs.system,
        rs.stream,
        rs.record_id,
        rs.kind,
        rs.object_id,
        ue.legal_entity,
        ue.project_id,
        ue.customer_key,
        ue.seconds,
        coalesce(ue.amount_minor, mi.amount_minor) as amount_minor,
        coalesce(ue.currency, mi.currency) as currency
    from reconciliation.resting_on_doubted as rs
    left join reconciliation.unposted_entries as ue
        on rs.kind = 'entry' and rs.object_id = ue.entry_id
    left join canonical.milestones as mi
        on
            rs.kind = 'milestone'
            and rs.system = mi.system
            and rs.object_id = mi.system || ':' || mi.external_id
    left join standing as sg on rs.object_id = sg.object_id and rs.kind = sg.kind
    where ue.entry_id is not null or (mi.external_id is not null and sg.object_id is null)
),

money as (
    select
        rs.system,
        rs.stream,
        'posted' as what,
        sg.object_id,
        sg.amount_minor,
        sg.currency
    from reconciliation.resting_on_doubted as rs
    inner join standing as sg on rs.object_id = sg.object_id and rs.kind = sg.kind
    union
    select
        system,
        stream,
        'waiting' as what,
        object_id,
        amount_minor,
        currency
    from waiting
),

at_stake as (
    select
        system,
        stream,
        count(*) filter (where what = 'posted') as posted,
        count(*) filter (where what = 'waiting') as waiting,
        if(count(distinct currency) = 1, sum(abs(amount_minor)), null)::bigint as amount_minor,
        if(count(distinct currency) = 1, min(currency), null) as currency
    from money
    group by all
),

newest as (
    select
        rr.system,
        rr.stream,
        rr.record_id,
        max_by(rr.is_tombstone, rr.raw_seq) as is_tombstone
    from raw.records as rr
    semi join raw.doubted as dt on rr.system = dt.system and rr.stream = dt.stream
    group by all
),

known as (
    select
        system,
        stream,
        count(*) as records
    from newest
    where not is_tombstone
    group by system, stream
),

streams as (
    select
        dt.system,
        dt.stream,
        count(*) as records,
        max(kn.records) as known,
        config.day_of(min(dt.since), null) as since_on
    from raw.doubted as dt
    inner join known as kn on dt.system = kn.system and dt.stream = kn.stream
    group by dt.system, dt.stream
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
    || go.misses::varchar || ' complete reads, last on '
    || config.day_of(go.missed_at, po.legal_entity)::varchar
    || ', and the source never said that it was deleted.' || coalesce(uw.said, '') as detail,
    null as blocked_kind,
    null as blocked_id
from gone as go
left join versions as ve on go.system = ve.system and go.record_id = ve.external_id
left join posted as po on ve.entry_id = po.entry_id
left join reconciliation.corrections_under_way as uw on ve.entry_id = uw.object_id
where
    not coalesce(po.is_taken_back, false)
    -- what was never handed in or was sent back, its author may delete
    and (po.entry_id is not null or coalesce(ve.approval_state not in ('draft', 'rejected'), true))
union all
select
    sr.system || '|' || sr.stream || '|*' as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    sr.system as left_system,
    sr.stream as left_id,
    sr.records || ' missing' as left_value,
    null as right_system,
    null as right_id,
    sr.known || ' known' as right_value,
    null as difference_seconds,
    null as difference_minor,
    ak.amount_minor as at_risk_minor,
    ak.currency,
    'sync_failed' as cause,
    sr.records || ' of ' || sr.known || ' records of ' || replace(sr.stream, '_', ' ') || ' in '
    || sr.system || ' have been missing since ' || sr.since_on::varchar
    || ', too many at once to be believed. None counts as deleted: what was posted of them stays ('
    || coalesce(ak.posted, 0) || '), what is still to be billed waits (' || coalesce(ak.waiting, 0)
    || '). Repair the source, or say that they were deleted: ps-integration deletions accept '
    || sr.system || ' ' || sr.stream || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from streams as sr
left join at_stake as ak on sr.system = ak.system and sr.stream = ak.stream
union all
select
    wa.system || '|' || wa.stream || '|' || wa.record_id
    || if(wa.object_id = wa.system || ':' || wa.record_id, '', '|' || wa.object_id) as record_key,
    '' as period,
    min(wa.legal_entity) as legal_entity,
    min(wa.project_id) as project_id,
    min(wa.customer_key) as customer_key,
    if(wa.kind = 'entry', wa.object_id, null) as entry_id,
    wa.system as left_system,
    wa.record_id as left_id,
    'missing' as left_value,
    null as right_system,
    wa.system || '|' || wa.stream || '|*' as right_id,
    coalesce(reconciliation.hours_text(min(wa.seconds)), 'known') as right_value,
    -min(wa.seconds) as difference_seconds,
    null as difference_minor,
    min(abs(wa.amount_minor)) as at_risk_minor,
    min(wa.currency) as currency,
    'sync_failed' as cause,
    wa.record_id || ' of ' || wa.stream || ' in ' || wa.system || ' is missing together with too '
    || 'many others, so nobody knows whether it was deleted; ' || wa.object_id || ' is not billed '
    || 'until it is back or a person says so.' as detail,
    wa.kind as blocked_kind,
    wa.object_id as blocked_id
from waiting as wa
group by wa.system, wa.stream, wa.record_id, wa.kind, wa.object_id
order by record_key;
