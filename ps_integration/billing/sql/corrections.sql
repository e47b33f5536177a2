-- Fills billing.corrections_owed: where the documents say otherwise than what is due today, by
-- object and by the project, legal entity, currency and period it was and is billed under; and what
-- becomes of the difference: planned, ready, or what it waits for.
delete from billing.corrections_owed;

insert into billing.corrections_owed by name
with owed as (
    select
        object_kind,
        object_id,
        project_id,
        legal_entity,
        currency,
        period,
        cast(sum(confirmed_minor) as bigint) as confirmed_minor,
        cast(sum(in_flight_minor) as bigint) as in_flight_minor,
        cast(sum(target_minor) as bigint) as target_minor,
        cast(sum(owed_minor) as bigint) as owed_minor
    from correction_cells
    group by all
    having sum(owed_minor) <> 0
),

planned as (
    select
        object_kind,
        object_id,
        bool_and(planned_ref is not null) as is_planned,
        string_agg(distinct planned_ref, ', ' order by planned_ref) as document_refs
    from billing.correction_lines
    group by all
)

select
    ow.object_kind,
    ow.object_id as entry_id,
    ow.project_id,
    ow.legal_entity,
    ow.currency,
    ow.period,
    ow.confirmed_minor,
    ow.in_flight_minor,
    ow.target_minor,
    ow.owed_minor,
    cs.reason,
    if(pn.is_planned, 'planned', cs.state) as state,
    if(
        pn.is_planned,
        'Planned in ' || pn.document_refs || ', waiting for approval.',
        cs.evidence
    ) as evidence,
    if(pn.is_planned, pn.document_refs, null) as document_refs
from owed as ow
inner join correction_states as cs
    on ow.object_kind = cs.object_kind and ow.object_id = cs.object_id
left join planned as pn on ow.object_kind = pn.object_kind and ow.object_id = pn.object_id;
