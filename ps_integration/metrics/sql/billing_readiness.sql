-- title: Billing readiness
-- unit: share
-- definition: Of the approved time that is to be billed and is not yet posted, the share of
--   hours that nothing holds: queued, as against held by a break or deferred.
-- labels: legal_entity
-- statistics: share_ready
select
    di.legal_entity,
    count(*) as sample,
    share_of(
        sum(case when di.disposition = 'queued' then di.seconds else 0 end), sum(di.seconds)
    ) as share_ready
from billing.dispositions as di
where di.disposition in ('queued', 'excepted', 'deferred')
group by grouping sets ((di.legal_entity), ())
having count(*) > 0
order by di.legal_entity nulls first
