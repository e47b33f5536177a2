-- Adds to reconciliation.field_history what tonight's fields say anew.
insert into reconciliation.field_history by name
with last as (
    select *
    from reconciliation.field_history
    qualify
        row_number() over (
            partition by object_kind, system, external_id, field order by seen_at desc
        ) = 1
)

select distinct
    ow.object_kind,
    ow.system,
    ow.external_id,
    ow.field,
    ow.value,
    ru.as_of as seen_at,
    ru.run_id
from reconciliation.fields_tonight as ow
cross join config.run as ru
left join last as la
    on
        ow.object_kind = la.object_kind
        and ow.system = la.system
        and ow.external_id = la.external_id
        and ow.field = la.field
where ow.value is distinct from la.value and coalesce(la.seen_at < ru.as_of, true);
