-- rule: TM05
-- title: The same entry posted more than once
-- severity: critical
-- owner: finance
-- blocks: yes
-- holds: customer
-- needs_period: yes
-- needs: erp_documents@erp
-- cause: duplicate_posting
-- remedy: Cancel the surplus document in the ERP with a credit memo.

-- The few that may come twice are found first, by a number that equal keys share: to count the
-- documents of every line would be slow.
with doubled as (
    select hash(object_kind, object_id, part, correction_no) as key_hash
    from ops.posting_lines
    group by key_hash
    having count(*) > 1
),

doubled_lines as materialized (
    select pl.*
    from ops.posting_lines as pl
    semi join doubled as db
        on hash(pl.object_kind, pl.object_id, pl.part, pl.correction_no) = db.key_hash
),

repeated as (
    select
        pl.object_kind,
        pl.object_id,
        pl.part,
        pl.correction_no,
        min(pl.period) as period,
        min(pl.legal_entity) as legal_entity,
        min(pl.project_id) as project_id,
        min(dc.customer_key) as customer_key,
        min(dc.system) as system,
        min(pl.currency) as currency,
        min(pl.document_ref) as first_ref,
        string_agg(distinct pl.document_ref, ', ' order by pl.document_ref) as all_refs,
        count(distinct pl.document_ref) as documents,
        sum(pl.amount_minor) - min_by(pl.amount_minor, pl.document_ref) as surplus_minor,
        sum(pl.seconds) - min_by(pl.seconds, pl.document_ref) as surplus_seconds
    from doubled_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    where dc.state in ('sending', 'draft', 'posted', 'unknown', 'held')
    group by pl.object_kind, pl.object_id, pl.part, pl.correction_no
    having count(distinct pl.document_ref) > 1
),

shared_references as (
    select reference
    from canonical.erp_documents
    group by reference
    having count(*) > 1
),

live as (
    select
        ed.*,
        row_number() over (
            partition by ed.system, ed.company, ed.reference
            order by (ed.external_id = dc.erp_id) desc nulls last, ed.external_id
        ) as place,
        dc.erp_id,
        dc.period,
        dc.legal_entity,
        dc.project_id,
        dc.customer_key as our_customer_key
    from canonical.erp_documents as ed
    inner join ops.documents as dc on ed.reference = dc.document_ref and ed.system = dc.system
    where
        ed.reference in (select sr.reference from shared_references as sr)
        and (ed.is_standing or ed.status = 'draft')
)

select
    'entry|' || re.object_id || '|' || re.part::varchar || '|' || re.correction_no::varchar
        as record_key,
    re.period,
    re.legal_entity,
    re.project_id,
    re.customer_key,
    if(re.object_kind = 'time_entry', re.object_id, null) as entry_id,
    re.system as left_system,
    re.first_ref as left_id,
    'once' as left_value,
    re.system as right_system,
    re.all_refs as right_id,
    re.documents::varchar || ' documents' as right_value,
    -re.surplus_seconds::bigint as difference_seconds,
    -re.surplus_minor::bigint as difference_minor,
    abs(re.surplus_minor)::bigint as at_risk_minor,
    re.currency,
    'duplicate_posting' as cause,
    re.object_id || ' is in more than one live document: ' || re.all_refs || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from repeated as re
union all
select
    'document|' || li.reference || '|' || li.external_id as record_key,
    li.period,
    li.legal_entity,
    li.project_id,
    li.our_customer_key as customer_key,
    null as entry_id,
    li.system as left_system,
    li.erp_id as left_id,
    'one document' as left_value,
    li.system as right_system,
    coalesce(nullif(li.number, ''), li.external_id) as right_id,
    reconciliation.money_text(li.amount_minor, cy.factor, li.currency) || ' more' as right_value,
    null as difference_seconds,
    -li.amount_minor as difference_minor,
    abs(li.amount_minor) as at_risk_minor,
    li.currency,
    'duplicate_posting' as cause,
    li.system || ' holds a second document, ' || coalesce(nullif(li.number, ''), li.external_id)
    || ', under our reference ' || li.reference || '.' as detail,
    'customer' as blocked_kind,
    li.our_customer_key as blocked_id
from live as li
left join config.currencies as cy on li.currency = cy.currency
where li.place > 1
order by record_key;
