select
    qr.system,
    qr.stream,
    qr.record_id,
    qr.object,
    qr.rule,
    qr.field,
    qr.value,
    qr.remedy,
    min(qr.first_seen_at) as first_seen_at,
    max(qr.last_seen_at) as last_seen_at,
    any_value(he.source_place) as place,
    any_value(he.seconds) as seconds,
    any_value(he.amount_minor) as amount_minor,
    any_value(he.currency) as currency,
    any_value(he.is_approved) as is_approved,
    coalesce(any_value(he.may_hide), false) as may_hide,
    any_value(qa.decided_by) as set_aside_by
from quarantine.records as qr
left join quarantine.held as he
    on qr.system = he.system and qr.stream = he.stream and qr.record_id = he.record_id
left join quarantine.aside as qa
    on qr.system = qa.system and qr.stream = qa.stream and qr.record_id = qa.record_id
group by
    qr.system, qr.stream, qr.record_id, qr.object, qr.rule, qr.field, qr.value, qr.remedy
order by qr.system, qr.stream, qr.record_id, qr.field, qr.rule, qr.value;
