-- Fills reconciliation.unlike_documents: posted documents of which a line may differ in the ERP.
insert into reconciliation.unlike_documents by name
with ours as (
    select
        document_ref,
        reconciliation.lines_hash(line_no, quantity, unit_price, amount_minor) as lines_hash
    from ops.posting_lines
    group by document_ref
),

theirs as (
    select
        system,
        document_external_id,
        reconciliation.lines_hash(line_no, quantity, unit_price, amount_minor) as lines_hash
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
    and us.lines_hash is distinct from th.lines_hash;
