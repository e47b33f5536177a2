-- What a document says of a project today; a line that takes back says what was said then.
create or replace temp table today_headers as
select
    project_id,
    min(erp_system) as erp_system,
    min(erp_company) as erp_company,
    min(erp_external_id) as project_external_id,
    min(purchase_order) as purchase_order,
    min(tax_code) as tax_code,
    min(cost_centre) as cost_centre,
    coalesce(min(revenue_account), nullif($revenue_account, '')) as revenue_account
from billing.projects
group by project_id;
