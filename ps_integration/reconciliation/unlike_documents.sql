-- Fills reconciliation.unlike_documents: posted documents of which a line may differ in the ERP.
insert into reconciliation.unlike_documents by name
with ours as (
    select
        document_ref,
        count(*) as line_count,
        reconciliation.lines_sum(quantity, unit_price, amount_minor) as lines_sum
    from ops.posting_lines
    group by document_ref
),

theirs as (
    select
        system,
        document_external_id,
        count(*) as line_count,
        reconciliation.lines_sum(quantity, unit_price, amount_minor) as lines_sum
    from canonical.erp_lines
    where coalesce(line_type, '') <> 'comment'
    group by system, document_external_id
)

select
    dc.document_ref,
    dc.system,
    dc.erp_id
from ops.documents as dc
inner join ours as us on dc.document_ref = us.document_ref
left join theirs as th on dc.system = th.system and dc.erp_id = th.document_external_id
where
    dc.state = 'posted'
    and (
        us.line_count is distinct from th.line_count
        or us.lines_sum is distinct from th.lines_sum
    );
