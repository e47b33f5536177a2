-- Entries that must account for themselves tonight, and whether their hours are sold by the hour.
-- An entry only reconciles when another time system supplies that person's entity on that day;
-- whoever cannot be placed (no person, no route) stays in, so that no hour is lost in silence.
create or replace temp table approved_entries as
with time_systems as (
    select system
    from config.system_roles
    where role = 'time'
    union distinct
    select system
    from config.routing
    where role = 'time'
),

routed as (
    select distinct
        ho.home_legal_entity,
        ho.work_date
    from (select distinct
        home_legal_entity,
        work_date
    from entries_to_charge) as ho
    inner join config.routing as ro
        on
            ro.role = 'time'
            and ho.home_legal_entity = ro.legal_entity
            and ho.work_date >= ro.valid_from
            and ho.work_date < ro.valid_to
),

task_names as (
    select
        system,
        external_id,
        min(name) as name
    from canonical.tasks
    group by all
)

select
    en.entry_id,
    en.system,
    en.external_id,
    en.version_no,
    en.version_sha256,
    en.resource_id,
    en.project_id,
    en.task_id,
    en.resource_matches,
    en.project_matches,
    ev.role,
    tn.name as task_name,
    en.work_date,
    coalesce(en.seconds, 0) as seconds,
    en.is_billable,
    coalesce(en.is_invoiced, false) as is_invoiced,
    en.legal_entity,
    en.currency,
    en.period,
    en.customer_key,
    en.project_status,
    en.billing_type,
    en.project_is_billable,
    en.task_is_billable,
    en.cap_minor,
    en.erp_system,
    en.erp_company,
    en.period_state,
    coalesce(le.rounding, 'half_up') as rounding,
    le.currency as local_currency,
    cu.factor,
    cast(power(10, least(coalesce(sy.quantity_decimals, 5), 5)) as bigint) as scale,
    (
        coalesce(en.is_billable, true)
        and coalesce(en.task_is_billable, true)
        and coalesce(en.project_is_billable, true)
        and coalesce(en.billing_type, '') not in ('internal', 'milestone', 'fixed_fee')
        and coalesce(en.seconds, 0) <> 0
    ) as is_by_the_hour
from entries_to_charge as en
inner join time_systems as ts on en.system = ts.system
left join canonical.entry_versions as ev
    on en.entry_id = ev.entry_id and en.version_no = ev.version_no
left join routed as rd
    on en.home_legal_entity = rd.home_legal_entity and en.work_date = rd.work_date
left join config.legal_entities as le on en.legal_entity = le.legal_entity
left join config.currencies as cu on en.currency = cu.currency
left join config.systems as sy on en.erp_system = sy.system
left join task_names as tn on en.system = tn.system and en.task_external_id = tn.external_id
where
    en.approval_state = 'approved'
    and not coalesce(en.is_deleted, false)
    and (en.is_primary or rd.work_date is null);
