-- The lines of `billing.ready_documents`, each with its key and its number in its document.
insert into billing.ready_lines by name
with keyed as (
    select
        dn.document_no,
        re.object_kind,
        re.object_id,
        re.part,
        0 as correction_no,
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
        re.what,
        concat_ws(
            '|', re.erp_system, re.source_system, re.object_kind, re.external_id, re.part, 0
        ) as line_key
    from ready as re
    inner join billing.ready_documents as dn
        on
            re.erp_system = dn.system
            and re.erp_company = dn.company
            and re.legal_entity = dn.legal_entity
            and re.posting_period = dn.period
            and re.currency = dn.currency
            and re.project_id = dn.project_id
            and re.customer_key = dn.customer_key
)

select
    document_no,
    line_key,
    object_kind,
    object_id,
    part,
    correction_no,
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
