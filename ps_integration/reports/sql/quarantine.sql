select
    system,
    stream,
    record_id,
    object,
    rule,
    field,
    value,
    remedy,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from quarantine.records
group by system, stream, record_id, object, rule, field, value, remedy
order by system, stream, record_id, field, rule, value;
