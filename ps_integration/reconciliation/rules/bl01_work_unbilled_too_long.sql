-- rule: BL01
-- title: Approved work unbilled for too long, or held while no other break says why
-- severity: medium
-- owner: finance
-- blocks: no
-- needs_period: yes
-- needs: reconciliation.all
-- runs: after_posting
-- cause: not_synced_yet
-- remedy: Work what holds it; approve the batch it is in; or write it off with a reason.
-- tolerance_unbilled_days: 30
-- tolerance_posting_days: 2

-- The first break that holds an entry, by code; one that could not look again says no cause.
with held as (
    select
        he.entry_id,
        min(he.rule) as rule,
        min_by(he.record_key, he.rule || he.record_key) as record_key,
        coalesce(min_by(fo.cause, he.rule || he.record_key), 'unknown') as cause
    from reconciliation.held_entries as he
    left join reconciliation.found as fo
        on he.rule = fo.rule and he.record_key = fo.record_key and he.period = fo.period
    group by he.entry_id
),

-- Held, and no break says why: that is told at once, whatever its age.
unnamed as (
    select
        di.entry_id,
        min(di.reason) as hold
    from billing.dispositions as di
    anti join held as he on di.entry_id = he.entry_id
    where
        di.disposition = 'excepted'
        and not starts_with(di.reason, 'break_')
        and di.reason <> 'voided_in_erp'  -- BL05 names it
    group by di.entry_id
),

-- documents that are in the ERP no more, as long as that is an open question
cancelled as (
    select distinct record_key
    from reconciliation.found
    where rule in ('BL05', 'BL06')
),

aged as (
    select
        un.*,
        dc.state as document_state,
        case
            when he.rule is not null then he.rule
            when ud.hold is not null then ud.hold
            when op.legal_entity is null then 'opening'
            when un.problem is not null or un.amount_minor is null then 'unpriced'
            when ab.entry_id is not null then 'TM15'
            when ce.entry_id is not null then 'cancelled'
            when dc.state in ('held', 'dead', 'unknown') then 'stuck'
            when dc.document_ref is not null then 'document'
            else 'unplanned'
        end as reason,
        case
            when he.rule is not null then he.cause
            when ud.hold is not null then 'master_data_incomplete'
            when op.legal_entity is null then 'not_synced_yet'
            when un.problem is not null or un.amount_minor is null then 'master_data_incomplete'
            when ab.entry_id is not null then 'cap_reached'
            when ce.entry_id is not null then 'unauthorised_posting'
            when dc.state in ('held', 'dead', 'unknown') then 'sync_failed'
            else 'not_synced_yet'
        end as cause,
        coalesce(he.record_key, ce.document_ref, un.document_ref) as kept_by,
        tp.record_key as told_by,
        ud.hold,
        -- money that another break counts already is no further risk
        he.rule is null
        and ab.entry_id is null
        and tp.record_key is null
        and sd.record_key is null
        and cd.record_key is null as is_own_risk
    from reconciliation.unposted_entries as un
    cross join config.run as ru
    left join held as he on un.entry_id = he.entry_id
    left join unnamed as ud on un.entry_id = ud.entry_id
    left join reconciliation.entries_above_cap as ab on un.entry_id = ab.entry_id
    left join reconciliation.cancelled_entries as ce on un.entry_id = ce.entry_id
    left join ops.documents as dc on un.document_ref = dc.document_ref
    left join reconciliation.entries_under_way as uw on un.entry_id = uw.entry_id
    left join reconciliation.found as tp
        on
            tp.rule = 'TM01'
            and coalesce(uw.wait_key, un.entry_id) = tp.record_key
            and (uw.entry_id is null or uw.document_period = tp.period)
            -- of a batch that waits TM01 counts what is past its own limit
            and un.approved_at < ru.as_of - to_days($tolerance_posting_days)
    left join reconciliation.found as sd
        on sd.rule in ('IN01', 'IN06') and un.document_ref = sd.record_key
    left join cancelled as cd on ce.document_ref = cd.record_key
    left join ops.openings as op
        on un.legal_entity = op.legal_entity and un.system = op.time_system
    where
        (
            un.work_date < config.today(un.legal_entity) - $tolerance_unbilled_days::integer
            or ud.hold is not null
        )
        -- TM01 names the batch that it waits in
        and (uw.entry_id is null or tp.record_key is null)
),

groups as (
    select
        coalesce(project_id, 'no project') as project,
        project_id,
        legal_entity,
        coalesce(period, 'unassigned') as period,
        coalesce(currency, 'no currency') as currency_said,
        currency,
        reason,
        cause,
        min(customer_key) as customer_key,
        min(system) as system,
        min(erp_system) as erp_system,
        coalesce(min(kept_by), if(not bool_or(is_own_risk), min(told_by), null)) as right_id,
        min(document_state) as document_state,
        min(hold) as hold,
        min(work_date) as oldest,
        count(*) as entries,
        sum(seconds)::bigint as seconds,
        sum(amount_minor)::bigint as amount_minor,
        coalesce(sum(amount_minor) filter (where is_own_risk), 0)::bigint as own_minor
    from aged
    group by all
)

select
    concat_ws('|', gr.project, gr.currency_said, gr.reason, gr.cause) as record_key,
    gr.period,
    gr.legal_entity,
    gr.project_id,
    gr.customer_key,
    null as entry_id,
    gr.system as left_system,
    gr.project_id as left_id,
    reconciliation.hours_text(gr.seconds) || ' since ' || gr.oldest::varchar as left_value,
    gr.erp_system as right_system,
    gr.right_id,
    case
        when gr.hold is not null then 'held: ' || replace(gr.hold, '_', ' ')
        when gr.reason = 'opening' then 'opening list not signed'
        when gr.reason = 'unpriced' then 'not priced'
        when gr.reason in ('stuck', 'document') then 'document ' || gr.document_state
        when gr.reason = 'cancelled' then 'document not in the ERP any more'
        when gr.reason = 'unplanned' then 'in no document'
        else 'held by ' || gr.reason
    end as right_value,
    gr.seconds as difference_seconds,
    gr.amount_minor as difference_minor,
    if(gr.currency is null, null, gr.own_minor) as at_risk_minor,
    gr.currency,
    gr.cause,
    gr.entries::varchar || if(gr.entries = 1, ' entry', ' entries') || ' of '
    || gr.period || ' on ' || gr.project || ', ' || reconciliation.hours_text(gr.seconds)
    || coalesce(
        ' worth ' || reconciliation.money_text(gr.amount_minor, cy.factor, gr.currency), ''
    )
    || ', the oldest of ' || gr.oldest::varchar || ', not billed: '
    || case
        when gr.hold = 'revenue_account_unknown'
            then
                'neither the ERP nor the firm file (posting.revenue_account) says its account.'
        when gr.hold = 'no_erp_route'
            then 'the firm file routes its legal entity to no ERP on its day (routing.erp).'
        when gr.hold is not null then 'it is held, ' || replace(gr.hold, '_', ' ') || '.'
        when gr.reason = 'opening' then 'the opening list is not signed.'
        when gr.reason = 'unpriced' then 'it has no price.'
        when gr.reason in ('stuck', 'document')
            then 'document ' || gr.right_id || ' is ' || gr.document_state || '.'
        when gr.reason = 'cancelled'
            then 'document ' || gr.right_id || ' does not stand in the ERP any more.'
        when gr.reason = 'unplanned' then 'no batch was planned for it.'
        else gr.reason || ' holds it.'
    end as detail,
    null as blocked_kind,
    null as blocked_id
from groups as gr
left join config.currencies as cy on gr.currency = cy.currency
order by record_key;
