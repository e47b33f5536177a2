-- Fills billing.ready_lines: everything that goes into tonight's documents, in its final order.
-- One document per batch, project and posting period; `document_no` counts them.
delete from billing.ready_lines;

insert into billing.ready_lines by name
with ready as (
    select
        'time_entry' as object_kind,
        di.entry_id as object_id,
        ae.external_id,
        ae.system as source_system,
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
        ae.erp_system,
        ae.erp_company,
        ae.customer_key,
        coalesce(ae.task_name, ae.role, 'Time') || ' '
        || cast(hours_at(di.seconds, 100) as decimal(18, 2)) || ' h' as what
    from billing.dispositions as di
    inner join approved_entries as ae on di.entry_id = ae.entry_id
    where di.disposition = 'queued' and di.reason in ('to_be_planned', 'planned')
    union all
    select
        'milestone' as object_kind,
        mi.object_id,
        mi.object_id[position(':' in mi.object_id) + 1:] as external_id,
        mi.object_id[1:position(':' in mi.object_id) - 1] as source_system,
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
        'Milestone ' || coalesce(mi.name, '') as what
    from billing.milestones as mi
    inner join config.currencies as cu on mi.currency = cu.currency
    where mi.disposition = 'queued' and mi.reason in ('to_be_planned', 'planned')
),

projects as (
    select
        project_id,
        min(erp_external_id) as erp_external_id,
        min(purchase_order) as purchase_order,
        min(tax_code) as tax_code,
        min(cost_centre) as cost_centre,
        coalesce(min(revenue_account), nullif($revenue_account, '')) as revenue_account
    from billing.projects
    group by project_id
),

keyed as (
    select
        re.*,
        pr.erp_external_id as project_external_id,
        pr.purchase_order,
        pr.tax_code,
        pr.cost_centre,
        pr.revenue_account,
        concat_ws(
            '|', re.erp_system, re.source_system, re.object_kind, re.external_id, re.part, 0
        ) as line_key
    from ready as re
    inner join projects as pr on re.project_id = pr.project_id
)

select
    dense_rank() over (
        order by
            erp_system,
            erp_company,
            legal_entity,
            posting_period,
            currency,
            project_id,
            customer_key
    ) as document_no,
    row_number() over (
        partition by
            erp_system,
            erp_company,
            legal_entity,
            posting_period,
            currency,
            project_id,
            customer_key
        order by work_date, line_key
    ) as line_no,
    line_key,
    object_kind,
    object_id,
    part,
    0 as correction_no,
    version_sha256,
    project_id,
    legal_entity,
    period,
    posting_period,
    work_date,
    seconds,
    quantity,
    unit_price,
    amount_minor,
    currency,
    regexp_replace(work_date || ' ' || what, '[[:cntrl:]]+', ' ', 'g')[1:91] || ' '
    || sha256(line_key)[1:8] as description,
    erp_system,
    erp_company,
    project_external_id,
    customer_key,
    purchase_order,
    tax_code,
    cost_centre,
    revenue_account
from keyed
order by document_no, line_no;
