-- What the last night could not look at for one legal entity: systems that serve it and could not
-- be read or are stale, rules that could not run. Quarantine: period_quarantine.sql.
with serving as (
    select distinct system from config.routing
    where legal_entity = $legal_entity
),

latest as (
    select *
    from raw.reads
    qualify row_number() over (
        partition by system, stream order by finished_at desc nulls last, started_at desc
    ) = 1
),

complete as (
    select
        system,
        stream,
        max(finished_at) as last_complete_at
    from raw.reads
    where status = 'complete'
    group by system, stream
)

select
    'unread' as gap,
    la.system || ' ' || la.stream as subject,
    1::bigint as record_count
from latest as la
inner join serving as sv on la.system = sv.system
left join complete as co on la.system = co.system and la.stream = co.stream
inner join config.systems as sy on la.system = sy.system
cross join config.run as ru
where
    la.status = 'failed'
    or coalesce(co.last_complete_at < ru.as_of - to_hours(sy.freshness_hours), true)
    and la.status <> 'absent'
union all
select
    'never_read' as gap,
    sv.system as subject,
    1::bigint as record_count
from serving as sv
where sv.system not in (select la.system from latest as la)
union all
select
    'records' as gap,
    rc.system as subject,
    1::bigint as record_count
from billing.record_counts as rc
inner join serving as sv on rc.system = sv.system
where not rc.holds
union all
select
    'links' as gap,
    equation as subject,
    count(*) as record_count
from billing.broken_links
group by equation
union all
select
    'rule' as gap,
    rule || coalesce(' (' || nullif(message, '') || ')', '') as subject,
    1::bigint as record_count
from reconciliation.rule_runs
where
    status = 'could_not_run'
    -- what only the systems of other legal entities lack is no gap of this one
    and (
        lacking_systems is null
        or list_has_any(
            string_split(lacking_systems, ','), (select list(sv.system) from serving as sv)
        )
    )
order by gap, subject;
