-- Fills billing.ready_documents and billing.ready_lines: everything that goes into tonight's
-- documents. One document per batch, project and posting period.
create or replace temp table ready as
with task_names as (
    select
        system,
        external_id,
        one_line(min(name)) as name
    from canonical.tasks
    group by all
)

select
    'time_entry' as object_kind,
    di.entry_id as object_id,
    en.external_id,
    en.system as source_system,
    di.part,
    di.version_sha256,
    di.project_id,
    di.legal_entity,
    di.currency,
    di.period,
    di.posting_period,
    di.work_date,
    di.seconds,
    di.quantity,
    di.unit_price,
    di.amount_minor,
    en.erp_system,
    en.erp_company,
    en.customer_key,
    coalesce(tn.name, en.role, 'Time') || ' '
    || cast(hours_at(di.seconds, 100) as decimal(18, 2)) || ' h' as what
from billing.dispositions as di
inner join billing.entries as en on di.entry_id = en.entry_id
left join task_names as tn on en.system = tn.system and en.task_external_id = tn.external_id
where di.disposition = 'queued' and di.reason in ('to_be_planned', 'planned')
union all
select
    'milestone' as object_kind,
    mi.object_id,
    substr(mi.object_id, instr(mi.object_id, ':') + 1) as external_id,
    split_part(mi.object_id, ':', 1) as source_system,
    1 as part,
    milestone_sha(mi.amount_minor, mi.currency, mi.reached_on) as version_sha256,
    mi.project_id,
    mi.legal_entity,
    mi.currency,
    mi.period,
    mi.posting_period,
    mi.reached_on as work_date,
    0 as seconds,
    1 as quantity,
    cast(
        cast(mi.amount_minor as decimal(18, 0)) * case cu.minor_units
            when 0 then 1.0000
            when 2 then 0.0100
            when 3 then 0.0010
            else 0.0001
        end as decimal(18, 6)
    ) as unit_price,
    mi.amount_minor,
    mi.erp_system,
    mi.erp_company,
    mi.customer_key,
    'Milestone ' || one_line(coalesce(mi.name, '')) as what
from billing.milestones as mi
inner join config.currencies as cu on mi.currency = cu.currency
where mi.disposition = 'queued' and mi.reason in ('to_be_planned', 'planned');

delete from billing.ready_lines;

delete from billing.ready_documents;

insert into billing.ready_documents by name
with projects as (
    select
        project_id,
        min(erp_external_id) as project_external_id,
        min(purchase_order) as purchase_order,
        min(tax_code) as tax_code,
        min(cost_centre) as cost_centre,
        min(revenue_account) as revenue_account
    from billing.projects
    group by project_id
),

documents as (
    select
        erp_system as system,
        erp_company as company,
        legal_entity,
        posting_period as period,
        currency,
        project_id,
        customer_key,
        max(work_date) as last_work_date,
        count(*) as line_count
    from ready
    group by all
)

select
    dn.*,
    pr.project_external_id,
    pr.purchase_order,
    pr.tax_code,
    pr.cost_centre,
    row_number() over (
        order by
            dn.system,
            dn.company,
            dn.legal_entity,
            dn.period,
            dn.currency,
            dn.project_id,
            dn.customer_key
    ) as document_no,
    coalesce(pr.revenue_account, nullif($revenue_account, '')) as revenue_account
from documents as dn
inner join projects as pr on dn.project_id = pr.project_id;
