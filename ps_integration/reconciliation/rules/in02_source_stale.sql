-- rule: IN02
-- title: Source stale: no successful read within its freshness limit
-- severity: high
-- owner: integration
-- blocks: yes
-- holds: system
-- needs_period: no
-- cause: sync_failed
-- remedy: Run `ps-integration doctor`; repair access to the system, then run the night again.

with streams as (
    select
        sy.system,
        sy.freshness_hours,
        coalesce(re.stream, '*') as stream,
        max(re.finished_at) filter (where re.status = 'complete') as last_complete,
        max_by(re.error_message, re.finished_at) as last_error,
        max_by(re.error_kind, re.finished_at) as last_kind,
        coalesce(max_by(re.status, re.finished_at), '') as last_status
    from config.systems as sy
    left join raw.reads as re on sy.system = re.system
    -- an ERP of files need not export anything; what was ever read of it is watched
    where sy.feeds is distinct from '' or re.stream is not null
    group by sy.system, sy.freshness_hours, re.stream
),

judged as (
    select
        st.*,
        ru.as_of,
        -- an optional stream that the system does not serve is not stale
        not (st.last_complete is null and st.last_status = 'absent')
        and (
            st.last_complete is null
            or st.last_complete < ru.as_of - to_hours(st.freshness_hours)
        ) as is_stale,
        count(*) over (partition by st.system) as streams
    from streams as st
    cross join config.run as ru
),

stale as (
    select
        ju.*,
        count(*) over (partition by ju.system) as stale_streams
    from judged as ju
    where ju.is_stale
),

-- where every stream of a system is stale, the system is: one break, not one per stream
subjects as (
    select
        sl.system,
        if(sl.stale_streams = sl.streams, '*', sl.stream) as stream,
        max(sl.last_complete) as last_complete,
        min(sl.freshness_hours) as freshness_hours,
        max(sl.last_error) as last_error,
        -- what IN03 says of its columns is why it is not read
        min(
            if(sl.last_kind = 'columns_missing', sl.system || '|' || sl.stream, null)
        ) || '|missing|header' as shape_key,
        min(sl.as_of) as as_of
    from stale as sl
    group by all
),

rows_of as (
    select
        system,
        stream
    from canonical.time_entries
    union all
    select
        system,
        stream
    from canonical.approvals
    union all
    select
        system,
        stream
    from canonical.projects
    union all
    select
        system,
        stream
    from canonical.customers
    union all
    select
        system,
        stream
    from canonical.resources
    union all
    select
        system,
        stream
    from canonical.rates
    union all
    select
        system,
        stream
    from canonical.milestones
    union all
    select
        system,
        stream
    from canonical.accounting_periods
    union all
    select
        system,
        stream
    from canonical.fx_rates
    union all
    select
        system,
        stream
    from canonical.erp_documents
    union all
    select
        system,
        stream
    from canonical.erp_lines
),

-- where nothing is stale, nobody looks at the rows
needed as (
    select distinct
        ro.system,
        ro.stream
    from rows_of as ro
    semi join subjects as su on ro.system = su.system and ro.stream = su.stream
),

known as (
    select distinct
        rr.system,
        rr.stream
    from raw.records as rr
    semi join subjects as su on rr.system = su.system and rr.stream = su.stream
),

roles as (
    select
        system,
        bool_or(role in ('psa', 'time', 'erp')) as is_needed
    from config.system_roles
    group by system
)

select
    su.system || '|' || su.stream as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    su.system as left_system,
    su.stream as left_id,
    coalesce(strftime(su.last_complete, '%Y-%m-%d %H:%M UTC'), 'never read') as left_value,
    null as right_system,
    su.shape_key as right_id,
    'at most ' || su.freshness_hours::varchar || ' h ago' as right_value,
    date_diff('second', su.last_complete, su.as_of) - su.freshness_hours * 3600
        as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'sync_failed' as cause,
    if(su.stream = '*', 'Nothing of ' || su.system, su.stream || ' of ' || su.system)
    || if(
        su.last_complete is null,
        ' has ever been read completely',
        ' has been read completely since ' || strftime(su.last_complete, '%Y-%m-%d %H:%M UTC')
    ) || coalesce(' (' || su.last_error || ')', '') || '.' as detail,
    if(ne.system is not null or kn.system is null, if(ro.is_needed, 'system', null), null)
        as blocked_kind,
    if(ne.system is not null or kn.system is null, if(ro.is_needed, su.system, null), null)
        as blocked_id
from subjects as su
left join needed as ne on su.system = ne.system and su.stream = ne.stream
left join known as kn on su.system = kn.system and su.stream = kn.stream
left join roles as ro on su.system = ro.system
order by record_key;
