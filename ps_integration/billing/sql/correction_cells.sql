-- What standing lines should come to today, beside what they come to: by object, part and the
-- project, legal entity, currency and period they were and are billed under. An object is unknown
-- while it waits in quarantine, is absent without evidence that it was deleted, has no price or
-- cannot be placed: nothing is owed for it yet.
create or replace temp table correction_targets as
-- A part stays with the customer it was billed to until a person has released another one.
with part_customers as (
    select
        ll.object_id,
        ll.part,
        ll.project_id,
        max_by(ll.customer_key, ll.correction_no) as customer_key
    from live_lines as ll
    where
        ll.object_kind = 'time_entry'
        and not ll.is_voided
        and (
            coalesce(ll.correction, 'rebill') = 'rebill'
            or (ll.correction = 'delta' and ll.amount_minor > 0)
        )
        and ll.object_id not in (
            select pc.object_id
            from billing.posted_changes as pc
            where pc.object_kind = 'time_entry' and pc.state = 'released'
        )
    group by all
)

select
    'time_entry' as object_kind,
    di.entry_id as object_id,
    di.part,
    di.project_id,
    di.legal_entity,
    di.currency,
    di.period,
    di.seconds,
    -- a part cut at the cent may be what no hours times the price come to
    minor_of(di.quantity, di.unit_price, cu.factor, coalesce(le.rounding, 'half_up'))
    = di.amount_minor as is_hours,
    if(is_hours, di.quantity, 1) as quantity,
    if(is_hours, di.unit_price, major_of(di.amount_minor, cu.factor)) as unit_price,
    di.unit_price as hour_price,
    di.amount_minor,
    di.work_date,
    en.erp_system as system,
    en.erp_company as company,
    coalesce(pc.customer_key, en.customer_key) as customer_key
from billing.dispositions as di
inner join billing.entries as en on di.entry_id = en.entry_id
left join config.currencies as cu on di.currency = cu.currency
left join config.legal_entities as le on di.legal_entity = le.legal_entity
left join part_customers as pc
    on
        di.entry_id = pc.object_id
        and di.part = pc.part
        and di.project_id = pc.project_id
where
    di.disposition = 'posted'
    or (di.disposition = 'queued' and di.reason not in ('to_be_planned', 'planned'))
union all
select
    'milestone' as object_kind,
    mi.object_id,
    mi.part,
    mi.project_id,
    mi.legal_entity,
    mi.currency,
    mi.period,
    0 as seconds,
    false as is_hours,
    if(mi.amount_minor < 0, -1, 1) as quantity,
    major_of(abs(mi.amount_minor), cu.factor) as unit_price,
    unit_price as hour_price,
    mi.amount_minor,
    mi.reached_on as work_date,
    mi.erp_system as system,
    mi.erp_company as company,
    mi.customer_key
from billing.milestones as mi
left join config.currencies as cu on mi.currency = cu.currency
where
    mi.disposition = 'posted'
    or (mi.disposition = 'queued' and mi.reason not in ('to_be_planned', 'planned'));

create or replace temp table correction_objects as
with billed as (
    select distinct
        object_kind,
        object_id
    from live_lines
),

versions as (
    select
        'time_entry' as object_kind,
        cv.entry_id as object_id,
        cv.version_sha256,
        coalesce(cv.is_deleted, false) as is_deleted,
        coalesce(cv.approval_state = 'approved', false) as is_approved,
        (cv.system, cv.stream, cv.record_id) in (
            select (qu.system, qu.stream, qu.record_id) from quarantine.records as qu
        ) as is_unread
    from canonical.current_versions as cv
    inner join billed as bi on cv.entry_id = bi.object_id and bi.object_kind = 'time_entry'
    union all
    select
        'milestone' as object_kind,
        bi.object_id,
        coalesce(mv.version_sha256, canonical.milestone_gone_sha()) as version_sha256,
        false as is_deleted,
        true as is_approved,
        mv.object_id is null and gm.object_id is null as is_unread
    from billed as bi
    left join canonical.milestone_versions as mv on bi.object_id = mv.object_id
    left join canonical.gone_milestones as gm on bi.object_id = gm.object_id
    where bi.object_kind = 'milestone'
),

targets as (
    select
        object_kind,
        object_id,
        min(part) as first_part,
        sum(amount_minor) as target_minor,
        bool_or(
            amount_minor is null
            or (amount_minor <> 0 and 'unassigned' in (legal_entity, currency, period))
        ) as is_unknown
    from correction_targets
    group by all
),

waiting as (
    select
        object_kind,
        object_id,
        min(document_ref) filter (where not is_posted) as in_flight_ref,
        min_by(state, document_ref) filter (where not is_posted) as in_flight_state,
        min(document_ref) filter (where is_voided) as voided_ref
    from live_lines
    group by all
)

select
    bi.object_kind,
    bi.object_id,
    ve.version_sha256,
    coalesce(ve.is_deleted, false) as is_deleted,
    coalesce(ve.is_approved, false) as is_approved,
    ta.first_part,
    coalesce(ta.target_minor, 0) as target_minor,
    wa.in_flight_ref,
    wa.in_flight_state,
    wa.voided_ref
from billed as bi
left join versions as ve on bi.object_kind = ve.object_kind and bi.object_id = ve.object_id
left join targets as ta on bi.object_kind = ta.object_kind and bi.object_id = ta.object_id
left join waiting as wa on bi.object_kind = wa.object_kind and bi.object_id = wa.object_id
where
    -- what no record says anything of (stores were restored or lost) is unknown too
    ve.object_id is not null
    and not coalesce(ve.is_unread, false)
    and not coalesce(ta.is_unknown, false);

-- Which part of the target each part of the lines is compared with.
create or replace temp table correction_parts as
select
    lc.object_kind,
    lc.object_id,
    lc.part as line_part,
    coalesce(max(ta.part), max(co.first_part), 0) as part
from live_cells as lc
inner join correction_objects as co
    on lc.object_kind = co.object_kind and lc.object_id = co.object_id
left join correction_targets as ta
    on lc.object_kind = ta.object_kind and lc.object_id = ta.object_id and lc.part = ta.part
group by lc.object_kind, lc.object_id, lc.part;

create or replace temp table correction_cells as
with lines as (
    select
        ll.object_kind,
        ll.object_id,
        cp.part,
        ll.project_id,
        ll.legal_entity,
        ll.currency,
        ll.period,
        ll.customer_key,
        sum(ll.seconds) as billed_seconds,
        sum(ll.amount_minor) filter (where ll.is_posted) as confirmed_minor,
        sum(ll.amount_minor) filter (where not ll.is_posted) as in_flight_minor
    from live_lines as ll
    inner join correction_parts as cp
        on
            ll.object_kind = cp.object_kind
            and ll.object_id = cp.object_id
            and ll.part = cp.line_part
    group by all
),

targets as (
    select ta.*
    from correction_targets as ta
    semi join correction_objects as co
        on ta.object_kind = co.object_kind and ta.object_id = co.object_id
),

compared as (
    select
        coalesce(li.object_kind, ta.object_kind) as object_kind,
        coalesce(li.object_id, ta.object_id) as object_id,
        coalesce(li.part, ta.part) as part,
        coalesce(li.project_id, ta.project_id) as project_id,
        coalesce(li.legal_entity, ta.legal_entity) as legal_entity,
        coalesce(li.currency, ta.currency) as currency,
        coalesce(li.period, ta.period) as period,
        coalesce(li.customer_key, ta.customer_key) as customer_key,
        cast(coalesce(li.billed_seconds, 0) as bigint) as billed_seconds,
        cast(coalesce(ta.seconds, 0) as bigint) as target_seconds,
        cast(coalesce(li.confirmed_minor, 0) as bigint) as confirmed_minor,
        cast(coalesce(li.in_flight_minor, 0) as bigint) as in_flight_minor,
        cast(coalesce(ta.amount_minor, 0) as bigint) as target_minor,
        li.object_id is not null as is_billed_here,
        ta.object_id is not null as is_due_here
    from lines as li
    full outer join targets as ta
        on
            li.object_kind = ta.object_kind
            and li.object_id = ta.object_id
            and li.part = ta.part
            and li.project_id is not distinct from ta.project_id
            and li.legal_entity = ta.legal_entity
            and li.currency = ta.currency
            and li.period = ta.period
            and li.customer_key is not distinct from ta.customer_key
)

select
    *,
    target_minor - confirmed_minor - in_flight_minor as owed_minor
from compared;
