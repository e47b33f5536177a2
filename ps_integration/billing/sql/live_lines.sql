-- What is already in a document that counts: everything but planned (decided anew every night),
-- refused and superseded. A dead document still holds its parts; a person decides. The lines of a
-- document that the ERP has cancelled since are kept, for their numbers, and come to nothing.
create or replace temp table live_lines as
select
    pl.line_key,
    pl.object_kind,
    pl.object_id,
    pl.part,
    pl.correction_no,
    pl.correction,
    pl.corrects_line_key,
    pl.version_sha256,
    pl.project_id,
    pl.legal_entity,
    pl.period,
    pl.currency,
    pl.work_date,
    pl.quantity,
    pl.unit_price,
    pl.line_no,
    doc.document_ref,
    doc.system,
    doc.company,
    doc.customer_key,
    doc.content,
    doc.state,
    doc.erp_number,
    doc.period as posting_period,
    doc.state = 'posted' as is_posted,
    rv.document_ref is not null as is_voided,
    if(is_voided, 0, pl.seconds) as seconds,
    if(is_voided, 0, pl.amount_minor) as amount_minor
from ops.posting_lines as pl
inner join ops.documents as doc on pl.document_ref = doc.document_ref
left join ops.erp_reversals as rv on doc.document_ref = rv.document_ref
where doc.state in ('approved', 'sending', 'draft', 'unknown', 'held', 'dead', 'posted');

-- Net of each part in each group it is or was billed under. It stands while it comes to something,
-- waits for an answer, or was never corrected (a line of no amount stands too).
create or replace temp table live_cells as
select
    object_kind,
    object_id,
    part,
    project_id,
    legal_entity,
    currency,
    period,
    cast(sum(seconds) as bigint) as seconds,
    cast(sum(amount_minor) as bigint) as amount_minor,
    bool_or(not is_posted and not is_voided) as is_in_flight,
    sum(amount_minor) <> 0
    or sum(seconds) <> 0
    or bool_or(not is_posted and not is_voided)
    or (
        bool_or(not is_voided)
        and count(*) filter (where correction is not null and not is_voided) = 0
    ) as stands
from live_lines
group by all;
