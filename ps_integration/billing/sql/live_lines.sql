-- What is already in a document that counts: everything but planned (decided anew every night),
-- refused and superseded. A dead document still holds its parts; a person decides.
create or replace temp table live_lines as
select
    pl.line_key,
    pl.object_kind,
    pl.object_id,
    pl.part,
    pl.correction_no,
    pl.version_sha256,
    pl.project_id,
    pl.legal_entity,
    pl.period,
    pl.currency,
    pl.seconds,
    pl.amount_minor,
    pl.line_no,
    doc.document_ref,
    doc.state,
    doc.erp_number,
    doc.period as posting_period,
    doc.state = 'posted' as is_posted
from ops.posting_lines as pl
inner join ops.documents as doc on pl.document_ref = doc.document_ref
where doc.state in ('approved', 'sending', 'draft', 'unknown', 'held', 'dead', 'posted');
