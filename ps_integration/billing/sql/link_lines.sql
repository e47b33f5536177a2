-- Adds to billing.broken_links what makes the second equation fail: documents, objects and lines.
insert into billing.broken_links by name
select
    'ledger' as equation,
    case
        when starts_with(object_id, 'PS-') then 'ops.documents' else 'ops.posting_lines'
    end as table_name,
    object_id as record_key,
    if(
        erp_difference_minor <> 0,
        'the ERP has ' || erp_difference_minor || ' minor units more than its lines',
        'does not come to what it should'
    ) as problem
from ledger_objects
where unexplained > 0 or erp_difference_minor <> named_minor
union all
select
    'ledger' as equation,
    'ops.posting_lines' as table_name,
    coalesce(pl.line_key, pl.object_id) as record_key,
    'is not what its key and document say' as problem
from ops.posting_lines as pl
inner join ops.documents as dc on pl.document_ref = dc.document_ref
where
    pl.line_key is distinct from concat_ws(
        '|',
        dc.system,
        split_part(pl.object_id, ':', 1),
        pl.object_kind,
        substr(pl.object_id, length(split_part(pl.object_id, ':', 1)) + 2),
        pl.part,
        pl.correction_no
    )
    or row(pl.legal_entity, pl.currency, pl.period)
    is distinct from row(dc.legal_entity, dc.currency, strftime(pl.work_date, '%Y-%m'))
union all
-- A line is of the day of the version that it bills; what takes a line back is of that line's day,
-- for the entry may have moved since. A delta may be either.
select
    'ledger' as equation,
    'ops.posting_lines' as table_name,
    pl.line_key as record_key,
    if(
        pl.correction = 'reversal',
        'is of another day than the line that it takes back',
        'is of another day than the version of the entry that it bills'
    ) as problem
from ops.posting_lines as pl
left join canonical.entry_versions as ev
    on pl.object_id = ev.entry_id and pl.version_sha256 = ev.version_sha256
left join ops.posting_lines as ba
    on pl.correction is not null and pl.corrects_line_key = ba.line_key
where
    pl.object_kind = 'time_entry'
    and case pl.correction
        when 'reversal' then pl.work_date is distinct from ba.work_date
        when 'delta'
            then
                pl.work_date is distinct from ba.work_date
                and pl.work_date is distinct from ev.work_date
        else ev.entry_id is not null and pl.work_date is distinct from ev.work_date
    end;
