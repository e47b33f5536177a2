-- The lines of `billing.ready_documents`, each with its key and its number in its document.
insert into billing.ready_lines by name
with keyed as (
    select
        dn.document_no,
        re.object_kind,
        re.object_id,
        re.part,
        re.correction_no,
        re.correction,
        re.corrects_document_ref,
        re.corrects_line_key,
        re.corrects_reason,
        re.version_sha256,
        re.project_id,
        re.legal_entity,
        re.period,
        re.work_date,
        re.seconds,
        re.quantity,
        re.unit_price,
        re.amount_minor,
        re.currency,
        case
            when re.posting_period > re.period then '(' || re.period || ' closed) '
            when re.posting_period < re.period then '(' || re.period || ' not open) '
            else ''
        end || re.what as what,
        concat_ws(
            '|',
            re.system,
            re.source_system,
            re.object_kind,
            re.external_id,
            re.part,
            re.correction_no
        ) as line_key
    from sided as re
    inner join billing.ready_documents as dn
        on
            re.system = dn.system
            and re.company = dn.company
            and re.legal_entity = dn.legal_entity
            and re.posting_period = dn.period
            and re.currency = dn.currency
            and re.project_id = dn.project_id
            and re.customer_key = dn.customer_key
            and re.project_external_id is not distinct from dn.project_external_id
            and re.purchase_order is not distinct from dn.purchase_order
            and re.tax_code is not distinct from dn.tax_code
            and re.cost_centre is not distinct from dn.cost_centre
            and re.revenue_account is not distinct from dn.named_account
            and re.side = dn.side
            and re.lot = dn.lot
)

select
    document_no,
    line_key,
    object_kind,
    object_id,
    part,
    correction_no,
    correction,
    corrects_document_ref,
    corrects_line_key,
    corrects_reason,
    version_sha256,
    project_id,
    legal_entity,
    period,
    work_date,
    seconds,
    quantity,
    unit_price,
    amount_minor,
    currency,
    row_number() over (
        partition by document_no
        order by work_date, line_key
    ) as line_no,
    left(work_date || ' ' || what, 91) || ' ' || left(sha256(line_key), 8) as description
from keyed;
