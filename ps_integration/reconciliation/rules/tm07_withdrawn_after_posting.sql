-- rule: TM07
-- title: Entry deleted, approval withdrawn, or milestone taken back after posting
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- cause: deleted_after_posting
-- remedy: Approve the credit that is owed, or have the entry restored and approved again.

with doubtful as (
    select entry_id
    from canonical.entry_versions
    where is_deleted or approval_state <> 'approved'
    union all
    -- in no record that was received: the stores were restored or lost, and its source lost it
    select pl.object_id as entry_id
    from ops.posting_lines as pl
    anti join canonical.entry_versions as ev on pl.object_id = ev.entry_id
    where pl.object_kind = 'time_entry'
),

-- materialized: few, and all other lines need not be looked at in their documents
doubtful_lines as materialized (
    select pl.*
    from ops.posting_lines as pl
    semi join doubtful as db on pl.object_id = db.entry_id
    where pl.object_kind = 'time_entry'
),

posted as (
    select
        pl.object_id as entry_id,
        min(pl.period) as period,
        min(pl.legal_entity) as legal_entity,
        min(pl.project_id) as project_id,
        min(sd.customer_key) as customer_key,
        min(sd.system) as system,
        max(pl.document_ref) as document_ref,
        min(pl.currency) as currency,
        sum(pl.seconds) as seconds,
        sum(pl.amount_minor) as amount_minor
    from doubtful_lines as pl
    inner join reconciliation.standing_documents as sd on pl.document_ref = sd.document_ref
    group by pl.object_id
    having sum(pl.amount_minor) <> 0
),

gone as (
    select
        po.*,
        coalesce(cv.system, split_part(po.entry_id, ':', 1)) as time_system,
        cv.external_id,
        cv.approval_state,
        cv.entry_id is null as is_unknown,
        coalesce(cv.is_deleted, false) as is_deleted
    from posted as po
    left join canonical.entry_versions as cv on po.entry_id = cv.entry_id
    qualify row_number() over (partition by po.entry_id order by cv.version_no desc) = 1
),

milestones_taken_back as (
    select
        bi.*,
        coalesce(mi.system, split_part(bi.object_id, ':', 1)) as psa_system,
        coalesce(mi.external_id, gm.object_id) as external_id,
        mi.external_id is null as is_deleted
    from reconciliation.billed_milestones as bi
    left join canonical.milestones as mi on bi.object_id = mi.system || ':' || mi.external_id
    left join canonical.gone_milestones as gm on bi.object_id = gm.object_id
    where if(mi.external_id is null, gm.object_id is not null, not coalesce(mi.is_reached, false))
)

select
    go.entry_id as record_key,
    go.period,
    go.legal_entity,
    go.project_id,
    go.customer_key,
    go.entry_id,
    go.time_system as left_system,
    go.external_id as left_id,
    case
        when go.is_unknown then 'unknown'
        when go.is_deleted then 'deleted'
        else coalesce(go.approval_state, 'not approved')
    end as left_value,
    go.system as right_system,
    go.document_ref as right_id,
    reconciliation.money_text(go.amount_minor, cy.factor, go.currency) as right_value,
    -go.seconds::bigint as difference_seconds,
    -go.amount_minor::bigint as difference_minor,
    abs(go.amount_minor)::bigint as at_risk_minor,
    go.currency,
    if(go.is_deleted, 'deleted_after_posting', 'approval_withdrawn') as cause,
    go.entry_id || ' was posted in ' || go.document_ref || ' and '
    || case
        when go.is_unknown
            then
                'is in no record received since the stores were restored or lost: whether it was'
                || ' deleted is not known, and nothing is credited until a person has looked.'
        when go.is_deleted then 'has been deleted since.'
        else 'is no longer approved.'
    end
    || coalesce(uw.said, '') as detail,
    null as blocked_kind,
    null as blocked_id
from gone as go
left join reconciliation.corrections_under_way as uw on go.entry_id = uw.object_id
left join config.currencies as cy on go.currency = cy.currency
where go.is_unknown or go.is_deleted or go.approval_state <> 'approved'
union all
select
    tb.object_id as record_key,
    tb.period,
    tb.legal_entity,
    tb.project_id,
    tb.customer_key,
    null as entry_id,
    tb.psa_system as left_system,
    tb.external_id as left_id,
    if(tb.is_deleted, 'deleted', 'not reached') as left_value,
    tb.system as right_system,
    tb.document_ref as right_id,
    reconciliation.money_text(tb.amount_minor::bigint, cy.factor, tb.currency) as right_value,
    null as difference_seconds,
    -tb.amount_minor::bigint as difference_minor,
    abs(tb.amount_minor)::bigint as at_risk_minor,
    tb.currency,
    if(tb.is_deleted, 'deleted_after_posting', 'approval_withdrawn') as cause,
    'The milestone ' || tb.object_id || ' was posted in ' || tb.document_ref || ' and '
    || if(tb.is_deleted, 'has been deleted since.', 'counts as not reached since.')
    || coalesce(uw.said, '') as detail,
    null as blocked_kind,
    null as blocked_id
from milestones_taken_back as tb
left join reconciliation.corrections_under_way as uw on tb.object_id = uw.object_id
left join config.currencies as cy on tb.currency = cy.currency
order by record_key;
