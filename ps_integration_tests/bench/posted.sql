-- As if everything that is to be posted had been: one document for every twenty lines of a project
-- and period, signed, sent, confirmed, and read back from the ERP.
create or replace temp table bench_posted as
select
    di.* exclude (document_ref),
    en.system as source,
    en.external_id,
    en.erp_system,
    en.erp_company,
    en.customer_key,
    'PS-' || di.project_id || '-' || replace(di.period, '-', '') || '-'
    || ((row_number() over (partition by di.project_id, di.period order by di.entry_id) - 1) // 20)
        as document_ref,
    1 + (row_number() over (partition by di.project_id, di.period order by di.entry_id) - 1) % 20
        as line_no
from billing.dispositions as di
inner join billing.entries as en on di.entry_id = en.entry_id
where di.amount_minor is not null and di.disposition = 'queued';

insert into ops.posting_lines by name
select
    erp_system || '|' || source || '|time_entry|' || external_id || '|' || part || '|0' as line_key,
    document_ref,
    line_no,
    'time_entry' as object_kind,
    entry_id as object_id,
    part,
    0 as correction_no,
    version_sha256,
    project_id,
    legal_entity,
    period,
    work_date,
    seconds,
    quantity,
    unit_price,
    amount_minor,
    currency
from bench_posted;

insert into ops.documents by name
select
    document_ref,
    period || legal_entity as batch_id,
    'invoice' as kind,
    erp_system as system,
    erp_company as company,
    legal_entity,
    project_id,
    customer_key,
    currency,
    period,
    last_day(max(work_date)) as posting_date,
    'posted' as state,
    sum(amount_minor)::bigint as amount_minor,
    'id-' || document_ref as erp_id,
    'S-' || document_ref as erp_number,
    sum(amount_minor)::bigint as readback_minor
from bench_posted
group by all;

insert into ops.batches by name
select distinct
    batch_id,
    system,
    company,
    legal_entity,
    period,
    currency,
    'posted' as status
from ops.documents;

insert into ops.approvals by name
select
    batch_id,
    'approved' as decision,
    'schedule' as maker,
    'maria' as decided_by
from ops.batches;

insert into ops.ledger by name
select
    row_number() over (order by dc.document_ref, st.step) as seq,
    dc.document_ref,
    st.from_state,
    st.to_state,
    1 as attempt
from ops.documents as dc
cross join (
    values
    (1, null, 'planned'), (2, 'planned', 'approved'), (3, 'approved', 'sending'),
    (4, 'sending', 'posted')
) as st (step, from_state, to_state);

insert into canonical.erp_documents by name
select
    system,
    company,
    erp_id as external_id,
    'invoice' as kind,
    erp_number as number,
    document_ref as reference,
    'open' as status,
    true as is_posted,
    true as is_standing,
    currency,
    posting_date,
    amount_minor
from ops.documents;

insert into canonical.erp_lines by name
select
    pl.project_id as project_key,
    dc.system,
    dc.company,
    dc.erp_id || '/' || pl.line_no as external_id,
    dc.erp_id as document_external_id,
    pl.line_no,
    pl.quantity,
    pl.unit_price,
    pl.amount_minor,
    pl.currency
from ops.posting_lines as pl
inner join ops.documents as dc on pl.document_ref = dc.document_ref;
