-- rule: TM12
-- title: Hours differ between the time system and the PSA's own actuals
-- severity: medium
-- owner: delivery_ops
-- blocks: no
-- needs_period: yes
-- needs: time_entries@psa
-- cause: sync_failed
-- remedy: Bring the PSA's actuals into line with the time system, which is the one that bills.
-- tolerance_seconds: 60
-- tolerance_moved_days: 7

with starts as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from config.going_live
    group by legal_entity
),

-- the system in which an entity's time is kept, where it says nothing of a day
homes as (
    select
        ro.legal_entity,
        min(ro.system) as system
    from config.routing as ro
    cross join config.run as ru
    where ro.role = 'time' and ru.as_of_date >= ro.valid_from and ru.as_of_date < ro.valid_to
    group by ro.legal_entity
),

-- not materialized: where the PSA keeps no actuals, the second look at it ends at once
entries as not materialized (
    select
        en.resource_id,
        en.project_id,
        en.work_date,
        en.period,
        en.system,
        en.seconds,
        en.legal_entity,
        en.customer_key,
        en.approval_state,
        coalesce(en.is_primary, false) as is_primary,
        sr.system is not null as is_psa
    from billing.entries as en
    left join config.system_roles as sr on en.system = sr.system and sr.role = 'psa'
    left join starts as st on en.legal_entity = st.legal_entity
    where
        not coalesce(en.is_deleted, false)
        and en.resource_id is not null
        and en.project_id is not null
        and (st.bill_from is null or en.work_date >= st.bill_from)
),

-- a project for which the PSA keeps no actuals in the month is not compared
kept as (
    select distinct
        project_id,
        period
    from entries
    where is_psa and not is_primary
),

days as (
    select
        en.resource_id,
        en.project_id,
        en.work_date,
        en.period,
        min(en.legal_entity) as legal_entity,
        min(en.customer_key) as customer_key,
        min(en.system) filter (where en.is_primary) as time_system,
        min(en.system) filter (where not en.is_primary) as psa_system,
        coalesce(sum(en.seconds) filter (where en.is_primary), 0) as time_seconds,
        coalesce(sum(en.seconds) filter (where not en.is_primary), 0) as psa_seconds,
        list(en.seconds) filter (where en.is_primary) as time_entries,
        list(en.seconds) filter (where not en.is_primary) as psa_entries
    from entries as en
    semi join kept as ke on en.project_id = ke.project_id and en.period = ke.period
    where
        (en.is_primary and en.approval_state = 'approved')
        or (en.is_psa and not en.is_primary and coalesce(en.approval_state, '') <> 'rejected')
    group by en.resource_id, en.project_id, en.work_date, en.period
),

differing as (
    select
        *,
        time_seconds - psa_seconds as missing_seconds
    from days
    where abs(time_seconds - psa_seconds) > $tolerance_seconds
),

-- What the PSA lacks here and has too much of on a day nearby, or on another project that day, it
-- has in the wrong place; said only where nothing else is of that size.
pairs as (
    select
        la.resource_id,
        la.project_id,
        la.work_date,
        mo.project_id as psa_project_id,
        mo.work_date as psa_date
    from differing as la
    inner join differing as mo
        on
            la.resource_id = mo.resource_id
            and la.missing_seconds = -mo.missing_seconds
            and la.missing_seconds > 0
            and (
                (
                    la.project_id = mo.project_id
                    and abs(la.work_date - mo.work_date) <= $tolerance_moved_days
                )
                or (la.project_id <> mo.project_id and la.work_date = mo.work_date)
            )
    qualify
        count(*) over (partition by la.resource_id, la.project_id, la.work_date) = 1
        and count(*) over (partition by mo.resource_id, mo.project_id, mo.work_date) = 1
),

moved as (
    select
        resource_id,
        project_id,
        work_date,
        psa_date <> work_date as is_other_day,
        null as lacking_key,
        'The PSA has them on '
        || if(psa_date <> work_date, psa_date::varchar, 'project ' || psa_project_id) as said
    from pairs
    union all
    select
        resource_id,
        psa_project_id as project_id,
        psa_date as work_date,
        psa_date <> work_date as is_other_day,
        resource_id || '|' || project_id || '|' || work_date::varchar as lacking_key,
        'The time system has them on '
        || if(psa_date <> work_date, work_date::varchar, 'project ' || project_id) as said
    from pairs
)

select
    da.resource_id || '|' || da.project_id || '|' || da.work_date::varchar as record_key,
    coalesce(da.period, strftime(da.work_date, '%Y-%m')) as period,
    da.legal_entity,
    da.project_id,
    da.customer_key,
    null as entry_id,
    coalesce(da.time_system, ho.system) as left_system,
    da.resource_id as left_id,
    reconciliation.hours_text(da.time_seconds) as left_value,
    coalesce(da.psa_system, pr.psa_system) as right_system,
    coalesce(mv.lacking_key, da.project_id) as right_id,
    reconciliation.hours_text(da.psa_seconds) as right_value,
    da.missing_seconds::bigint as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    case
        when mv.is_other_day then 'wrong_date'
        when not mv.is_other_day then 'wrong_project'
        when da.psa_seconds = 0 then 'not_synced_yet'
        -- exactly one entry of the time system is what the PSA lacks
        when
            len(da.psa_entries) < len(da.time_entries)
            and list_contains(da.time_entries, da.time_seconds - da.psa_seconds)
            then 'not_synced_yet'
        when
            len(da.psa_entries) > len(da.time_entries)
            and list_contains(da.psa_entries, da.psa_seconds - da.time_seconds)
            then 'duplicate_entry'
        else 'sync_failed'
    end as cause,
    da.resource_id || ' on project ' || da.project_id || ', ' || da.work_date::varchar || ': '
    || reconciliation.hours_text(da.time_seconds) || ' in the time system, '
    || reconciliation.hours_text(da.psa_seconds) || ' in the PSA.'
    || coalesce(' ' || mv.said || '.', '') as detail,
    null as blocked_kind,
    null as blocked_id
from differing as da
left join billing.projects as pr on da.project_id = pr.project_id
left join homes as ho on da.legal_entity = ho.legal_entity
left join moved as mv
    on
        da.resource_id = mv.resource_id
        and da.project_id = mv.project_id
        and da.work_date = mv.work_date
order by record_key;
