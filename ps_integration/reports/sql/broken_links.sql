with failing as (
    select count(*) as group_count
    from billing.ledger_equation
    where not holds
)

select
    bl.table_name,
    bl.record_key,
    bl.problem
from billing.broken_links as bl
cross join failing as fa
where bl.equation = 'completeness' or fa.group_count = 0
order by bl.table_name, bl.record_key, bl.problem;
