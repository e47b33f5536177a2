-- One row per document that tonight's plan will make, with what all its lines share.
select
    rl.document_no,
    rl.erp_system as system,
    rl.erp_company as company,
    rl.legal_entity,
    rl.posting_period as period,
    rl.currency,
    rl.project_id,
    min(rl.project_external_id) as project_external_id,
    rl.customer_key,
    min(rl.purchase_order) as purchase_order,
    min(rl.tax_code) as tax_code,
    min(rl.cost_centre) as cost_centre,
    min(rl.revenue_account) as revenue_account,
    max(rl.work_date) as last_work_date,
    count(*) as line_count
from billing.ready_lines as rl
group by all
order by rl.document_no;
