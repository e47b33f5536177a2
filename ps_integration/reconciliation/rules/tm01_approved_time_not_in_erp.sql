-- rule: TM01
-- title: Approved billable time not in the ERP past the posting SLA
-- severity: high
-- owner: integration
-- owner_for: approval| finance, draft| finance
-- blocks: no
-- needs_period: yes
-- needs: reconciliation.found
-- runs: after_posting
-- cause: not_synced_yet
-- remedy: Approve the batch that holds it, or see why no batch was planned for it.
-- tolerance_posting_days: 2

-- What one approval, or one step, brings on is one break; documents that are stuck have their own.
with stuck as (
    select record_key as document_ref
    from reconciliation.found
    where rule in ('IN01', 'IN06')
),

batches as (
    select
        uw.wait_key,
        uw.document_period as period,
        min(uw.approved_at) as waits_since,
        min(uw.legal_entity) as legal_entity,
        min(uw.system) as system,
        min(uw.erp_system) as erp_system,
        min(uw.currency) as currency,
        min(uw.batch_id) as batch_id,
        min(uw.document_state) as state,
        count(distinct uw.batch_id) as batches,
        count(distinct uw.document_ref) as documents,
        count(*) as entries,
        sum(uw.seconds)::bigint as seconds,
        sum(uw.amount_minor)::bigint as amount_minor
    from reconciliation.entries_under_way as uw
    cross join config.run as ru
    anti join stuck as st on uw.document_ref = st.document_ref
    where uw.approved_at < ru.as_of - to_days($tolerance_posting_days)
    group by uw.wait_key, uw.document_period
),

alone as (
    select un.*
    from reconciliation.free_entries as un
    anti join reconciliation.entries_above_cap as ab on un.entry_id = ab.entry_id
    anti join reconciliation.entries_under_way as uw on un.entry_id = uw.entry_id
)

select
    al.entry_id as record_key,
    coalesce(al.period, 'unassigned') as period,
    al.legal_entity,
    al.project_id,
    al.customer_key,
    al.entry_id,
    al.system as left_system,
    al.external_id as left_id,
    reconciliation.hours_text(al.seconds) as left_value,
    al.erp_system as right_system,
    null as right_id,
    'not in a document' as right_value,
    al.seconds as difference_seconds,
    al.amount_minor as difference_minor,
    al.amount_minor as at_risk_minor,
    al.currency,
    'not_synced_yet' as cause,
    al.entry_id || ' was approved on '
    || config.day_of(al.approved_at, al.legal_entity)::varchar || ' and is in no document.'
        as detail,
    null as blocked_kind,
    null as blocked_id
from alone as al
cross join config.run as ru
where al.approved_at < ru.as_of - to_days($tolerance_posting_days)
union all
select
    ba.wait_key as record_key,
    ba.period,
    ba.legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    ba.system as left_system,
    null as left_id,
    reconciliation.hours_text(ba.seconds) as left_value,
    ba.erp_system as right_system,
    ba.batch_id as right_id,
    ba.state as right_value,
    ba.seconds as difference_seconds,
    ba.amount_minor as difference_minor,
    ba.amount_minor as at_risk_minor,
    ba.currency,
    'not_synced_yet' as cause,
    if(ba.batches = 1, 'Batch ' || ba.batch_id, ba.batches::varchar || ' batches') || ', '
    || ba.entries::varchar || if(ba.entries = 1, ' entry in ', ' entries in ')
    || ba.documents::varchar || if(ba.documents = 1, ' document, ', ' documents, ')
    || reconciliation.hours_text(ba.seconds) || ' worth '
    || reconciliation.money_text(ba.amount_minor, cy.factor, ba.currency)
    || ', the first approved on ' || config.day_of(ba.waits_since, ba.legal_entity)::varchar
    || if(ba.batches = 1, ', is ', ', are ')
    || case ba.state
        when 'planned' then 'not approved for posting.'
        when 'draft' then 'a draft in the ERP, which a person there posts.'
        else 'approved for posting and not in the ERP.'
    end as detail,
    null as blocked_kind,
    null as blocked_id
from batches as ba
left join config.currencies as cy on ba.currency = cy.currency
order by record_key;
