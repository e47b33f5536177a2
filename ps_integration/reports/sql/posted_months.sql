-- Money in the ERP by the month it is posted in: what stands by our ledger, in the month that we
-- asked for, beside the same documents as the ERP lists them, in the month that it says. A document
-- that was posted after the ERP was read, or in an ERP that lists none, is as it was read back.
with ours as (
    select
        dc.document_ref,
        dc.system,
        dc.erp_id,
        dc.legal_entity,
        dc.currency,
        strftime(dc.posting_date, '%Y-%m') as month,
        if(rv.document_ref is null, dc.amount_minor, 0) as confirmed_minor,
        case
            when rv.document_ref is not null then 0
            when dc.kind = 'credit_memo' then -abs(dc.readback_minor)
            else dc.readback_minor
        end as readback_minor
    from ops.documents as dc
    left join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    where dc.state = 'posted'
),

listed as (
    select
        system,
        external_id,
        reference,
        strftime(posting_date, '%Y-%m') as month,
        case
            when not is_standing then 0
            when kind = 'credit_memo' then -abs(amount_minor)
            else amount_minor
        end as erp_minor
    from canonical.erp_documents
    where is_posted
),

-- the ERP's own id says which it is; only without one the reference does
found as (
    select
        ou.document_ref,
        li.month,
        li.erp_minor
    from ours as ou
    inner join listed as li on ou.system = li.system and ou.erp_id = li.external_id
    union all
    select
        ou.document_ref,
        li.month,
        li.erp_minor
    from ours as ou
    inner join listed as li on ou.system = li.system and ou.document_ref = li.reference
    where not exists (
        select 1
        from listed as ot
        where ou.system = ot.system and ou.erp_id = ot.external_id
    )
),

sides as (
    select
        legal_entity,
        currency,
        month,
        1 as documents,
        confirmed_minor,
        0 as erp_minor
    from ours
    union all
    select
        ou.legal_entity,
        ou.currency,
        coalesce(fo.month, ou.month) as month,
        0 as documents,
        0 as confirmed_minor,
        if(fo.document_ref is null, ou.readback_minor, fo.erp_minor) as erp_minor
    from ours as ou
    left join found as fo on ou.document_ref = fo.document_ref
)

select
    legal_entity,
    currency,
    coalesce(month, 'no date') as month,
    sum(documents)::bigint as document_count,
    sum(confirmed_minor)::bigint as confirmed_minor,
    sum(erp_minor)::bigint as erp_minor,
    sum(confirmed_minor) = sum(coalesce(erp_minor, 0)) as holds
from sides
group by legal_entity, currency, month
order by legal_entity, currency, month;
