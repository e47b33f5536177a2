-- One row per entry in its current version, with everything resolved on its work date. Entries
-- whose newest record waits in quarantine are left out: what they say now is not known.
create or replace temp table versions as (
    select *
    from canonical.current_versions as cv
    where not exists (
        select 1 from quarantine.records as qr
        where
            qr.system = cv.system and qr.stream = cv.stream and qr.record_id = cv.record_id
    )
);

create or replace temp table people as (
    select
        pd.system,
        pd.resource_external_id,
        pd.work_date,
        count(cw.canonical_id) as matches,
        case when count(distinct cw.canonical_id) = 1 then min(cw.canonical_id) end as resource_id
    from (select distinct
        system,
        resource_external_id,
        work_date
    from versions) as pd
    left join canonical.crosswalk as cw
        on
            cw.object_kind = 'resource'
            and pd.system = cw.system and pd.resource_external_id = cw.external_id
            and pd.work_date >= cw.valid_from and pd.work_date < cw.valid_to
    group by all
);

create or replace temp table jobs as (
    select
        pd.system,
        pd.project_external_id,
        pd.work_date,
        count(cw.canonical_id) as matches,
        case when count(distinct cw.canonical_id) = 1 then min(cw.canonical_id) end as project_id
    from (
        select distinct
            system,
            project_external_id,
            work_date
        from versions
        where project_external_id is not null
    ) as pd
    left join canonical.crosswalk as cw
        on
            cw.object_kind = 'project'
            and pd.system = cw.system and pd.project_external_id = cw.external_id
            and pd.work_date >= cw.valid_from and pd.work_date < cw.valid_to
    group by all
);

create or replace temp table kinds as (
    select
        td.system,
        td.task_external_id,
        td.project_external_id,
        td.work_date,
        case when count(distinct cw.canonical_id) = 1 then min(cw.canonical_id) end as task_id,
        arg_min(
            ta.is_billable, (ta.project_external_id is null, ta.stream, ta.record_id)
        ) as is_billable
    from (
        select distinct
            system,
            task_external_id,
            project_external_id,
            work_date
        from versions
        where task_external_id is not null
    ) as td
    left join canonical.crosswalk as cw
        on
            cw.object_kind = 'task'
            and td.system = cw.system and td.task_external_id = cw.external_id
            and td.work_date >= cw.valid_from and td.work_date < cw.valid_to
    left join canonical.tasks as ta
        on
            td.system = ta.system and td.task_external_id = ta.external_id
            and (ta.project_external_id is null or td.project_external_id = ta.project_external_id)
    group by all
);

create or replace temp table homes as (
    select
        hd.system,
        hd.home_legal_entity,
        hd.work_date,
        bool_or(ro.system = hd.system) as is_routed
    from (
        select distinct
            pe.system,
            bh.home_legal_entity,
            pe.work_date
        from people as pe
        inner join billing.resource_homes as bh
            on
                pe.resource_id = bh.resource_id
                and pe.work_date >= bh.valid_from and pe.work_date < bh.valid_to
    ) as hd
    left join config.routing as ro
        on
            ro.role = 'time' and hd.home_legal_entity = ro.legal_entity
            and hd.work_date >= ro.valid_from and hd.work_date < ro.valid_to
    group by all
);

create or replace temp table targets as (
    select
        ed.legal_entity,
        ed.work_date,
        arg_min(ro.system, (ro.system, ro.company)) as erp_system,
        arg_min(ro.company, (ro.system, ro.company)) as erp_company
    from (
        select distinct
            bp.legal_entity,
            jo.work_date
        from jobs as jo
        inner join billing.projects as bp on jo.project_id = bp.project_id
        where bp.legal_entity is not null
    ) as ed
    inner join config.routing as ro
        on
            ro.role = 'erp' and ed.legal_entity = ro.legal_entity
            and ed.work_date >= ro.valid_from and ed.work_date < ro.valid_to
    group by all
);

-- The strictest answer where an ERP lists a day in two periods: closed, then not open, then open.
create or replace temp table periods as (
    select
        tg.legal_entity,
        tg.work_date,
        min(ap.state) as state
    from targets as tg
    inner join canonical.accounting_periods as ap
        on
            tg.erp_system = ap.system
            and coalesce(tg.erp_company, '') = coalesce(ap.company, '')
            and tg.work_date >= ap.starts_on and tg.work_date < ap.ends_on
    group by all
);

delete from billing.entries;
insert into billing.entries by name
with iv as (
    select
        system,
        external_id
    from canonical.time_entries
    where is_invoiced
)

select
    ve.entry_id,
    ve.system,
    ve.external_id,
    ve.raw_seq,
    ve.version_no,
    ve.version_sha256,
    -- A person nobody knows, or an entity no system is named for, must not fall out of the account.
    coalesce(ho.is_routed, true) as is_primary,
    ve.resource_external_id,
    ve.project_external_id,
    ve.task_external_id,
    pe.resource_id,
    jo.project_id,
    ki.task_id,
    coalesce(pe.matches, 0) as resource_matches,
    coalesce(jo.matches, 0) as project_matches,
    coalesce(ve.role, br.role) as role,
    bh.home_legal_entity,
    ve.work_date,
    ve.seconds,
    ve.is_billable,
    ve.approval_state,
    ve.approved_at,
    ve.is_deleted,
    iv.system is not null as is_invoiced,
    bp.legal_entity,
    bp.currency,
    strftime(ve.work_date, '%Y-%m') as period,
    bp.customer_key,
    bp.status as project_status,
    bp.billing_type,
    bp.is_billable as project_is_billable,
    ki.is_billable as task_is_billable,
    bp.cap_minor,
    bp.closed_on,
    tg.erp_system,
    tg.erp_company,
    coalesce(pd.state, 'unknown') as period_state
from versions as ve
left join iv
    on ve.system = iv.system and ve.external_id = iv.external_id
left join people as pe
    on
        ve.system = pe.system and ve.resource_external_id = pe.resource_external_id
        and ve.work_date = pe.work_date
left join jobs as jo
    on
        ve.system = jo.system and ve.project_external_id = jo.project_external_id
        and ve.work_date = jo.work_date
left join kinds as ki
    on
        ve.system = ki.system and ve.task_external_id = ki.task_external_id
        and ve.project_external_id is not distinct from ki.project_external_id
        and ve.work_date = ki.work_date
left join billing.resources as br on pe.resource_id = br.resource_id
left join billing.resource_homes as bh
    on
        pe.resource_id = bh.resource_id
        and ve.work_date >= bh.valid_from and ve.work_date < bh.valid_to
left join billing.projects as bp on jo.project_id = bp.project_id
left join homes as ho
    on
        ve.system = ho.system and bh.home_legal_entity = ho.home_legal_entity
        and ve.work_date = ho.work_date
left join targets as tg on bp.legal_entity = tg.legal_entity and ve.work_date = tg.work_date
left join periods as pd on bp.legal_entity = pd.legal_entity and ve.work_date = pd.work_date;

drop table versions;
