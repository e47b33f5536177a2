-- Stands in for conform and resolve while only billing is measured.
insert into canonical.time_entries by name
select
    system,
    stream,
    record_id,
    raw_seq,
    record_id as external_id,
    payload ->> '$.user.id' as resource_external_id,
    payload ->> '$.project.id' as project_external_id,
    payload ->> '$.task.id' as task_external_id,
    (payload ->> '$.spent_date')::date as work_date,
    ((payload ->> '$.hours')::decimal(9, 2) * 3600)::bigint as seconds,
    (payload ->> '$.billable')::boolean as is_billable,
    payload ->> '$.approval_status' as approval_state,
    false as is_invoiced
from raw.records
where stream = 'time_entries';
insert into canonical.entry_versions by name
select
    system || ':' || external_id as entry_id,
    1 as version_no,
    sha256(external_id) as version_sha256,
    raw_seq,
    system,
    external_id,
    resource_external_id,
    project_external_id,
    task_external_id,
    work_date,
    seconds,
    is_billable,
    approval_state,
    false as is_deleted
from canonical.time_entries;
insert into billing.entries by name
select
    ev.entry_id,
    ev.system,
    ev.external_id,
    ev.raw_seq,
    ev.version_no,
    ev.version_sha256,
    true as is_primary,
    ev.resource_external_id,
    ev.project_external_id,
    ev.task_external_id,
    xr.canonical_id as resource_id,
    xp.canonical_id as project_id,
    1 as resource_matches,
    1 as project_matches,
    rs.home_legal_entity,
    ev.work_date,
    ev.seconds,
    ev.is_billable,
    ev.approval_state,
    false as is_deleted,
    false as is_invoiced,
    pr.legal_entity,
    pr.currency,
    strftime(ev.work_date, '%Y-%m') as period,
    pr.customer_key,
    pr.status as project_status,
    pr.billing_type,
    pr.is_billable as project_is_billable,
    pr.cap_minor,
    pr.erp_system,
    pr.erp_company,
    'open' as period_state
from canonical.entry_versions as ev
inner join canonical.crosswalk as xr
    on
        ev.system = xr.system
        and ev.resource_external_id = xr.external_id
        and xr.object_kind = 'resource'
inner join canonical.crosswalk as xp
    on
        ev.system = xp.system
        and ev.project_external_id = xp.external_id
        and xp.object_kind = 'project'
inner join billing.resources as rs on xr.canonical_id = rs.resource_id
inner join billing.projects as pr on xp.canonical_id = pr.project_id;
