-- title: Failed synchronisation rate
-- unit: share
-- definition: Failed record operations as a share of all, in the window. In: records read, and
--   reads that failed, of which each counts as one; records that a contract refused have
--   failed. Out: calls that were to make a document, and those refused, lost or given up;
--   billing status told or refused.
-- labels: system, stream, direction
-- statistics: share_failed, operations, failed
-- counts: operations, failed
with operations as (
    select
        rd.system,
        rd.stream,
        'in' as direction,
        sum(rd.records_read) + count(*) filter (where rd.status = 'failed') as operations,
        count(*) filter (where rd.status = 'failed') as failed
    from raw.reads as rd
    where rd.finished_at > $since and rd.finished_at <= $as_of
    group by rd.system, rd.stream
    union all
    select
        qr.system,
        qr.stream,
        'in' as direction,
        0 as operations,
        count(distinct qr.record_id) as failed
    from quarantine.records as qr
    where qr.first_seen_at > $since and qr.first_seen_at <= $as_of
    group by qr.system, qr.stream
    union all
    select
        dc.system,
        'documents' as stream,
        'out' as direction,
        count(*) filter (where le.to_state = 'sending') as operations,
        count(*) filter (where le.to_state in ('refused', 'unknown', 'dead')) as failed
    from ops.ledger as le
    inner join ops.documents as dc on le.document_ref = dc.document_ref
    where
        le.at > $since and le.at <= $as_of
        and (le.to_state = 'sending' or le.from_state in ('sending', 'draft'))
    group by dc.system
    union all
    select
        fe.system,
        'billing_status' as stream,
        'out' as direction,
        count(*) as operations,
        count(*) filter (where fe.state = 'refused') as failed
    from ops.feedback as fe
    where fe.state in ('told', 'refused') and fe.changed_at > $since and fe.changed_at <= $as_of
    group by fe.system
)

select
    system,
    stream,
    direction,
    cast(sum(operations) as bigint) as sample,
    share_of(least(sum(failed), sum(operations)), sum(operations)) as share_failed,
    cast(sum(operations) as bigint) as operations,
    cast(sum(failed) as bigint) as failed
from operations
group by grouping sets ((system, stream, direction), ())
having sum(operations) > 0
order by system nulls first, stream, direction
