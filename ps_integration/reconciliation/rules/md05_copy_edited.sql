-- rule: MD05
-- title: A copy was edited in a system that does not own the field
-- severity: medium
-- owner: integration
-- blocks: no
-- needs_period: no
-- cause: manual_edit_in_copy
-- remedy: Undo the edit in the copy, make it in the system that owns the field, and close the copy.
-- tolerance_taken_over_days: 7

-- The last time each field changed, and what it was before.
with changes as (
    select
        *,
        lag(value) over of_field as before
    from reconciliation.field_history
    window of_field as (partition by object_kind, system, external_id, field order by seen_at)
    qualify lead(seen_at) over of_field is null
),

edited as (
    select
        co.object_kind,
        co.canonical_id,
        co.field,
        co.system,
        co.external_id,
        ch.before,
        ch.value,
        ch.seen_at,
        ow.system as owner_system,
        ow.external_id as owner_id,
        ow.value as owner_value
    from reconciliation.fields_tonight as co
    inner join changes as ch
        on
            co.object_kind = ch.object_kind
            and co.system = ch.system
            and co.external_id = ch.external_id
            and co.field = ch.field
    inner join reconciliation.fields_tonight as ow
        on
            co.object_kind = ow.object_kind
            and co.canonical_id = ow.canonical_id
            and co.field = ow.field
            and ow.is_owner
    where
        not co.is_owner
        and ch.before is not null
        -- a copy that takes what its owner said at any time is late, not edited
        and not exists (
            select 1 from reconciliation.field_history as fh
            where
                fh.object_kind = ow.object_kind
                and fh.system = ow.system
                and fh.external_id = ow.external_id
                and fh.field = ow.field
                and fh.seen_at <= ch.seen_at
                and lower(fh.value) = lower(ch.value)
        )
),

-- Where the owner says the same by now, the edit went back into it: a circle of updates.
judged as (
    select
        ed.*,
        oc.seen_at as taken_over_at
    from edited as ed
    cross join config.run as ru
    left join changes as oc
        on
            ed.object_kind = oc.object_kind
            and ed.owner_system = oc.system
            and ed.owner_id = oc.external_id
            and ed.field = oc.field
            and lower(ed.value) = lower(ed.owner_value)
    where
        lower(ed.value) <> lower(ed.owner_value)
        or oc.seen_at >= ru.as_of - to_days($tolerance_taken_over_days)
)

select
    ju.object_kind || '|' || ju.canonical_id || '|' || ju.field || '|' || ju.system
    || '|' || ju.external_id as record_key,
    '' as period,
    pr.legal_entity,
    pr.project_id,
    if(ju.object_kind = 'customer', ju.canonical_id, pr.customer_key) as customer_key,
    null as entry_id,
    ju.owner_system as left_system,
    ju.owner_id as left_id,
    ju.owner_value as left_value,
    ju.system as right_system,
    ju.external_id as right_id,
    ju.value as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'manual_edit_in_copy' as cause,
    'The ' || replace(ju.field, '_', ' ') || ' of ' || ju.object_kind || ' ' || ju.canonical_id
    || ' became ' || ju.value || ' in ' || ju.system || ' and was ' || ju.before
    || ', as the night of ' || config.day_of(ju.seen_at, pr.legal_entity)::varchar
    || ' saw, while ' || ju.owner_system || ' owns it'
    || if(
        ju.taken_over_at is null,
        ' and says ' || ju.owner_value || '.',
        ' and took it over, as the night of '
        || config.day_of(ju.taken_over_at, pr.legal_entity)::varchar || ' saw.'
    ) as detail,
    null as blocked_kind,
    null as blocked_id
from judged as ju
left join billing.projects as pr
    on ju.object_kind = 'project' and ju.canonical_id = pr.project_id
order by record_key;
