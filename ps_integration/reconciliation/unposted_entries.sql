-- Fills reconciliation.unposted_entries: what the rules about unposted time look at.
insert into reconciliation.unposted_entries by name
with lines_of_ours as (
    select
        pl.object_id as entry_id,
        count(*) filter (where dc.state = 'posted' and rv.document_ref is null) > 0
        and (
            count(pl.correction) = 0
            or sum(pl.seconds) filter (where dc.state = 'posted' and rv.document_ref is null) <> 0
        ) as is_posted,
        max(dc.document_ref) filter (where dc.state <> 'posted') as document_ref
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where pl.object_kind = 'time_entry' and dc.state not in ('superseded', 'refused')
    group by pl.object_id
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
    ra.rate_price,
    ra.rate_currency,
    ra.unit_price,
    ra.amount_minor,
    ra.problem,
    lo.document_ref
from billing.entries as en
left join billing.rated_entries as ra on en.entry_id = ra.entry_id
left join lines_of_ours as lo on en.entry_id = lo.entry_id
left join config.going_live as gl
    on en.legal_entity = gl.legal_entity and en.system = gl.time_system
left join time_systems as ts on en.system = ts.system
left join decided as de on en.entry_id = de.entry_id
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
    and not (coalesce(en.is_invoiced, false) and lo.entry_id is null)
    and de.entry_id is null;
