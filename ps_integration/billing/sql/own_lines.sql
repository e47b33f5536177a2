-- What the documents hold, counted here without a look at `live_lines`: net of each part in each
-- group, and of each part. A document that the ERP has cancelled holds nothing any more.
create or replace temp table own_cells as
select
    pl.object_kind,
    pl.object_id,
    pl.part,
    pl.project_id,
    pl.legal_entity,
    pl.currency,
    pl.period,
    cast(sum(if(rv.document_ref is null, pl.seconds, 0)) as bigint) as seconds,
    cast(sum(if(rv.document_ref is null, pl.amount_minor, 0)) as bigint) as amount_minor,
    max_by(pl.version_sha256, pl.correction_no) filter (where rv.document_ref is null)
        as version_sha256,
    max(pl.correction_no) filter (where rv.document_ref is null) as correction_no,
    count(*) filter (where rv.document_ref is null and doc.state <> 'posted') as waiting,
    count(*) filter (where rv.document_ref is null and pl.correction is null) as first_lines,
    count(*) filter (where rv.document_ref is null and pl.correction is not null) as corrections
from ops.posting_lines as pl
inner join ops.documents as doc on pl.document_ref = doc.document_ref
left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
where doc.state not in ('planned', 'refused', 'superseded')
group by all;

create or replace temp table own_parts as
select
    object_kind,
    object_id,
    part,
    cast(sum(seconds) as bigint) as seconds,
    cast(sum(amount_minor) as bigint) as amount_minor,
    max_by(version_sha256, correction_no) as version_sha256,
    bool_or(stands) as stands,
    -- where it stands; in several places it is no entry's own any more
    if(count(distinct if(stands, project_id, null)) = 1, min(if(stands, project_id, null)), '')
        as project_id,
    if(count(distinct if(stands, currency, null)) = 1, min(if(stands, currency, null)), '')
        as currency
from (
    select
        *,
        seconds <> 0
        or amount_minor <> 0
        or waiting > 0
        or (first_lines > 0 and corrections = 0) as stands
    from own_cells
)
group by all;
