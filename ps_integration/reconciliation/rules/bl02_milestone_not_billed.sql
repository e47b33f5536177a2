-- rule: BL02
-- title: Milestone reached, not billed
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: milestones@psa
-- runs: after_posting
-- cause: not_synced_yet
-- remedy: Approve the batch that holds the milestone, or remove what holds it.
-- tolerance_milestone_days: 3

with billed as (
    select
        pl.object_id,
        bool_or(dc.state = 'posted' and rv.document_ref is null) as is_posted,
        -- the one that was cancelled, as long as nothing has billed it again
        max_by(pl.document_ref, row(rv.document_ref is not null, pl.document_ref)) as document_ref,
        max_by(
            if(rv.document_ref is null, dc.state, 'cancelled in the ERP'),
            row(rv.document_ref is not null, pl.document_ref)
        ) as state
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where pl.object_kind = 'milestone' and dc.state not in ('superseded', 'refused')
    group by pl.object_id
),

starts as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from config.going_live
    group by legal_entity
),

entities as (
    select
        system,
        external_id,
        min(legal_entity) as legal_entity
    from canonical.projects
    group by system, external_id
),

reached as (
    select
        mi.*,
        mi.system || ':' || mi.external_id as object_id,
        coalesce(mi.reached_on, config.day_of(mi.updated_at, et.legal_entity)) as due_from
    from canonical.milestones as mi
    left join entities as et
        on mi.system = et.system and mi.project_external_id = et.external_id
    where mi.is_reached
)

select
    re.object_id as record_key,
    strftime(re.due_from, '%Y-%m') as period,
    pr.legal_entity,
    cw.canonical_id as project_id,
    pr.customer_key,
    null as entry_id,
    re.system as left_system,
    re.external_id as left_id,
    'reached on ' || re.due_from::varchar as left_value,
    pr.erp_system as right_system,
    bi.document_ref as right_id,
    coalesce(bi.state, 'not in a document') as right_value,
    null as difference_seconds,
    re.amount_minor as difference_minor,
    abs(re.amount_minor) as at_risk_minor,
    re.currency,
    if(re.amount_minor is null, 'master_data_incomplete', 'not_synced_yet') as cause,
    'Milestone ' || coalesce(re.name, re.object_id) || ' was reached on ' || re.due_from::varchar
    || if(re.amount_minor is null, ' and has no amount to bill.', ' and is not billed.') as detail,
    null as blocked_kind,
    null as blocked_id
from reached as re
inner join config.system_roles as sr on re.system = sr.system and sr.role = 'psa'
left join canonical.crosswalk as cw
    on
        cw.object_kind = 'project'
        and re.system = cw.system
        and re.project_external_id = cw.external_id
        and re.due_from >= cw.valid_from
        and re.due_from < cw.valid_to
left join billing.projects as pr on cw.canonical_id = pr.project_id
left join billed as bi on re.object_id = bi.object_id
left join starts as st on pr.legal_entity = st.legal_entity
where
    not coalesce(bi.is_posted, false)
    -- what comes to no amount is not sent
    and re.amount_minor is distinct from 0
    and not (coalesce(re.is_invoiced, false) and bi.object_id is null)
    and (st.bill_from is null or re.due_from >= st.bill_from)
    and config.today(pr.legal_entity) > re.due_from + $tolerance_milestone_days::integer
qualify row_number() over (partition by re.object_id order by cw.canonical_id) = 1
order by record_key;
