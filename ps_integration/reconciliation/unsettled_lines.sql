-- Fills reconciliation.unsettled_lines: the lines of unsettled entries, and how they stand.
insert into reconciliation.unsettled_lines by name
-- All columns are read of the few rows only.
with line_rows as materialized (
    select pl.rowid as line_row
    from ops.posting_lines as pl
    semi join unsettled_entries as us on pl.object_id = us.entry_id
    where pl.object_kind = 'time_entry'
),

lines as materialized (
    select pl.*
    from ops.posting_lines as pl
    semi join line_rows as lr on pl.rowid = lr.line_row
)

select
    li.object_id as entry_id,
    li.document_ref,
    li.part,
    li.correction_no,
    li.correction,
    li.version_sha256,
    li.project_id,
    li.legal_entity,
    li.period,
    li.seconds,
    li.amount_minor,
    li.currency,
    dc.customer_key,
    dc.system,
    dc.state,
    dc.state = 'posted' and rv.document_ref is null as is_standing
from lines as li
inner join ops.documents as dc on li.document_ref = dc.document_ref
left join ops.erp_reversals as rv on li.document_ref = rv.document_ref
where dc.state not in ('superseded', 'refused');
