-- rule: BL07
-- title: Intercompany charge missing for work across legal entities
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: time_entries@time, intercompany_charges@erp
-- cause: not_synced_yet
-- remedy: Post the charge between the two entities, or correct the project or month of one posted.
-- tolerance_charge_days: 5
-- tolerance_requires_charges: 0

-- A firm whose ERPs deliver no charges at all is asked for them only where its settings say so.
with asked as (
    select count(*) > 0 or $tolerance_requires_charges::integer = 1 as is_asked
    from canonical.intercompany_charges
),

-- Charges that stand; those of one project and month that add up to nothing were taken back.
charges as (
    select
        ic.from_legal_entity,
        ic.to_legal_entity,
        canonical.id_of('project', ic.project_key) as project_id,
        ic.period,
        ic.system,
        ic.external_id,
        ic.currency,
        ic.amount_minor
    from canonical.intercompany_charges as ic
    where ic.is_posted
    qualify
        sum(ic.amount_minor) over (
            partition by
                ic.from_legal_entity, ic.to_legal_entity, lower(trim(ic.project_key)), ic.period,
                ic.currency
        ) <> 0
),

starts as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from config.going_live
    group by legal_entity
),

worked as (
    select
        en.home_legal_entity,
        en.legal_entity,
        en.project_id,
        en.period,
        en.currency,
        min(en.customer_key) as customer_key,
        min(en.erp_system) as erp_system,
        cast(sum(en.seconds) as bigint) as seconds,
        cast(sum(ra.amount_minor) as bigint) as amount_minor,
        count(distinct en.resource_id) as people
    from billing.entries as en
    left join billing.rated_entries as ra on en.entry_id = ra.entry_id
    left join starts as st on en.legal_entity = st.legal_entity
    cross join config.run as ru
    cross join asked
    where
        asked.is_asked
        and en.is_primary and en.is_billable and not en.is_deleted
        and en.approval_state = 'approved'
        and en.home_legal_entity <> en.legal_entity
        and en.project_is_billable
        and (st.bill_from is null or en.work_date >= st.bill_from)
        and ru.as_of_date > last_day(en.work_date) + $tolerance_charge_days::integer
    group by en.home_legal_entity, en.legal_entity, en.project_id, en.period, en.currency
),

missing as (
    select wo.*
    from worked as wo
    where
        not exists (
            select 1 from charges as ch
            where
                ch.from_legal_entity = wo.home_legal_entity
                and ch.to_legal_entity = wo.legal_entity
                and ch.period = wo.period
                -- a charge that names no project is for all of the month
                and coalesce(ch.project_id, wo.project_id) = wo.project_id
        )
),

-- A charge between the same two that no work calls for is probably this one, gone astray.
astray as (
    select ch.*
    from charges as ch
    where
        not exists (
            select 1 from billing.entries as en
            where
                en.home_legal_entity = ch.from_legal_entity
                and en.legal_entity = ch.to_legal_entity
                and en.period = ch.period
                and coalesce(ch.project_id, en.project_id) = en.project_id
        )
),

-- Either its project or its month is right. Amounts of two currencies cannot be compared.
pairs as (
    select
        mi.home_legal_entity,
        mi.legal_entity,
        mi.project_id,
        mi.period,
        mi.currency,
        ay.system as charge_system,
        ay.external_id as charge_id,
        ay.project_id as charge_project_id,
        ay.period as charge_period,
        if(mi.currency = ay.currency, abs(mi.amount_minor - ay.amount_minor), null) as distance
    from missing as mi
    inner join astray as ay
        on
            mi.home_legal_entity = ay.from_legal_entity
            and mi.legal_entity = ay.to_legal_entity
            and (mi.period = ay.period) <> (mi.project_id = ay.project_id)
),

-- The nearer a charge's amount is to the work's, the likelier it is the one.
near as (
    select
        *,
        row_number() over (
            partition by home_legal_entity, legal_entity, project_id, period, currency
            order by distance, period = charge_period, charge_system, charge_id
        ) as of_work,
        row_number() over (
            partition by charge_system, charge_id
            order by distance, period = charge_period, project_id, period, currency
        ) as of_charge
    from pairs
),

-- One charge explains one piece of work, where each is the nearest of the other.
judged as (
    select
        mi.*,
        ne.charge_system,
        ne.charge_id,
        ne.charge_project_id,
        ne.charge_period,
        case
            when ne.charge_id is null then 'not_synced_yet'
            when ne.charge_period = mi.period then 'wrong_project'
            else 'wrong_date'
        end as cause
    from missing as mi
    left join near as ne
        on
            mi.home_legal_entity = ne.home_legal_entity
            and mi.legal_entity = ne.legal_entity
            and mi.project_id = ne.project_id
            and mi.period = ne.period
            and mi.currency = ne.currency
            and ne.of_work = 1
            and ne.of_charge = 1
)

select
    ju.home_legal_entity || '|' || ju.project_id || '|' || ju.currency as record_key,
    ju.period,
    ju.legal_entity,
    ju.project_id,
    ju.customer_key,
    null as entry_id,
    ju.home_legal_entity as left_system,
    ju.project_id as left_id,
    reconciliation.hours_text(ju.seconds) || ' worked' as left_value,
    coalesce(ju.charge_system, ju.erp_system) as right_system,
    ju.charge_id as right_id,
    case ju.cause
        when 'not_synced_yet' then 'no charge'
        when 'wrong_project' then 'charged for ' || ju.charge_project_id
        else 'charged in ' || ju.charge_period
    end as right_value,
    ju.seconds as difference_seconds,
    ju.amount_minor as difference_minor,
    ju.amount_minor as at_risk_minor,
    ju.currency,
    ju.cause,
    ju.people || if(ju.people = 1, ' person of ', ' people of ') || ju.home_legal_entity
    || ' worked ' || reconciliation.hours_text(ju.seconds) || ' on ' || ju.project_id || ' of '
    || ju.legal_entity || ' in ' || ju.period || ', and '
    || case ju.cause
        when 'not_synced_yet' then 'no intercompany charge says so.'
        when 'wrong_project'
            then
                concat(
                    'charge ', ju.charge_id, ' is for ', ju.charge_project_id,
                    ', on which nobody of ', ju.home_legal_entity, ' worked.'
                )
        else concat(
            'charge ', ju.charge_id, ' is in ', ju.charge_period,
            ', when nobody of ', ju.home_legal_entity, ' worked on it.'
        )
    end as detail,
    null as blocked_kind,
    null as blocked_id
from judged as ju
order by record_key;
