-- Each revenue account or resource of an ERP company and month: lines under our references, and
-- lines that were typed by hand.
select
    ed.system,
    coalesce(ed.company, '') as company,
    el.object_number as account,
    coalesce(strftime(coalesce(ed.posting_date, ed.invoice_date), '%Y-%m'), 'unassigned') as period,
    coalesce(el.currency, 'unassigned') as currency,
    count(*) as lines,
    coalesce(
        sum(if(ed.kind = 'credit_memo', -el.amount_minor, el.amount_minor)) filter (
            where dc.document_ref is not null
        ), 0
    )::bigint as ours_minor,
    coalesce(
        sum(if(ed.kind = 'credit_memo', -el.amount_minor, el.amount_minor)) filter (
            where dc.document_ref is null
        ), 0
    )::bigint as typed_minor
from canonical.erp_lines as el
inner join canonical.erp_documents as ed
    on
        el.system = ed.system
        and el.company is not distinct from ed.company
        and el.document_external_id = ed.external_id
inner join config.revenue_targets as rv
    on el.system = rv.system and el.object_number = rv.object_number
left join ops.documents as dc on ed.reference = dc.document_ref
where
    ed.is_standing
    and coalesce(
        strftime(coalesce(ed.posting_date, ed.invoice_date), '%Y-%m') >= $first_period, true
    )
group by all
order by period desc, ed.system asc, company asc, account asc, currency asc;
