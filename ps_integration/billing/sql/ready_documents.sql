-- One row per document that tonight's plan will make, with what all its lines share.
select
    document_no,
    system,
    company,
    legal_entity,
    period,
    currency,
    project_id,
    project_external_id,
    customer_key,
    purchase_order,
    tax_code,
    cost_centre,
    revenue_account,
    last_work_date,
    lot,
    line_count
from billing.ready_documents
order by document_no;
