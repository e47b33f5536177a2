select
    system,
    raw_records,
    not_approved,
    approved,
    quarantined,
    deleted,
    superseded,
    holds
from billing.record_counts
order by system;
