-- rule: MD08
-- title: Resource of approved time unknown, inactive on the day, or of different home entities
-- severity: high
-- owner: hr
-- blocks: yes
-- holds: entry
-- needs_period: yes
-- cause: master_data_incomplete
-- remedy: Correct the resource in the system that owns it: create it, its dates or its home entity.

with homes as (
    select
        cw.canonical_id as resource_id,
        min(rs.home_legal_entity) as first_home,
        max(rs.home_legal_entity) as last_home,
        min_by(rs.system, rs.home_legal_entity || rs.system) as first_system,
        max_by(rs.system, rs.home_legal_entity || rs.system) as last_system
    from canonical.resources as rs
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'resource'
            and rs.system = cw.system
            and rs.external_id = cw.external_id
    cross join config.run as ru
    where
        rs.home_legal_entity is not null
        and ru.as_of_date >= cw.valid_from
        and ru.as_of_date < cw.valid_to
    group by cw.canonical_id
    having count(distinct rs.home_legal_entity) > 1
),

people as (
    select
        *,
        config.day_of(inactive_seen_at, home_legal_entity) as inactive_from
    from billing.resources
),

judged as (
    select
        un.*,
        rs.name,
        rs.starts_on,
        rs.ends_on,
        rs.inactive_from,
        rs.source_system,
        ho.first_home,
        ho.last_home,
        ho.first_system,
        ho.last_system,
        case
            when
                (un.resource_id is null and sr.external_id is null)
                or (un.resource_id is not null and rs.resource_id is null)
                then 'unknown'
            when un.resource_id is null then null
            when un.work_date < rs.starts_on or un.work_date > rs.ends_on then 'inactive'
            -- nobody says since when: what was worked before it was first seen is fine
            when
                not rs.is_active
                and rs.ends_on is null
                and coalesce(un.work_date >= rs.inactive_from, true)
                then 'inactive'
            when ho.resource_id is not null then 'home entity'
        end as problem_of_resource
    from reconciliation.unposted_entries as un
    left join people as rs on un.resource_id = rs.resource_id
    left join canonical.resources as sr
        on un.system = sr.system and un.resource_external_id = sr.external_id
    left join homes as ho on un.resource_id = ho.resource_id
)

select
    ju.entry_id as record_key,
    coalesce(ju.period, 'unassigned') as period,
    ju.legal_entity,
    ju.project_id,
    ju.customer_key,
    ju.entry_id,
    if(ju.problem_of_resource = 'home entity', ju.first_system, ju.system) as left_system,
    coalesce(ju.resource_id, ju.resource_external_id) as left_id,
    case ju.problem_of_resource
        when 'home entity' then ju.first_home
        else 'worked on ' || ju.work_date::varchar
    end as left_value,
    if(ju.problem_of_resource = 'home entity', ju.last_system, ju.source_system) as right_system,
    ju.resource_id as right_id,
    case ju.problem_of_resource
        when 'home entity' then ju.last_home
        when 'unknown' then 'unknown'
        else
            'active ' || coalesce(ju.starts_on::varchar, '') || ' to '
            || coalesce(
                ju.ends_on::varchar,
                'an unknown day, seen inactive on ' || ju.inactive_from::varchar,
                'an unknown day'
            )
    end as right_value,
    null as difference_seconds,
    null as difference_minor,
    ju.amount_minor as at_risk_minor,
    ju.currency,
    if(ju.problem_of_resource = 'home entity', 'manual_edit_in_copy', 'master_data_incomplete')
        as cause,
    'Resource ' || coalesce(ju.name, ju.resource_id, ju.resource_external_id, 'without id')
    || ' of ' || ju.entry_id || ': '
    || case ju.problem_of_resource
        when 'unknown' then 'no system knows it.'
        when 'inactive' then 'not active on ' || ju.work_date::varchar || '.'
        else
            'home entity ' || ju.first_home || ' in ' || ju.first_system || ', ' || ju.last_home
            || ' in ' || ju.last_system || '.'
    end as detail,
    'entry' as blocked_kind,
    ju.entry_id as blocked_id
from judged as ju
where ju.problem_of_resource is not null
union all
-- Posted work stays as it was posted, and nothing new is held.
select
    reconciliation.change_key(pc.what, pc.subject, pc.legal_entity, pc.currency) as record_key,
    pc.period,
    pc.legal_entity,
    if(count(distinct pc.project_id) = 1, min(pc.project_id), null) as project_id,
    if(count(distinct pc.customer_key) = 1, min(pc.customer_key), null) as customer_key,
    null as entry_id,
    min(split_part(pc.object_id, ':', 1)) as left_system,
    pc.subject as left_id,
    max(pc.to_value) as left_value,
    min(pc.system) as right_system,
    pc.subject as right_id,
    min(pc.from_value) as right_value,
    null as difference_seconds,
    sum(-pc.billed_minor)::bigint as difference_minor,
    sum(pc.effect_minor)::bigint as at_risk_minor,
    pc.currency,
    'edited_after_posting' as cause,
    'The home entity of resource ' || pc.subject || ' changed after ' || count(*)::varchar
    || if(count(*) = 1, ' entry was', ' entries were') || ' posted ('
    || reconciliation.hours_text(sum(pc.billed_seconds)::bigint) || ', '
    || reconciliation.money_text(sum(pc.billed_minor)::bigint, cy.factor, pc.currency)
    || '). What is posted stays until a person decides: ps-integration corrections list.'
        as detail,
    null as blocked_kind,
    null as blocked_id
from billing.posted_changes as pc
left join config.currencies as cy on pc.currency = cy.currency
where pc.state = 'open' and pc.what = 'home entity'
group by pc.what, pc.subject, pc.legal_entity, pc.currency, pc.period, cy.factor
order by record_key;
