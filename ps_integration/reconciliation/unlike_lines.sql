-- Fills reconciliation.unlike_lines: what the rules about single lines look at.
insert into reconciliation.unlike_lines by name
with ours as (
    select
        pl.*,
        ud.system,
        ud.erp_id,
        row_number() over (partition by pl.document_ref order by pl.line_no) as position
    from ops.posting_lines as pl
    inner join reconciliation.unlike_documents as ud on pl.document_ref = ud.document_ref
),

theirs as (
    select
        ud.document_ref,
        el.quantity,
        el.unit_price,
        el.amount_minor,
        row_number() over (partition by ed.system, ed.external_id order by el.line_no) as position
    from canonical.erp_lines as el
    inner join canonical.erp_documents as ed
        on
            el.system = ed.system
            and el.company is not distinct from ed.company
            and el.document_external_id = ed.external_id
    inner join reconciliation.unlike_documents as ud
        on
            ed.system = ud.system
            and ed.external_id = ud.erp_id
            and ed.reference = ud.document_ref
    where coalesce(el.line_type, '') <> 'comment'
)

select
    us.document_ref,
    us.line_no,
    us.object_kind,
    us.object_id,
    us.period,
    us.legal_entity,
    us.project_id,
    en.customer_key,
    en.system as time_system,
    us.quantity,
    us.unit_price,
    us.amount_minor,
    us.currency,
    us.system,
    us.erp_id,
    dc.erp_number,
    reconciliation.was_confirmed(dc.readback_minor, dc.amount_minor) as was_confirmed,
    th.quantity as erp_quantity,
    th.unit_price as erp_unit_price,
    th.amount_minor as erp_amount_minor
from ours as us
inner join theirs as th on us.document_ref = th.document_ref and us.position = th.position
inner join ops.documents as dc on us.document_ref = dc.document_ref
left join billing.entries as en on us.object_kind = 'time_entry' and us.object_id = en.entry_id
where
    abs(us.quantity) <> abs(th.quantity)
    or abs(us.unit_price) <> abs(th.unit_price)
    or abs(us.amount_minor) <> abs(th.amount_minor);
