select
    rule,
    status,
    found_count,
    message,
    coalesce(holds_posting, false) as holds_posting
from reconciliation.rule_runs
order by rule;
