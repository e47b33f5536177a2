-- title: Freshness
-- unit: seconds
-- definition: Since the last complete read of a stream, at the night's instant.
-- labels: system, stream
-- statistics: age
select
    rd.system,
    rd.stream,
    count(*) as sample,
    greatest(seconds_between(max(rd.finished_at), $as_of), 0) as age
from raw.reads as rd
where rd.status = 'complete'
group by rd.system, rd.stream
order by rd.system, rd.stream
