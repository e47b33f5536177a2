-- rule: MD10
-- title: Mapping gap, overlap or orphan on a day in use
-- severity: high
-- owner: integration
-- blocks: yes
-- needs_period: no
-- cause: mapping_missing
-- remedy: Give the external id exactly one row in the crosswalk for the day, or remove the orphan.

with unplaced as (
    select
        un.*,
        'project' as object_kind,
        un.project_external_id as mapped_external_id,
        coalesce(un.project_matches, 0) as matches
    from reconciliation.unposted_entries as un
    where coalesce(un.project_matches, 0) <> 1
    union all
    select
        un.*,
        'resource' as object_kind,
        un.resource_external_id as mapped_external_id,
        coalesce(un.resource_matches, 0) as matches
    from reconciliation.unposted_entries as un
    -- a resource that its own system does not know is explained by MD08
    semi join canonical.resources as rs
        on un.system = rs.system and un.resource_external_id = rs.external_id
    where coalesce(un.resource_matches, 0) <> 1
),

external_ids as (
    select
        'project' as object_kind,
        system,
        external_id
    from canonical.projects
    union all
    select
        'customer' as object_kind,
        system,
        external_id
    from canonical.customers
    union all
    select
        'resource' as object_kind,
        system,
        external_id
    from canonical.resources
    union all
    select
        'task' as object_kind,
        system,
        external_id
    from canonical.tasks
    -- an opportunity is mapped to the project it became
    union all
    select
        'project' as object_kind,
        system,
        external_id
    from canonical.opportunities
    union all
    -- some HR systems know a person only by the leave they took
    select
        'resource' as object_kind,
        system,
        resource_external_id as external_id
    from canonical.absences
),

orphans as (
    select cw.*
    from canonical.crosswalk as cw
    cross join config.run as ru
    anti join external_ids as ex
        on
            cw.object_kind = ex.object_kind
            and cw.system = ex.system
            and cw.external_id = ex.external_id
    where
        cw.how = 'configured'
        and cw.object_kind in ('project', 'customer', 'resource', 'task')
        and ru.as_of_date >= cw.valid_from
        and ru.as_of_date < cw.valid_to
)

select
    up.entry_id || '|' || up.object_kind as record_key,
    coalesce(up.period, '') as period,
    up.legal_entity,
    up.project_id,
    up.customer_key,
    up.entry_id,
    up.system as left_system,
    up.mapped_external_id as left_id,
    up.object_kind || ' ' || coalesce(up.mapped_external_id, 'not given') as left_value,
    null as right_system,
    null as right_id,
    up.matches::varchar || ' mappings' as right_value,
    null as difference_seconds,
    null as difference_minor,
    up.amount_minor as at_risk_minor,
    up.currency,
    if(up.matches = 0, 'mapping_missing', 'mapping_wrong') as cause,
    'The ' || up.object_kind || ' ' || coalesce(up.mapped_external_id, 'not given') || ' of '
    || up.entry_id || ' has ' || up.matches::varchar || ' mappings on ' || up.work_date::varchar
    || ' instead of one.' as detail,
    'entry' as blocked_kind,
    up.entry_id as blocked_id
from unplaced as up
union all
select
    'orphan|' || cw.object_kind || '|' || cw.system || '|' || cw.external_id || '|'
    || cw.valid_from::varchar as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    cw.system as left_system,
    cw.external_id as left_id,
    cw.object_kind || ' ' || cw.canonical_id as left_value,
    cw.system as right_system,
    null as right_id,
    'no such record' as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'mapping_wrong' as cause,
    'The crosswalk maps ' || cw.object_kind || ' ' || cw.external_id || ' of ' || cw.system
    || ' to ' || cw.canonical_id || ', but ' || cw.system || ' has no such record.' as detail,
    null as blocked_kind,
    null as blocked_id
from orphans as cw
order by record_key;
