-- rule: BL03
-- title: Invoice status differs between ERP and PSA or time system
-- severity: medium
-- owner: integration
-- blocks: no
-- needs_period: no
-- cause: sync_failed
-- remedy: Run the billing feedback again; if the copy was edited by hand, ask who did it.

-- What a system was told after its last read began cannot be in what was read.
with reads as (
    select
        re.system,
        max(re.started_at) as started_at
    from raw.reads as re
    semi join canonical.invoice_statuses as st
        on re.system = st.system and re.stream = st.stream
    where re.status = 'complete'
    group by re.system
),

all_reads as (
    select
        system,
        max(started_at) as started_at
    from raw.reads
    where status = 'complete'
    group by system
),

due as (
    select fe.*
    from ops.feedback as fe
    inner join all_reads as ar on fe.system = ar.system
    left join reads as rd on fe.system = rd.system
    where
        coalesce(fe.told_at, fe.changed_at) is null
        or coalesce(fe.told_at, fe.changed_at) < coalesce(rd.started_at, ar.started_at)
),

compared as (
    select
        coalesce(du.system, iv.system) as system,
        coalesce(du.subject_kind, iv.subject_kind) as subject_kind,
        coalesce(du.subject_external_id, iv.subject_external_id) as subject_external_id,
        coalesce(du.reference, iv.reference) as reference,
        du.status as ours,
        du.state as told,
        iv.status as theirs,
        fe.system is not null as is_known
    from due as du
    full outer join canonical.invoice_statuses as iv
        on
            du.system = iv.system
            and du.subject_kind = iv.subject_kind
            and du.subject_external_id = iv.subject_external_id
            and (du.reference = iv.reference or iv.reference is null)
    left join ops.feedback as fe
        on
            iv.system = fe.system
            and iv.subject_kind = fe.subject_kind
            and iv.subject_external_id = fe.subject_external_id
            and (iv.reference = fe.reference or iv.reference is null)
),

-- What each document of the ERP says, what settled it included.
invoices as (
    select
        ed.system,
        ed.external_id,
        ed.number,
        ed.reference as document_ref,
        coalesce(se.status, ed.status) as status
    from canonical.erp_documents as ed
    left join canonical.settlements as se
        on ed.system = se.system and ed.external_id = se.external_id
),

-- A system that we tell nothing may name an invoice by its number, or by our reference.
named as (
    select
        *,
        external_id as reference
    from invoices
    union
    select
        *,
        number as reference
    from invoices
    union
    select
        *,
        document_ref as reference
    from invoices
    where coalesce(document_ref, '') <> ''
),

agreed as (
    select distinct
        co.system,
        co.subject_kind,
        co.subject_external_id,
        co.reference
    from compared as co
    inner join named as na on co.reference = na.reference and co.theirs = na.status
    where co.ours is null
),

wrong as (
    select
        co.*,
        coalesce(ed.system, gn.system) as erp_system,
        coalesce(ed.number, gn.erp_number) as number,
        coalesce(dc.project_id, gn.project_id) as project_id,
        coalesce(dc.legal_entity, gn.legal_entity) as legal_entity,
        coalesce(dc.customer_key, gn.customer_key) as customer_key,
        case
            when co.ours is not null then co.ours
            when co.reference is not null then coalesce(ed.status, 'no such document')
        end as expected
    from compared as co
    left join named as ed on co.reference = ed.reference
    left join ops.documents as dc on ed.document_ref = dc.document_ref
    -- of an invoice that the ERP no longer has, we know the number that it had
    left join ops.documents as gn on co.reference = gn.erp_id and ed.system is null
    left join agreed as ag
        on
            co.system = ag.system
            and co.subject_kind = ag.subject_kind
            and co.subject_external_id = ag.subject_external_id
            and co.reference = ag.reference
    where
        -- told, and not what the system says now; a mark taken off again is like none
        (
            co.ours is not null
            and co.ours is distinct from co.theirs
            and not (co.ours = 'cancelled' and co.theirs is null)
            -- of a record that its system did not list last, it can say nothing
            and not (
                co.theirs is null
                and (co.system, co.subject_external_id) in (
                    select (mi.system, mi.record_id) from raw.missing as mi
                )
            )
        )
        -- said by the system, and we told it nothing: it must at least agree with the ERP
        or (
            co.ours is null
            and not co.is_known
            and co.reference is not null
            and co.theirs is distinct from ed.status
            and ag.reference is null
        )
)

select
    wr.system || '|' || wr.subject_kind || '|' || wr.subject_external_id || '|'
    || coalesce(wr.reference, '') as record_key,
    '' as period,
    wr.legal_entity,
    wr.project_id,
    wr.customer_key,
    if(wr.subject_kind = 'time_entry', wr.system || ':' || wr.subject_external_id, null)
        as entry_id,
    wr.erp_system as left_system,
    coalesce(wr.number, wr.reference) as left_id,
    wr.expected as left_value,
    wr.system as right_system,
    wr.subject_external_id as right_id,
    coalesce(wr.theirs, 'nothing') as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    if(wr.told = 'told', 'manual_edit_in_copy', 'sync_failed') as cause,
    wr.system || ' says ' || coalesce(wr.theirs, 'nothing') || ' of the '
    || replace(wr.subject_kind, '_', ' ') || ' ' || wr.subject_external_id || '; '
    || coalesce(wr.number, wr.reference, 'the ERP') || ' is '
    || replace(wr.expected, '_', ' ') || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from wrong as wr
qualify
    row_number() over (
        partition by wr.system, wr.subject_kind, wr.subject_external_id, wr.reference
        order by wr.erp_system, wr.theirs
    ) = 1
order by record_key;
