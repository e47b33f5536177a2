-- What each system should know: one row per invoice of ours and project, milestone or time entry.
-- The ERP's own status wins over our ledger's, once the ERP's document has been read; its id is
-- one in the whole system, and a company it may not have.
with invoices as (
    select
        oo.document_ref,
        oo.kind,
        oo.project_id,
        oo.currency,
        oo.erp_id as reference,
        coalesce(ed.number, oo.erp_number) as number,
        coalesce(
            case
                when ed.external_id is null and rv.document_ref is not null then 'cancelled'
                when ed.status = 'corrective' then 'cancelled'
                when ed.status = 'draft' and oo.state = 'posted' then 'open'
                else coalesce(se.status, ed.status)
            end,
            case oo.state when 'draft' then 'draft' else 'open' end
        ) as status,
        coalesce(abs(oo.readback_minor), abs(oo.amount_minor)) as amount_minor,
        ed.total_minor,
        ed.remaining_minor,
        coalesce(se.credited_minor, 0) as credited_minor
    from ops.documents as oo
    left join canonical.erp_documents as ed
        on
            oo.system = ed.system
            and oo.erp_id = ed.external_id
    left join canonical.settlements as se
        on
            oo.system = se.system
            and oo.erp_id = se.external_id
    left join ops.erp_reversals as rv on oo.document_ref = rv.document_ref
    where oo.state in ('draft', 'posted') and oo.erp_id is not null
),

subjects as (
    select
        iv.document_ref,
        bp.psa_system as system,
        'project' as subject_kind,
        bp.psa_external_id as subject_external_id,
        iv.amount_minor as share_minor
    from invoices as iv
    inner join billing.projects as bp
        on iv.project_id = bp.project_id
    where bp.psa_external_id is not null
    union all
    select
        pl.document_ref,
        split_part(pl.object_id, ':', 1) as system,
        pl.object_kind as subject_kind,
        substr(pl.object_id, strpos(pl.object_id, ':') + 1) as subject_external_id,
        sum(abs(pl.amount_minor)) as share_minor
    from ops.posting_lines as pl
    inner join invoices as iv
        on pl.document_ref = iv.document_ref
    where
        pl.object_kind = 'milestone'
        or (pl.object_kind = 'time_entry' and iv.status <> 'draft')
    group by pl.document_ref, pl.object_kind, pl.object_id
)

select
    sj.system,
    sj.subject_kind,
    sj.subject_external_id,
    iv.reference,
    iv.document_ref,
    iv.kind,
    iv.number,
    iv.status,
    iv.currency,
    iv.amount_minor,
    sj.share_minor::bigint as share_minor,
    iv.total_minor,
    iv.remaining_minor,
    iv.credited_minor
from subjects as sj
inner join invoices as iv
    on sj.document_ref = iv.document_ref
left join ops.feedback as fb
    on
        sj.system = fb.system
        and sj.subject_kind = fb.subject_kind
        and sj.subject_external_id = fb.subject_external_id
        and iv.reference = fb.reference
-- A time entry is told only whether it is invoiced; there are many, so the known ones stay here.
where
    sj.subject_kind <> 'time_entry'
    or coalesce(fb.state, 'pending') = 'pending'
    or fb.status <> if(iv.status = 'cancelled', 'cancelled', 'invoiced')
order by sj.system, sj.subject_kind, sj.subject_external_id, iv.reference
