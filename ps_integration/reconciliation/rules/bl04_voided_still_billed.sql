-- rule: BL04
-- title: Invoice voided in the ERP, PSA or time system still says billed
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: erp_documents@erp
-- cause: not_synced_yet
-- remedy: Run the billing feedback; if the mark stays, take it off in the system that has it.

-- One row per document and system. What bills the same again makes the mark true once more.
with voided as (
    select
        dc.document_ref,
        dc.system,
        dc.erp_id,
        dc.legal_entity,
        dc.project_id,
        dc.customer_key,
        dc.currency,
        dc.period,
        coalesce(ed.number, dc.erp_number) as number,
        abs(dc.amount_minor) as amount_minor
    from ops.documents as dc
    inner join canonical.erp_documents as ed
        on dc.document_ref = ed.reference and dc.system = ed.system and dc.erp_id = ed.external_id
    where dc.state = 'posted' and ed.status = 'cancelled'
),

-- by document: what a system's copy of the invoice says
copies as (
    select
        vo.document_ref,
        st.system,
        st.status as said,
        vo.amount_minor
    from voided as vo
    inner join canonical.invoice_statuses as st on vo.erp_id = st.reference
    where st.status <> 'cancelled'
),

lines as (
    select
        vo.document_ref,
        pl.object_kind,
        pl.object_id,
        abs(pl.amount_minor) as amount_minor
    from voided as vo
    inner join ops.posting_lines as pl on vo.document_ref = pl.document_ref
    where
        not exists (
            select 1
            from reconciliation.standing_lines as sl
            where sl.object_kind = pl.object_kind and sl.object_id = pl.object_id
        )
),

-- by entry and milestone: the source's own mark
marks as (
    select
        li.document_ref,
        split_part(li.object_id, ':', 1) as system,
        'invoiced' as said,
        li.amount_minor
    from lines as li
    inner join billing.entries as en on li.object_id = en.entry_id and en.is_invoiced
    where li.object_kind = 'time_entry'
    union all
    select
        li.document_ref,
        mi.system,
        'invoiced' as said,
        li.amount_minor
    from lines as li
    inner join canonical.milestones as mi
        on li.object_id = mi.system || ':' || mi.external_id and mi.is_invoiced
    where li.object_kind = 'milestone'
),

said as (
    select
        document_ref,
        system,
        min(said) as said,
        max(amount_minor) as amount_minor
    from copies
    group by document_ref, system
    union all
    select
        ma.document_ref,
        ma.system,
        min(ma.said) as said,
        sum(ma.amount_minor)::bigint as amount_minor
    from marks as ma
    anti join copies as co on ma.document_ref = co.document_ref and ma.system = co.system
    group by ma.document_ref, ma.system
)

select
    vo.document_ref || '|' || sa.system as record_key,
    vo.period,
    vo.legal_entity,
    vo.project_id,
    vo.customer_key,
    null as entry_id,
    vo.system as left_system,
    vo.number as left_id,
    'cancelled' as left_value,
    sa.system as right_system,
    vo.document_ref as right_id,
    sa.said as right_value,
    null as difference_seconds,
    -sa.amount_minor as difference_minor,
    sa.amount_minor as at_risk_minor,
    vo.currency,
    'not_synced_yet' as cause,
    vo.number || ' is cancelled in ' || vo.system || ', and ' || sa.system || ' still says '
    || replace(sa.said, '_', ' ') || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from said as sa
inner join voided as vo on sa.document_ref = vo.document_ref
order by record_key;
