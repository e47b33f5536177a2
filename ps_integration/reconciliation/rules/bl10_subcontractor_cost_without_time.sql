-- rule: BL10
-- title: Subcontractor's cost without billable time, or their time without a cost
-- severity: medium
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: time_entries@time, subcontractor_costs@erp
-- cause: not_synced_yet
-- remedy: Get the supplier's invoice or the time approved, or correct the cost's project or month.
-- tolerance_cost_days: 15
-- tolerance_requires_costs: 0

-- A firm whose ERPs deliver no such costs is asked for them only where its settings say so.
with asked as (
    select count(*) > 0 or $tolerance_requires_costs::integer = 1 as is_asked
    from canonical.subcontractor_costs
),

-- Whose time a supplier invoices.
hired as (
    select
        cw.canonical_id as resource_id,
        min(rs.supplier_key) as supplier_key
    from canonical.resources as rs
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'resource'
            and rs.system = cw.system
            and rs.external_id = cw.external_id
    where coalesce(trim(rs.supplier_key), '') <> ''
    group by cw.canonical_id
),

starts as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from config.going_live
    group by legal_entity
),

-- Costs that stand; those of one person, project and month that come to nothing were taken back.
named_costs as (
    select
        sc.*,
        canonical.id_of('resource', sc.resource_key) as resource_id,
        canonical.id_of('project', sc.project_key) as project_id
    from canonical.subcontractor_costs as sc
),

costs as (
    select
        sc.*,
        coalesce(pr.legal_entity, br.home_legal_entity) as legal_entity,
        pr.customer_key
    from named_costs as sc
    left join billing.projects as pr on sc.project_id = pr.project_id
    left join billing.resources as br on sc.resource_id = br.resource_id
    where sc.is_posted
    qualify
        sum(sc.amount_minor) over (
            partition by
                lower(trim(sc.resource_key)), lower(trim(sc.project_key)), sc.period, sc.currency
        ) <> 0
),

people as (
    select resource_id from hired
    union
    select resource_id from costs
),

entries as (
    select
        en.*,
        en.is_billable and en.project_is_billable and en.approval_state = 'approved' as is_sold,
        -- approved work of an internal project is billed to nobody, and its cost is right
        en.approval_state = 'approved' and en.billing_type = 'internal' as is_own_work
    from billing.entries as en
    semi join people as pe on en.resource_id = pe.resource_id
    where en.is_primary and not en.is_deleted
),

worked as (
    select
        en.resource_id,
        en.project_id,
        en.legal_entity,
        en.period,
        en.currency,
        min(en.customer_key) as customer_key,
        min(en.erp_system) as erp_system,
        cast(sum(en.seconds) as bigint) as seconds,
        cast(sum(ra.amount_minor) as bigint) as amount_minor
    from entries as en
    semi join hired as hi on en.resource_id = hi.resource_id
    left join billing.rated_entries as ra on en.entry_id = ra.entry_id
    left join starts as st on en.legal_entity = st.legal_entity
    cross join config.run as ru
    where
        en.is_sold
        and (st.bill_from is null or en.work_date >= st.bill_from)
        and ru.as_of_date > last_day(en.work_date) + $tolerance_cost_days::integer
    group by en.resource_id, en.project_id, en.legal_entity, en.period, en.currency
),

-- A cost that names no project is for all that the person did in the month.
time_alone as (
    select wo.*
    from worked as wo
    cross join asked
    where
        asked.is_asked
        and not exists (
            select 1 from costs as co
            where
                co.resource_id = wo.resource_id
                and co.period = wo.period
                and coalesce(co.project_id, wo.project_id) = wo.project_id
        )
),

refused as (
    select distinct
        cw.canonical_id as resource_id,
        strftime(ev.work_date, '%Y-%m') as period
    from quarantine.records as qu
    inner join canonical.entry_versions as ev
        on qu.system = ev.system and qu.stream = ev.stream and qu.record_id = ev.record_id
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'resource'
            and ev.system = cw.system
            and ev.resource_external_id = cw.external_id
),

cost_alone as (
    select co.*
    from costs as co
    left join starts as st on co.legal_entity = st.legal_entity
    where
        (st.bill_from is null or co.period >= strftime(st.bill_from, '%Y-%m'))
        and not exists (
            select 1 from entries as en
            where
                (en.is_sold or en.is_own_work)
                and en.resource_id = co.resource_id
                and en.period = co.period
                and coalesce(co.project_id, en.project_id) = en.project_id
        )
        -- time in quarantine may be what it is for
        and not exists (
            select 1 from refused as rf
            where rf.resource_id = co.resource_id and rf.period = co.period
        )
),

-- Time and a cost of one person where either the project or the month agrees belong together.
pairs as (
    select
        ta.resource_id,
        ta.project_id,
        ta.period,
        ta.currency,
        ca.system as cost_system,
        ca.external_id as cost_id,
        ca.project_id as cost_project_id,
        ca.period as cost_period,
        abs(ta.seconds - ca.seconds) as distance
    from time_alone as ta
    inner join cost_alone as ca
        on
            ta.resource_id = ca.resource_id
            and (ta.period = ca.period) <> (ta.project_id = ca.project_id)
),

near as (
    select
        *,
        row_number() over (
            partition by resource_id, project_id, period, currency
            order by distance, period = cost_period, cost_system, cost_id
        ) as of_time,
        row_number() over (
            partition by cost_system, cost_id
            order by distance, period = cost_period, project_id, period, currency
        ) as of_cost
    from pairs
),

linked as (
    select *
    from near
    where of_time = 1 and of_cost = 1
),

judged as (
    select
        ta.resource_id || '|' || ta.project_id || '|' || ta.currency as record_key,
        ta.resource_id,
        ta.project_id,
        ta.legal_entity,
        ta.customer_key,
        ta.period,
        ta.currency,
        ta.seconds,
        ta.amount_minor,
        coalesce(li.cost_system, ta.erp_system) as system,
        li.cost_id,
        case
            when li.cost_id is null then 'not_synced_yet'
            when li.cost_period = ta.period then 'wrong_project'
            else 'wrong_date'
        end as cause,
        reconciliation.hours_text(ta.seconds) || ' worked' as time_said,
        case
            when li.cost_id is null then 'no cost'
            when li.cost_period = ta.period then 'cost for ' || li.cost_project_id
            else 'cost in ' || li.cost_period
        end as cost_said
    from time_alone as ta
    left join linked as li
        on
            ta.resource_id = li.resource_id
            and ta.project_id = li.project_id
            and ta.period = li.period
            and ta.currency = li.currency
    union all
    select
        ca.system || '|' || ca.external_id as record_key,
        ca.resource_id,
        ca.project_id,
        ca.legal_entity,
        ca.customer_key,
        ca.period,
        ca.currency,
        -ca.seconds as seconds,
        -ca.amount_minor as amount_minor,
        ca.system,
        ca.external_id as cost_id,
        if(count(en.entry_id) > 0, 'not_synced_yet', 'unknown') as cause,
        if(count(en.entry_id) > 0, 'time not approved', 'no billable time') as time_said,
        'cost ' || coalesce(ca.number, ca.external_id) as cost_said
    from cost_alone as ca
    anti join linked as li on ca.system = li.cost_system and ca.external_id = li.cost_id
    left join entries as en
        on
            ca.resource_id = en.resource_id
            and ca.period = en.period
            and coalesce(ca.project_id, en.project_id) = en.project_id
            and en.is_billable
            and en.approval_state in ('draft', 'submitted')
    group by all
)

select
    ju.record_key,
    ju.period,
    ju.legal_entity,
    ju.project_id,
    ju.customer_key,
    null as entry_id,
    ju.resource_id as left_system,
    ju.project_id as left_id,
    ju.time_said as left_value,
    ju.system as right_system,
    ju.cost_id as right_id,
    ju.cost_said as right_value,
    ju.seconds as difference_seconds,
    ju.amount_minor as difference_minor,
    abs(ju.amount_minor) as at_risk_minor,
    ju.currency,
    ju.cause,
    concat(
        ju.resource_id, coalesce(' of ' || hi.supplier_key, ''), ', ',
        coalesce(ju.project_id, 'all projects'), ', ', ju.period, ': ', ju.time_said, ', ',
        ju.cost_said, '.'
    ) as detail,
    null as blocked_kind,
    null as blocked_id
from judged as ju
left join hired as hi on ju.resource_id = hi.resource_id
order by record_key;
