-- Each project and month in the time system, the PSA, our ledger and the ERP: hours and money.
with starts as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from config.going_live
    group by legal_entity
),

worked as (
    select
        en.project_id,
        strftime(en.work_date, '%Y-%m') as period,
        en.currency,
        sum(en.seconds) filter (where en.is_primary and en.approval_state = 'approved')
            as time_seconds,
        sum(en.seconds) filter (
            where not en.is_primary and sr.system is not null and en.approval_state <> 'rejected'
        ) as psa_seconds,
        sum(ra.amount_minor) filter (where en.is_primary and en.approval_state = 'approved')
            as rated_minor
    from billing.entries as en
    left join billing.rated_entries as ra on en.entry_id = ra.entry_id
    left join config.system_roles as sr on en.system = sr.system and sr.role = 'psa'
    left join starts as st on en.legal_entity = st.legal_entity
    where
        not en.is_deleted
        and en.project_id is not null
        and (st.bill_from is null or en.work_date >= st.bill_from)
    group by en.project_id, strftime(en.work_date, '%Y-%m'), en.currency
),

ledger as (
    select
        pl.project_id,
        pl.period,
        pl.currency,
        sum(pl.seconds) filter (where pl.object_kind = 'time_entry') as ledger_seconds,
        sum(pl.amount_minor) as ledger_minor,
        sum(pl.quantity) filter (where pl.object_kind <> 'time_entry') as pieces
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where dc.state = 'posted' and rv.document_ref is null
    group by pl.project_id, pl.period, pl.currency
),

erp as (
    select
        coalesce(kp.canonical_id, lower(trim(el.project_key))) as project_id,
        coalesce(
            dc.period,
            strftime(coalesce(ed.posting_date, ed.invoice_date), '%Y-%m'),
            'unassigned'
        ) as period,
        el.currency,
        sum(if(ed.kind = 'credit_memo', -el.quantity, el.quantity)) as quantity,
        sum(if(ed.kind = 'credit_memo', -el.amount_minor, el.amount_minor)) as erp_minor
    from canonical.erp_lines as el
    inner join canonical.erp_documents as ed
        on
            el.system = ed.system
            and el.company is not distinct from ed.company
            and el.document_external_id = ed.external_id
    left join ops.documents as dc on ed.reference = dc.document_ref
    left join canonical.keys as kp
        on kp.object_kind = 'project' and lower(trim(el.project_key)) = kp.match_key
    where
        ed.is_standing
        and coalesce(trim(el.project_key), '') <> ''
        and coalesce(el.line_type, '') <> 'comment'
    group by all
),

keys as (
    select
        project_id,
        period,
        currency
    from worked
    union
    select
        project_id,
        period,
        currency
    from ledger
    union
    select
        project_id,
        period,
        currency
    from erp
)

select
    ke.project_id,
    pr.name,
    coalesce(pr.legal_entity, 'unassigned') as legal_entity,
    ke.period,
    coalesce(ke.currency, 'unassigned') as currency,
    coalesce(wo.time_seconds, 0)::bigint as time_seconds,
    wo.psa_seconds::bigint as psa_seconds,
    coalesce(le.ledger_seconds, 0)::bigint as ledger_seconds,
    round((coalesce(er.quantity, 0) - coalesce(le.pieces, 0)) * 3600)::bigint as erp_seconds,
    coalesce(wo.rated_minor, 0)::bigint as rated_minor,
    coalesce(le.ledger_minor, 0)::bigint as ledger_minor,
    coalesce(er.erp_minor, 0)::bigint as erp_minor
from keys as ke
left join billing.projects as pr on ke.project_id = pr.project_id
left join worked as wo
    on
        ke.project_id = wo.project_id
        and ke.period = wo.period
        and ke.currency is not distinct from wo.currency
left join ledger as le
    on
        ke.project_id = le.project_id
        and ke.period = le.period
        and ke.currency is not distinct from le.currency
left join erp as er
    on
        ke.project_id = er.project_id
        and ke.period = er.period
        and ke.currency is not distinct from er.currency
where ke.period >= $first_period
order by ke.period desc, legal_entity asc, ke.project_id asc, currency asc;
