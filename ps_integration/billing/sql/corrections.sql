-- Fills billing.corrections_owed: where the documents say otherwise than the dispositions of today,
-- by entry and by the project, legal entity, currency and period it was and is billed under. What
-- an entry in quarantine should come to is not known, so nothing is owed for it yet.
delete from billing.corrections_owed;

insert into billing.corrections_owed by name
with lines as (
    select
        object_kind,
        object_id,
        project_id,
        legal_entity,
        currency,
        period,
        coalesce(sum(amount_minor) filter (where is_posted), 0) as confirmed_minor,
        coalesce(sum(amount_minor) filter (where not is_posted), 0) as in_flight_minor
    from live_lines
    where object_kind in ('time_entry', 'milestone')
    group by all
),

billed as (
    select distinct
        object_kind,
        object_id
    from lines
),

targets as (
    select
        'time_entry' as object_kind,
        di.entry_id as object_id,
        di.project_id,
        di.legal_entity,
        di.currency,
        di.period,
        sum(di.amount_minor) as target_minor,
        bool_or(di.amount_minor is null) as is_unpriced
    from billing.dispositions as di
    inner join billed as bi on di.entry_id = bi.object_id and bi.object_kind = 'time_entry'
    where
        di.disposition = 'posted'
        or (di.disposition = 'queued' and di.reason not in ('to_be_planned', 'planned'))
    group by all
    union all
    select
        'milestone' as object_kind,
        mi.object_id,
        mi.project_id,
        mi.legal_entity,
        mi.currency,
        mi.period,
        mi.amount_minor as target_minor,
        mi.amount_minor is null as is_unpriced
    from billing.milestones as mi
    inner join billed as bi on mi.object_id = bi.object_id and bi.object_kind = 'milestone'
    where
        mi.disposition = 'posted'
        or (mi.disposition = 'queued' and mi.reason not in ('to_be_planned', 'planned'))
),

fates as (
    select
        cv.entry_id,
        coalesce(cv.is_deleted, false) as is_deleted,
        cv.approval_state,
        (cv.system, cv.stream, cv.record_id) in (
            select (qu.system, qu.stream, qu.record_id) from quarantine.records as qu
        ) as is_unknown
    from canonical.current_versions as cv
    inner join billed as bi on cv.entry_id = bi.object_id
),

compared as (
    select
        coalesce(li.object_kind, ta.object_kind) as object_kind,
        coalesce(li.object_id, ta.object_id) as object_id,
        coalesce(li.project_id, ta.project_id) as project_id,
        coalesce(li.legal_entity, ta.legal_entity) as legal_entity,
        coalesce(li.currency, ta.currency) as currency,
        coalesce(li.period, ta.period) as period,
        cast(coalesce(li.confirmed_minor, 0) as bigint) as confirmed_minor,
        cast(coalesce(li.in_flight_minor, 0) as bigint) as in_flight_minor,
        cast(if(
            coalesce(ta.is_unpriced, false),
            coalesce(li.confirmed_minor, 0) + coalesce(li.in_flight_minor, 0),
            coalesce(ta.target_minor, 0)
        ) as bigint) as target_minor,
        li.object_id is not null as is_billed_here,
        ta.object_id is not null as is_due_here
    from lines as li
    full outer join targets as ta
        on
            li.object_kind = ta.object_kind
            and li.object_id = ta.object_id
            and li.project_id = ta.project_id
            and li.legal_entity = ta.legal_entity
            and li.currency = ta.currency
            and li.period = ta.period
)

select
    co.object_id as entry_id,
    co.project_id,
    co.legal_entity,
    co.currency,
    co.period,
    co.confirmed_minor,
    co.in_flight_minor,
    co.target_minor,
    co.target_minor - co.confirmed_minor - co.in_flight_minor as owed_minor,
    case
        when co.object_kind = 'milestone' then 'milestone_changed'
        when fa.is_deleted then 'deleted_after_posting'
        when coalesce(fa.approval_state <> 'approved', true) then 'approval_withdrawn'
        when not co.is_due_here or not co.is_billed_here then 'moved'
        when co.target_minor = 0 then 'no_longer_billable'
        when exists (
            select 1
            from live_lines as ll
            inner join billing.dispositions as di on ll.object_id = di.entry_id
            where ll.object_id = co.object_id and ll.version_sha256 <> di.version_sha256
        ) then 'edited_after_posting'
        else 'rate_changed_late'
    end as reason
from compared as co
left join fates as fa on co.object_id = fa.entry_id
where
    co.target_minor <> co.confirmed_minor + co.in_flight_minor
    and not coalesce(fa.is_unknown, false);
