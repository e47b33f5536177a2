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
-- tolerance_moved_days: 31

-- Approved time must be in the PSA; what is not approved yet may be there or not. What waits in
-- quarantine, is of a person or project that nobody knows, or came after the other side was last
-- read, is not known on one side and is no difference.
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
        en.entry_id,
        en.version_no,
        en.legal_entity,
        en.customer_key,
        en.approval_state,
        coalesce(en.is_primary, false) as is_primary,
        sr.system is not null as is_psa,
        rs.resource_id is not null as is_known_person,
        en.project_id is not null and pe.project_id is null as is_known_project
    from billing.entries as en
    left join config.system_roles as sr on en.system = sr.system and sr.role = 'psa'
    left join starts as st on en.legal_entity = st.legal_entity
    left join billing.resources as rs on en.resource_id = rs.resource_id
    left join reconciliation.projects_of_entries as pe on en.project_id = pe.project_id
    where
        not coalesce(en.is_deleted, false)
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
        coalesce(
            sum(en.seconds) filter (where en.is_primary and en.approval_state = 'approved'), 0
        ) as approved_seconds,
        coalesce(sum(en.seconds) filter (where en.is_primary), 0) as told_seconds,
        coalesce(sum(en.seconds) filter (where not en.is_primary), 0) as psa_seconds,
        list(en.seconds) filter (where en.is_primary and en.approval_state = 'approved')
            as approved_entries,
        list(en.seconds) filter (where en.is_primary) as told_entries,
        list(en.seconds) filter (where not en.is_primary) as psa_entries,
        coalesce(bool_or(en.is_primary and en.version_no > 1), false) as is_edited
    from entries as en
    semi join kept as ke on en.project_id = ke.project_id and en.period = ke.period
    where
        coalesce(en.approval_state, '') <> 'rejected'
        and en.is_known_person
        and en.is_known_project
        and (en.is_primary or (en.is_psa and not en.is_primary))
    group by en.resource_id, en.project_id, en.work_date, en.period
),

apart as (
    select
        da.*,
        if(da.psa_seconds > da.told_seconds, da.told_seconds, da.approved_seconds) as time_seconds,
        if(da.psa_seconds > da.told_seconds, da.told_entries, da.approved_entries) as time_entries,
        da.psa_seconds > da.told_seconds as is_time_short,
        pr.psa_system as project_psa
    from days as da
    left join billing.projects as pr on da.project_id = pr.project_id
    where
        da.approved_seconds - da.psa_seconds > $tolerance_seconds
        or da.psa_seconds - da.told_seconds > $tolerance_seconds
),

-- What is in quarantine: of the day and project that the entry last said, or as far as the record
-- tells. One that tells neither its day nor its hours explains nothing, one that tells no more than
-- its day explains one difference at most.
waiting as (
    select
        qr.system,
        null as record_id,
        rp.canonical_id as resource_id,
        pp.canonical_id as project_id,
        ev.work_date,
        null::bigint as seconds
    from quarantine.records as qr
    inner join canonical.entry_versions as ev
        on
            qr.system = ev.system and qr.stream = ev.stream and qr.record_id = ev.record_id
    inner join canonical.crosswalk as rp
        on
            rp.object_kind = 'resource'
            and ev.system = rp.system
            and ev.resource_external_id = rp.external_id
    inner join canonical.crosswalk as pp
        on
            pp.object_kind = 'project'
            and ev.system = pp.system
            and ev.project_external_id = pp.external_id
    union all
    select
        qt.system,
        if(qt.seconds is null, qt.record_id, null) as record_id,
        null as resource_id,
        null as project_id,
        qt.first_day as work_date,
        qt.seconds
    from quarantine.told as qt
    anti join canonical.entry_versions as ev
        on qt.system = ev.system and qt.stream = ev.stream and qt.record_id = ev.record_id
    where
        qt.object = 'time_entries'
        and coalesce(qt.first_day::varchar, qt.seconds::varchar) is not null
    union all
    -- of a person or project that MD08 or MD10 names: the hours of the day that nobody can place
    select
        system,
        null as record_id,
        if(is_known_person, resource_id, null) as resource_id,
        if(is_known_project, project_id, null) as project_id,
        work_date,
        sum(seconds)::bigint as seconds
    from entries
    where
        is_primary
        and not (is_known_person and is_known_project)
        and coalesce(approval_state, '') <> 'rejected'
    group by all
),

-- by day where it is known, else by hours, so that a source that refuses all is not slow
short as (
    select
        ap.*,
        abs(ap.time_seconds - ap.psa_seconds) as short_seconds,
        if(
            ap.is_time_short,
            coalesce(ap.time_system, ho.system),
            coalesce(ap.psa_system, ap.project_psa)
        ) as short_system
    from apart as ap
    left join homes as ho on ap.legal_entity = ho.legal_entity
),

hidden as (
    select
        sh.resource_id,
        sh.project_id,
        sh.work_date
    from short as sh
    inner join waiting as wa
        on
            sh.short_system = wa.system
            and sh.work_date = wa.work_date
            and sh.resource_id = coalesce(wa.resource_id, sh.resource_id)
            and sh.project_id = coalesce(wa.project_id, sh.project_id)
            and sh.short_seconds = coalesce(wa.seconds, sh.short_seconds)
    qualify
        wa.record_id is null
        or count(*) over (partition by wa.system, wa.record_id) = 1
    union
    select
        sh.resource_id,
        sh.project_id,
        sh.work_date
    from short as sh
    inner join waiting as wa
        on
            sh.short_system = wa.system
            and sh.short_seconds = wa.seconds
            and wa.work_date is null
),

-- the last whole reading of each system's time, where a later one failed
reads as (
    select
        re.system,
        max(re.finished_at) filter (where re.status = 'complete') as read_at
    from raw.reads as re
    semi join canonical.time_entries as te on re.system = te.system and re.stream = te.stream
    group by re.system
    having max_by(re.status, re.finished_at) <> 'complete'
),

-- That its copy was deleted, a PSA that is asked for changes says only when all is listed again.
listed as (
    select
        re.system,
        max(re.finished_at) filter (where re.mode = 'full' and re.status = 'complete') as listed_at
    from raw.reads as re
    semi join canonical.time_entries as te on re.system = te.system and re.stream = te.stream
    group by re.system
),

deleted_since as (
    select distinct
        ap.resource_id,
        ap.project_id,
        ap.work_date
    from apart as ap
    inner join billing.entries as en
        on
            ap.resource_id = en.resource_id
            and ap.project_id = en.project_id
            and ap.work_date = en.work_date
    inner join canonical.entry_versions as ev
        on en.entry_id = ev.entry_id and en.version_no = ev.version_no
    inner join raw.reads as me on en.system = me.system and ev.run_id = me.run_id
    inner join listed as li on coalesce(ap.psa_system, ap.project_psa) = li.system
    where
        ap.is_time_short
        and en.is_primary
        and (en.is_deleted or en.approval_state in ('rejected', 'draft'))
        and me.finished_at > li.listed_at
    union
    -- one listing lacks the copy already
    select
        ap.resource_id,
        ap.project_id,
        ap.work_date
    from apart as ap
    inner join entries as en
        on
            ap.resource_id = en.resource_id
            and ap.project_id = en.project_id
            and ap.work_date = en.work_date
    inner join canonical.entry_versions as ev
        on en.entry_id = ev.entry_id and en.version_no = ev.version_no
    inner join raw.missing as mi on ev.system = mi.system and ev.record_id = mi.record_id
    where ap.is_time_short and en.is_psa and not en.is_primary
),

-- entries that one side said after the other was last read
unanswered as (
    select distinct
        ap.resource_id,
        ap.project_id,
        ap.work_date
    from apart as ap
    inner join entries as en
        on
            ap.resource_id = en.resource_id
            and ap.project_id = en.project_id
            and ap.work_date = en.work_date
    inner join canonical.entry_versions as ev
        on en.entry_id = ev.entry_id and en.version_no = ev.version_no
    inner join raw.reads as me on en.system = me.system and ev.run_id = me.run_id
    cross join reads as ot
    where
        ot.system in (ap.time_system, ap.psa_system, ap.project_psa)
        and ot.system <> en.system
        and coalesce(me.finished_at > ot.read_at, true)
),

differing as (
    select
        ap.*,
        ap.time_seconds - ap.psa_seconds as missing_seconds
    from apart as ap
    anti join hidden as hi
        on
            ap.resource_id = hi.resource_id
            and ap.project_id = hi.project_id
            and ap.work_date = hi.work_date
    anti join unanswered as un
        on
            ap.resource_id = un.resource_id
            and ap.project_id = un.project_id
            and ap.work_date = un.work_date
    anti join deleted_since as ds
        on
            ap.resource_id = ds.resource_id
            and ap.project_id = ds.project_id
            and ap.work_date = ds.work_date
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
    coalesce(da.psa_system, da.project_psa) as right_system,
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
        -- what was edited in the time system since, the PSA was not told; else somebody mistyped it
        when da.is_edited then 'sync_failed'
        else 'manual_edit_in_copy'
    end as cause,
    da.resource_id || ' on project ' || da.project_id || ', ' || da.work_date::varchar || ': '
    || reconciliation.hours_text(da.time_seconds) || ' in the time system, '
    || reconciliation.hours_text(da.psa_seconds) || ' in the PSA.'
    || coalesce(' ' || mv.said || '.', '') as detail,
    null as blocked_kind,
    null as blocked_id
from differing as da
left join homes as ho on da.legal_entity = ho.legal_entity
left join moved as mv
    on
        da.resource_id = mv.resource_id
        and da.project_id = mv.project_id
        and da.work_date = mv.work_date
order by record_key;
