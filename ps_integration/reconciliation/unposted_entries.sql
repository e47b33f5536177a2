-- Fills reconciliation.unposted_entries: what the rules about unposted time look at. Which they are
-- is found first with the few columns that say so, and by row: all columns are then read of those
-- rows only, and no join carries them.
create or replace temp table unposted as
with lines_of_ours as (
    select
        entry_id,
        count(*) filter (where is_standing) > 0
        and (count(correction) = 0 or sum(seconds) filter (where is_standing) <> 0) as is_posted,
        max(document_ref) filter (where state <> 'posted') as document_ref
    from reconciliation.unsettled_lines
    group by entry_id
),

time_systems as (
    select distinct system
    from config.system_roles
    where role = 'time'
),

decided as (
    select entry_id from ops.decisions
    union
    select entry_id from reconciliation.billed_by_hand
)

select
    us.entry_row,
    us.entry_id,
    lo.document_ref
from unsettled_entries as us
inner join billing.entries as en on us.entry_row = en.rowid
left join lines_of_ours as lo on us.entry_id = lo.entry_id
left join config.going_live as gl
    on en.legal_entity = gl.legal_entity and en.system = gl.time_system
left join time_systems as ts on en.system = ts.system
anti join decided as de on us.entry_id = de.entry_id
where
    en.approval_state = 'approved'
    and not coalesce(en.is_deleted, false)
    and en.is_billable
    and coalesce(en.project_is_billable, true)
    and coalesce(en.task_is_billable, true)
    and coalesce(en.billing_type, 'time_and_materials') = 'time_and_materials'
    and (en.is_primary or (en.resource_id is null and ts.system is not null))
    and (gl.bill_from is null or en.work_date >= gl.bill_from)
    and not coalesce(lo.is_posted, false)
    and not (coalesce(en.is_invoiced, false) and lo.entry_id is null);

insert into reconciliation.unposted_entries by name
with priced as (
    select
        un.entry_row,
        un.document_ref,
        ra.rate_price,
        ra.rate_currency,
        ra.unit_price,
        ra.amount_minor,
        ra.problem
    from unposted as un
    left join billing.rated_entries as ra on un.entry_id = ra.entry_id
)

select
    en.entry_id,
    en.system,
    en.external_id,
    en.version_sha256,
    en.resource_external_id,
    en.project_external_id,
    en.resource_id,
    en.project_id,
    en.resource_matches,
    en.project_matches,
    en.role,
    en.home_legal_entity,
    en.work_date,
    en.seconds,
    en.approved_at,
    en.legal_entity,
    en.currency,
    en.period,
    en.customer_key,
    en.project_status,
    en.closed_on,
    en.cap_minor,
    en.erp_system,
    en.erp_company,
    en.period_state,
    pr.rate_price,
    pr.rate_currency,
    pr.unit_price,
    pr.amount_minor,
    pr.problem,
    pr.document_ref
from billing.entries as en
inner join priced as pr on en.rowid = pr.entry_row
-- what comes to no amount is sent with something else, or not at all
where pr.amount_minor is distinct from 0;

drop table unposted;
drop table unsettled_entries;
