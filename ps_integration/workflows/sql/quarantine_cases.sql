-- Every fault of every record in quarantine, with what the record tells.
select
    he.system,
    he.stream,
    he.record_id,
    he.content_sha256,
    he.first_seen_at,
    he.last_seen_at,
    he.source_place,
    he.seconds,
    he.is_approved,
    he.amount_minor,
    he.currency,
    he.may_hide,
    he.is_time,
    qr.object,
    qr.rule,
    qr.field,
    qr.value,
    qr.remedy
from quarantine.held as he
inner join quarantine.records as qr
    on he.system = qr.system and he.stream = qr.stream and he.record_id = qr.record_id
order by he.system, he.stream, he.record_id, qr.object, qr.rule, qr.field, qr.value;
