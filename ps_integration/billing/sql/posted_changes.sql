-- Fills billing.posted_changes: posted work that the master data of today would bill otherwise,
-- what that would move, and what a person decided about exactly this. What was released is billed
-- as today's data says; everything else stays as it was posted.
delete from billing.rated_today
where entry_id in (select td.entry_id from billing.entries_today as td);

insert into billing.rated_today by name
select * from rated;

create or replace temp table change_facts as
with routed as (
    select
        ro.system,
        en.work_date,
        string_agg(distinct ro.legal_entity, ', ' order by ro.legal_entity) as entities
    from (
        select distinct
            system,
            work_date
        from billing.entries_today
        where not is_primary
    ) as en
    inner join config.routing as ro
        on
            ro.role = 'time'
            and en.system = ro.system
            and en.work_date >= ro.valid_from
            and en.work_date < ro.valid_to
    group by all
),

entries as (
    select
        ap.object_kind,
        ap.object_id,
        en.version_sha256,
        en.resource_id,
        en.task_id,
        en.project_id as project_then,
        en.legal_entity as entity_then,
        en.currency as currency_then,
        en.customer_key as customer_then,
        coalesce(td.project_id, if(td.entry_id is null, en.project_id, null)) as project_now,
        if(td.entry_id is null, en.legal_entity, td.legal_entity) as entity_now,
        if(td.entry_id is null, en.currency, td.currency) as currency_now,
        if(td.entry_id is null, en.customer_key, td.customer_key) as customer_now,
        coalesce(td.erp_system, en.erp_system) as erp_now,
        not coalesce(td.is_primary, true) as is_elsewhere,
        ro.entities as home_then,
        td.home_legal_entity as home_now,
        if(coalesce(td.billing_type = en.billing_type, true), null, td.billing_type) as type_now,
        coalesce(en.project_is_billable and not td.project_is_billable, false)
            as is_project_flag,
        coalesce(en.task_is_billable and not td.task_is_billable, false) as is_task_flag,
        ap.is_role_held,
        'rate ' || ra.rate_id || ', ' || plain_number(ra.unit_price) || ' ' || ra.currency
            as role_said,
        case
            when coalesce(td.is_primary, true) and (
                coalesce(td.billing_type, en.billing_type, '')
                not in ('internal', 'milestone', 'fixed_fee')
                and coalesce(td.project_is_billable, true)
                and coalesce(td.task_is_billable, true)
            ) then rt.unit_price
            else 0
        end as price_now,
        ap.billed_seconds,
        cast(null as bigint) as amount_now
    from billing.as_posted as ap
    inner join billing.entries as en on ap.object_id = en.entry_id
    left join billing.entries_today as td on ap.object_id = td.entry_id
    left join billing.rated_entries as ra on ap.object_id = ra.entry_id
    left join billing.rated_today as rt on ap.object_id = rt.entry_id
    left join routed as ro on td.system = ro.system and td.work_date = ro.work_date
    where
        ap.object_kind = 'time_entry'
        and (ap.is_held or ap.is_role_held)
        and en.approval_state = 'approved'
        and not coalesce(en.is_deleted, false)
        and coalesce(en.is_billable, true)
),

reached as (
    select
        mi.system || ':' || mi.external_id as object_id,
        mi.amount_minor,
        mi.currency,
        mi.reached_on,
        if(count(distinct xw.canonical_id) = 1, min(xw.canonical_id), null) as project_id
    from canonical.milestones as mi
    left join canonical.crosswalk as xw
        on
            mi.system = xw.system
            and mi.project_external_id = xw.external_id
            and xw.object_kind = 'project'
            and mi.reached_on >= xw.valid_from
            and mi.reached_on < xw.valid_to
    where mi.is_reached
    group by all
),

milestones as (
    select
        ap.object_kind,
        ap.object_id,
        canonical.milestone_sha(re.amount_minor, re.currency, re.reached_on) as version_sha256,
        ap.project_id as project_then,
        ap.legal_entity as entity_then,
        ap.currency as currency_then,
        ap.customer_key as customer_then,
        re.project_id as project_now,
        pr.legal_entity as entity_now,
        re.currency as currency_now,
        pr.customer_key as customer_now,
        pr.erp_system as erp_now,
        re.amount_minor as amount_now,
        ap.billed_seconds
    from billing.as_posted as ap
    inner join reached as re on ap.object_id = re.object_id
    left join billing.projects as pr on re.project_id = pr.project_id
    where
        ap.object_kind = 'milestone'
        and row(re.project_id, pr.legal_entity, pr.customer_key)
        is distinct from row(ap.project_id, ap.legal_entity, ap.customer_key)
)

select
    *,
    concat_ws(
        ', ',
        if(is_elsewhere, if(home_then is null, 'routing', 'home entity'), null),
        if(project_now is distinct from project_then, 'project', null),
        if(entity_now is distinct from entity_then, 'legal entity', null),
        if(currency_now is distinct from currency_then, 'currency', null),
        if(customer_now is distinct from customer_then, 'customer', null),
        if(type_now is null, null, 'billing type'),
        if(is_project_flag, 'billable flag of the project', null),
        if(is_task_flag, 'billable flag of the task', null),
        if(is_role_held, 'role', null)
    ) as what
from (
    select * from entries
    union all by name
    select * from milestones
) as facts;

create or replace temp table change_effects as
select
    cf.object_kind,
    cf.object_id,
    cf.version_sha256,
    cf.what,
    case
        when cf.what in ('home entity', 'routing', 'role') then 'resource'
        when cf.what = 'billable flag of the task' then 'task'
        else 'project'
    end as subject_kind,
    case
        when cf.what in ('home entity', 'routing', 'role') then cf.resource_id
        when cf.what = 'billable flag of the task' then cf.task_id
        else cf.project_then
    end as subject,
    concat_ws(
        ', ',
        if(cf.is_elsewhere, coalesce(cf.home_then, 'this system'), null),
        if(cf.project_now is distinct from cf.project_then, cf.project_then, null),
        if(cf.entity_now is distinct from cf.entity_then, cf.entity_then, null),
        if(cf.currency_now is distinct from cf.currency_then, cf.currency_then, null),
        if(cf.customer_now is distinct from cf.customer_then, cf.customer_then, null),
        if(cf.type_now is null, null, 'billed by the hour'),
        if(cf.is_project_flag or cf.is_task_flag, 'billable', null),
        if(cf.is_role_held, cf.role_said, null)
    ) as from_value,
    concat_ws(
        ', ',
        if(cf.is_elsewhere, coalesce(cf.home_now, 'unknown'), null),
        if(
            cf.project_now is distinct from cf.project_then, coalesce(cf.project_now, 'unknown'),
            null
        ),
        if(
            cf.entity_now is distinct from cf.entity_then, coalesce(cf.entity_now, 'unknown'), null
        ),
        if(
            cf.currency_now is distinct from cf.currency_then,
            coalesce(cf.currency_now, 'unknown'), null
        ),
        if(
            cf.customer_now is distinct from cf.customer_then,
            coalesce(cf.customer_now, 'unknown'), null
        ),
        cf.type_now,
        if(cf.is_project_flag or cf.is_task_flag, 'not billable', null),
        if(cf.is_role_held, plain_number(cf.price_now) || ' ' || cf.currency_now, null)
    ) as to_value,
    ap.project_id,
    ap.legal_entity,
    ap.currency,
    ap.period,
    ap.customer_key,
    ap.system,
    ap.document_ref,
    ap.billed_seconds,
    ap.billed_minor,
    cf.project_now as today_project_id,
    cf.entity_now as today_legal_entity,
    cf.currency_now as today_currency,
    cf.customer_now as today_customer_key,
    coalesce(
        cf.amount_now,
        minor_of(
            hours_at(
                cf.billed_seconds,
                cast(power(10, least(coalesce(sy.quantity_decimals, 5), 5)) as bigint)
            ),
            cf.price_now,
            cu.factor,
            coalesce(le.rounding, 'half_up')
        )
    ) as today_minor,
    (
        cf.project_now is distinct from cf.project_then
        or cf.entity_now is distinct from cf.entity_then
        or cf.currency_now is distinct from cf.currency_then
        or cf.customer_now is distinct from cf.customer_then
    ) as is_moved
from change_facts as cf
inner join billing.as_posted as ap
    on cf.object_kind = ap.object_kind and cf.object_id = ap.object_id
left join config.legal_entities as le on cf.entity_now = le.legal_entity
left join config.currencies as cu on cf.currency_now = cu.currency
left join config.systems as sy on cf.erp_now = sy.system;

delete from billing.posted_changes;

insert into billing.posted_changes by name
with effects as (
    select
        *,
        if(
            coalesce(today_minor, 0) = 0 or not is_moved,
            abs(coalesce(today_minor, 0) - billed_minor),
            greatest(abs(billed_minor), abs(today_minor))
        ) as effect_minor
    from change_effects
),

hashed as (
    select
        *,
        sha256(concat_ws(
            chr(31), object_kind, object_id, version_sha256, what, from_value, to_value,
            project_id, legal_entity, currency, period, customer_key, billed_seconds,
            billed_minor, coalesce(today_project_id, chr(30)),
            coalesce(today_legal_entity, chr(30)), coalesce(today_currency, chr(30)),
            coalesce(today_customer_key, chr(30)), coalesce(cast(today_minor as varchar), chr(30))
        )) as content_sha256
    from effects
    where effect_minor <> 0
),

withdrawn as (
    select withdraws
    from ops.correction_decisions
    where decision = 'withdrawn'
),

standing as (
    select
        object_kind,
        object_id,
        content_sha256,
        max_by(decision, decision_id) as decision,
        max(decision_id) as decision_id
    from ops.correction_decisions
    where
        decision <> 'withdrawn'
        and decision_id not in (select wd.withdraws from withdrawn as wd)
    group by all
)

select
    ha.* exclude (version_sha256, is_moved),
    left(sha256(concat_ws('|', ha.object_kind, ha.object_id)), 10) as change_id,
    left(sha256(concat_ws(
        '|', ha.what, ha.subject, ha.from_value, ha.to_value, ha.legal_entity, ha.currency
    )), 10) as cause_id,
    coalesce(st.decision, 'open') as state,
    st.decision_id
from hashed as ha
left join standing as st
    on
        ha.object_kind = st.object_kind
        and ha.object_id = st.object_id
        and ha.content_sha256 = st.content_sha256;

create or replace temp table released_entries as
select object_id as entry_id
from billing.posted_changes
where state = 'released' and object_kind = 'time_entry';

delete from billing.entries
where
    entry_id in (select re.entry_id from released_entries as re)
    and entry_id in (select td.entry_id from billing.entries_today as td);

insert into billing.entries by name
select td.*
from billing.entries_today as td
semi join released_entries as re on td.entry_id = re.entry_id;

delete from billing.rated_entries
where entry_id in (select re.entry_id from released_entries as re);

insert into billing.rated_entries by name
select rt.*
from billing.rated_today as rt
semi join released_entries as re on rt.entry_id = re.entry_id;

update billing.as_posted
set is_held = false, is_role_held = false
where (object_kind, object_id) in (
    select (pc.object_kind, pc.object_id)
    from billing.posted_changes as pc
    where pc.state = 'released'
);
