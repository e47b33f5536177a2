-- Steps and metrics that failed in this run; the night went on without them.
select
    fp.part,
    fp.why
from reconciliation.failed_parts as fp
inner join config.run as ru on fp.run_id = ru.run_id
order by fp.part;
