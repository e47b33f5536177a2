-- rule: MD10
-- title: Mapping gap, overlap or orphan on a day in use
-- severity: high
-- owner: integration
-- blocks: yes
-- holds: entry
-- needs_period: no
-- cause: mapping_missing
-- remedy: Give the external id exactly one row in the crosswalk for the day, or remove the orphan.

-- A project that only time entries name is no mapping either: it was mistyped, or nobody set it up.
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
),

-- What each project, customer and person is called now, where it was not mapped by hand.
called as (
    select
        kr.object_kind,
        kr.match_key,
        cw.canonical_id,
        kr.system,
        kr.external_id
    from canonical.known_records as kr
    inner join canonical.crosswalk as cw
        on
            kr.object_kind = cw.object_kind
            and kr.system = cw.system
            and kr.external_id = cw.external_id
    where
        cw.how <> 'configured'
        and kr.match_key is not null
        and kr.object_kind <> 'task'
),

followed as (
    select distinct
        object_kind,
        canonical_id
    from canonical.links
    where how = 'followed'
),

-- Two objects under one key: merged, or a code that another record has got.
shared as (
    select
        object_kind,
        match_key,
        string_agg(distinct canonical_id, ' and ' order by canonical_id) as canonical_ids,
        min(system) as system,
        min_by(external_id, system) as external_id,
        string_agg(
            distinct system || ' ' || external_id, ', ' order by system || ' ' || external_id
        ) as records
    from called
    group by object_kind, match_key
    having count(distinct canonical_id) > 1
),

-- One object under several keys since it was renumbered: not in every system yet.
apart as (
    select
        ca.object_kind,
        ca.canonical_id,
        min(ca.system) as system,
        min_by(ca.external_id, ca.system) as external_id,
        string_agg(
            distinct ca.match_key || ' in ' || ca.system, ', '
            order by ca.match_key || ' in ' || ca.system
        ) as said
    from called as ca
    semi join followed as fo
        on ca.object_kind = fo.object_kind and ca.canonical_id = fo.canonical_id
    group by ca.object_kind, ca.canonical_id
    having count(distinct ca.match_key) > 1
),

-- Posted entries whose project, person or task vanished while they name another one now.
renumbered as (
    select
        rv.object_kind,
        rv.system,
        rv.was,
        rv.now,
        rv.was_id,
        ul.currency,
        min(ul.legal_entity) as legal_entity,
        count(distinct ul.entry_id) as entries,
        sum(ul.amount_minor)::bigint as amount_minor
    from reconciliation.unsettled_lines as ul
    inner join canonical.renumbered_versions as rv
        on ul.entry_id = rv.entry_id and ul.version_sha256 = rv.version_sha256
    where ul.is_standing
    group by rv.object_kind, rv.system, rv.was, rv.now, rv.was_id, ul.currency
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
    up.seconds as difference_seconds,
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
    un.entry_id || '|project' as record_key,
    coalesce(un.period, '') as period,
    un.legal_entity,
    un.project_id,
    un.customer_key,
    un.entry_id,
    un.system as left_system,
    un.project_external_id as left_id,
    'project ' || un.project_external_id as left_value,
    null as right_system,
    null as right_id,
    'named by time only' as right_value,
    un.seconds as difference_seconds,
    null as difference_minor,
    un.amount_minor as at_risk_minor,
    un.currency,
    'mapping_missing' as cause,
    'Nothing but time names the project ' || un.project_external_id || ' of ' || un.entry_id
    || ' (' || reconciliation.hours_text(un.seconds) || ' on ' || un.work_date::varchar
    || '): no list of projects of a PSA or ERP, no price. Correct the code where it is mistyped,'
    || ' or set the project up.' as detail,
    'entry' as blocked_kind,
    un.entry_id as blocked_id
from reconciliation.unposted_entries as un
semi join reconciliation.projects_of_entries as pe on un.project_id = pe.project_id
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
union all
select
    'shared|' || sh.object_kind || '|' || sh.match_key as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    sh.system as left_system,
    sh.external_id as left_id,
    sh.object_kind || ' ' || sh.match_key as left_value,
    null as right_system,
    null as right_id,
    sh.canonical_ids as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'mapping_wrong' as cause,
    'The ' || sh.object_kind || 's ' || sh.canonical_ids || ' are both called ' || sh.match_key
    || ' now (' || sh.records || '): merged, or a code that was given away. What was posted stays'
    || ' as it is; say in the crosswalk which record is which.' as detail,
    null as blocked_kind,
    null as blocked_id
from shared as sh
union all
select
    'apart|' || ap.object_kind || '|' || ap.canonical_id as record_key,
    '' as period,
    null as legal_entity,
    if(ap.object_kind = 'project', ap.canonical_id, null) as project_id,
    if(ap.object_kind = 'customer', ap.canonical_id, null) as customer_key,
    null as entry_id,
    ap.system as left_system,
    ap.external_id as left_id,
    ap.object_kind || ' ' || ap.canonical_id as left_value,
    null as right_system,
    null as right_id,
    ap.said as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'mapping_wrong' as cause,
    'The ' || ap.object_kind || ' ' || ap.canonical_id || ' was renumbered or renamed, and not in'
    || ' every system: ' || ap.said || '. It goes on as the same ' || ap.object_kind || '.'
        as detail,
    null as blocked_kind,
    null as blocked_id
from apart as ap
union all
select
    'renumbered|' || rn.object_kind || '|' || rn.system || '|' || rn.was || '|' || rn.now || '|'
    || rn.currency as record_key,
    '' as period,
    rn.legal_entity,
    if(rn.object_kind = 'project', rn.was_id, null) as project_id,
    null as customer_key,
    null as entry_id,
    rn.system as left_system,
    rn.now as left_id,
    rn.object_kind || ' ' || rn.now as left_value,
    rn.system as right_system,
    rn.was as right_id,
    rn.object_kind || ' ' || rn.was as right_value,
    null as difference_seconds,
    null as difference_minor,
    rn.amount_minor as at_risk_minor,
    rn.currency,
    'mapping_missing' as cause,
    rn.entries::varchar || ' posted entries named ' || rn.object_kind || ' ' || rn.was
    || ', which ' || rn.system || ' no longer lists, and name ' || rn.now
    || ' now: renumbered or merged. Nothing is credited or billed again until somebody says so:'
    || ' if it is the same, add to the crosswalk section of the firm file object '
    || rn.object_kind || ', id ' || rn.was_id || ', system ' || rn.system || ', external_id '
    || rn.now || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from renumbered as rn
order by record_key;
