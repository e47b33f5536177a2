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
-- A credit memo typed by hand voids as well, where it takes back the whole invoice: line by line as
-- matching found it, or in one sum that is the invoice's and no other's of that customer.
with credit_lines as (
    select
        pl.document_ref,
        min(hl.number) as memo
    from ops.posting_lines as pl
    left join reconciliation.credit_matches as cm
        on
            pl.document_ref || '/' || pl.line_no::varchar = cm.takes_back
            and cm.kind = 'posted'
            and cm.status = 'confirmed'
    left join reconciliation.hand_typed_lines as hl on cm.record_key = hl.record_key
    where pl.amount_minor <> 0
    group by pl.document_ref
    having count(*) = count(cm.takes_back)
),

memos as (
    select
        ed.system,
        ed.company,
        ed.number,
        ed.currency,
        ed.posting_date,
        abs(ed.amount_minor) as amount_minor,
        canonical.id_of('customer', ed.customer_key) as customer_key
    from canonical.erp_documents as ed
    anti join ops.documents as dc on ed.reference = dc.document_ref
    where
        ed.kind = 'credit_memo'
        and ed.is_standing
        -- it may as well take back an invoice typed by hand
        and not exists (
            select 1
            from canonical.erp_documents as oi
            anti join ops.documents as od on oi.reference = od.document_ref
            where
                oi.kind = 'invoice'
                and oi.is_standing
                and oi.system = ed.system
                and oi.company is not distinct from ed.company
                and oi.customer_key = ed.customer_key
                and oi.amount_minor = abs(ed.amount_minor)
        )
),

credit_sums as (
    select
        sd.document_ref,
        me.number as memo
    from reconciliation.standing_documents as sd
    inner join memos as me
        on
            sd.system = me.system
            and sd.company is not distinct from me.company
            and sd.customer_key = me.customer_key
            and sd.currency = me.currency
            and sd.amount_minor = me.amount_minor
            and coalesce(sd.posting_date <= me.posting_date, true)
    where sd.kind = 'invoice'
    qualify
        count(*) over (partition by sd.document_ref) = 1
        and count(*) over (partition by me.system, me.company, me.number) = 1
),

credited as (
    select
        document_ref,
        min(memo) as memo
    from (
        select * from credit_lines
        union all
        select * from credit_sums
    )
    group by document_ref
),

voided as (
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
        if(ed.status = 'cancelled', null, cr.memo) as memo,
        abs(dc.amount_minor) as amount_minor
    from ops.documents as dc
    inner join canonical.erp_documents as ed
        on dc.document_ref = ed.reference and dc.system = ed.system and dc.erp_id = ed.external_id
    left join credited as cr on dc.document_ref = cr.document_ref
    where dc.state = 'posted' and (ed.status = 'cancelled' or cr.document_ref is not null)
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
            where
                sl.object_kind = pl.object_kind
                and sl.object_id = pl.object_id
                and sl.document_ref not in (select cr.document_ref from credited as cr)
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
    if(vo.memo is null, 'cancelled', 'credited by ' || vo.memo) as left_value,
    sa.system as right_system,
    vo.document_ref as right_id,
    sa.said as right_value,
    null as difference_seconds,
    -sa.amount_minor as difference_minor,
    sa.amount_minor as at_risk_minor,
    vo.currency,
    if(vo.memo is null, 'not_synced_yet', 'unauthorised_posting') as cause,
    vo.number || if(
        vo.memo is null, ' is cancelled', ' is credited by ' || vo.memo || ', typed by hand,'
    ) || ' in ' || vo.system || ', and ' || sa.system || ' still says '
    || replace(sa.said, '_', ' ') || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from said as sa
inner join voided as vo on sa.document_ref = vo.document_ref
order by record_key;
