-- title: Retries
-- unit: share
-- definition: Calls to an ERP in the window that were made again, after a refusal, a lost reply
--   or a wait; making a draft and posting it are two calls and no retry.
-- labels: system
-- statistics: share_retried, operations
-- counts: operations
select
    dc.system,
    count(*) as sample,
    share_of(
        count(*) filter (where le.from_state not in ('approved', 'draft')), count(*)
    ) as share_retried,
    count(*) as operations
from ops.ledger as le
inner join ops.documents as dc on le.document_ref = dc.document_ref
where le.to_state = 'sending' and le.at > $since and le.at <= $as_of
group by grouping sets ((dc.system), ())
having count(*) > 0
order by dc.system nulls first
