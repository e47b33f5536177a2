-- Fills billing.dispositions: one row per part. Seconds and amount of all parts together are those
-- of the current version at today's price; where a document says otherwise the evidence speaks of a
-- correction owed, and billing.corrections_owed has the difference.
delete from billing.dispositions;

insert into billing.dispositions by name
with planned as (
    select
        pl.object_id,
        pl.part,
        pl.seconds,
        pl.amount_minor,
        pl.version_sha256,
        max(doc.document_ref) as document_ref
    from ops.posting_lines as pl
    inner join ops.documents as doc on pl.document_ref = doc.document_ref
    where pl.object_kind = 'time_entry' and pl.correction_no = 0 and doc.state = 'planned'
    group by all
),

wo as (
    select distinct
        entry_id,
        part
    from ops.decisions
    where kind = 'write_off' and decided_by <> seconded_by
),

-- What is written off of what is open is a part of its own.
offs as (
    select
        *,
        if(is_growth, 0, written_off_minor) as off_minor,
        share_seconds(open_seconds, off_minor, amount_minor) as off_seconds
    from gates
),

cut as (
    select
        ga.* replace (
            ga.open_seconds - ga.off_seconds as open_seconds,
            ga.amount_minor - ga.off_minor as amount_minor
        ),
        cg.cap_minor,
        cg.used_minor,
        cg.by_hand_minor,
        coalesce(cg.granted_minor, 0) as fitting_minor,
        share_seconds(
            ga.open_seconds - ga.off_seconds, fitting_minor, ga.amount_minor - ga.off_minor
        ) as fitting_seconds,
        coalesce(cg.granted_minor < cg.claim_minor, false) as is_over_cap,
        if(cg.is_other_currency, 'cap_currency_differs', 'cap_used_up') as over_reason
    from offs as ga
    left join cap_grants as cg on ga.entry_id = cg.entry_id
),

open_parts as (
    select
        *,
        part as part_no,
        open_seconds as part_seconds,
        amount_minor as part_minor,
        reason as part_reason
    from cut
    where not is_over_cap and not is_growth
    union all
    select
        *,
        part as part_no,
        fitting_seconds as part_seconds,
        fitting_minor as part_minor,
        reason as part_reason
    from cut
    where is_over_cap and not is_growth and fitting_minor > 0
    union all
    select
        cu.*,
        cu.part + if(cu.fitting_minor > 0, 1, 0) as part_no,
        cu.open_seconds - cu.fitting_seconds as part_seconds,
        cu.amount_minor - cu.fitting_minor as part_minor,
        if(wo.entry_id is not null, 'written_off', cu.over_reason) as part_reason
    from cut as cu
    left join wo on cu.entry_id = wo.entry_id and cu.part + 1 = wo.part and cu.fitting_minor > 0
    where cu.is_over_cap and not cu.is_growth
    union all
    select
        *,
        off_part as part_no,
        off_seconds as part_seconds,
        off_minor as part_minor,
        'written_off' as part_reason
    from cut
    where off_minor > 0
    union all
    select
        cu.*,
        cu.off_part as part_no,
        gc.written_off_seconds as part_seconds,
        gc.written_off_minor as part_minor,
        'written_off' as part_reason
    from cut as cu
    inner join growth_cuts as gc on cu.entry_id = gc.entry_id
    where gc.written_off_minor > 0
    union all
    select
        cu.*,
        cu.part as part_no,
        cu.open_seconds - gc.due_seconds - gc.written_off_seconds as part_seconds,
        gc.deferred_minor as part_minor,
        cu.over_reason as part_reason
    from cut as cu
    inner join growth_cuts as gc on cu.entry_id = gc.entry_id
    where gc.deferred_minor > 0
),

entry_lines as (
    select
        li.*,
        coalesce(li.correction, '') <> 'reversal' as adds
    from live_lines as li
    where li.object_kind = 'time_entry' and not li.is_voided
),

billed_parts as (
    select
        ae.*,
        be.is_changed,
        be.worth_minor,
        if(be.is_changed, be.first_part, ll.part) as part_no,
        cast(sum(ll.seconds) as bigint) as billed_seconds,
        cast(sum(ll.amount_minor) as bigint) as billed_minor,
        cast(sum(ll.amount_minor) filter (
            where
            ll.project_id is distinct from ae.project_id
            or ll.legal_entity is distinct from ae.legal_entity
            or ll.currency is distinct from ae.currency
            or ll.period is distinct from ae.period
        ) as bigint) as elsewhere_minor,
        bool_or(ll.is_posted) as is_posted,
        string_agg(distinct ll.document_ref, ', ' order by ll.document_ref) as document_refs,
        max_by(ll.document_ref, (ll.is_posted, ll.correction_no)) filter (where ll.adds)
            as document_ref,
        coalesce(
            max_by(ll.state, (ll.is_posted, ll.correction_no)) filter (where ll.adds),
            max(ll.state)
        ) as state,
        max_by(ll.erp_number, (ll.is_posted, ll.correction_no)) filter (where ll.adds)
            as erp_number,
        max_by(ll.posting_period, (ll.is_posted, ll.correction_no)) filter (where ll.adds)
            as posting_period
    from approved_entries as ae
    inner join billed_entries as be on ae.entry_id = be.entry_id
    inner join entry_lines as ll on ae.entry_id = ll.object_id
    where
        be.is_changed
        or (ll.object_id, ll.part) in (
            select (lc.object_id, lc.part) from live_cells as lc
            where lc.object_kind = 'time_entry' and lc.stands
        )
    group by all
),

billed_priced as (
    select
        bp.*,
        ra.unit_price,
        if(bp.is_changed, coalesce(gc.due_seconds, bp.seconds), bp.billed_seconds) as part_seconds,
        case
            when bp.worth_minor is null then null
            when bp.is_changed then coalesce(gc.due_minor, bp.worth_minor)
            else bp.billed_minor
        end as part_minor
    from billed_parts as bp
    left join billing.rated_entries as ra on bp.entry_id = ra.entry_id
    left join growth_cuts as gc on bp.entry_id = gc.entry_id
),

all_parts as (
    select
        op.entry_id,
        op.version_no,
        op.version_sha256,
        op.part_no as part,
        op.part_seconds as seconds,
        op.scale,
        op.unit_price,
        op.part_minor as amount_minor,
        op.currency,
        op.legal_entity,
        op.period,
        op.project_id,
        op.resource_id,
        op.work_date,
        coalesce(re.disposition, 'excepted') as disposition,
        if(pd.document_ref is not null, 'planned', op.part_reason) as reason,
        case
            when pd.document_ref is not null
                then 'Planned in ' || pd.document_ref || ', waiting for approval.'
            when op.part_reason = 'before_bill_from'
                then
                    'Worked on ' || op.work_date || ', before billing from here began on '
                    || op.bill_from || '.'
            when op.part_reason = 'invoiced_at_source'
                then 'Marked invoiced by ' || op.system || '; no line of ours has it.'
            when op.part_reason = 'billed_by_hand' then op.billed_by_hand
            when op.part_reason = 'probably_billed_by_hand' then op.probably_billed
            when op.part_reason = 'voided_and_left'
                then
                    'Document ' || op.voided_ref
                    || ' was cancelled or deleted in the ERP, and policy leaves it at that.'
            when op.part_reason = 'voided_in_erp'
                then
                    'Document ' || op.voided_ref
                    || ' was cancelled or deleted in the ERP; policy holds what it billed.'
            when op.part_reason = 'correction_in_flight'
                then 'Waits until the ERP has answered about a correction of this entry.'
            when op.part_reason = 'written_off'
                then
                    'Written off by ' || coalesce(op.decided_by, 'a person') || ' and '
                    || coalesce(op.seconded_by, 'a second person')
                    || coalesce(': ' || op.write_off_reason, '') || '.'
            when op.part_reason = 'entry_not_billable'
                then 'Marked not billable in ' || op.system || '.'
            when op.part_reason = 'task_not_billable'
                then 'Task ' || coalesce(op.task_name, op.task_id, '') || ' is not billable.'
            when op.part_reason = 'internal_project'
                then 'Project ' || coalesce(op.project_id, '') || ' is internal.'
            when op.part_reason = 'project_not_billable'
                then 'Project ' || coalesce(op.project_id, '') || ' is not billable.'
            when op.part_reason = 'no_amount'
                then 'It comes to no amount, and a line of no amount is not sent.'
            when op.part_reason = 'no_hours' then 'The entry has no hours.'
            when op.part_reason = 'billed_by_milestone'
                then 'Covered by the milestones of project ' || coalesce(op.project_id, '') || '.'
            when op.part_reason = 'billed_by_fixed_fee'
                then 'Covered by the fixed fee of project ' || coalesce(op.project_id, '') || '.'
            when starts_with(op.part_reason, 'break_')
                then
                    'Break ' || op.break_rule || ' (' || op.break_id || ') is open on '
                    || op.held_thing || '.'
            when op.part_reason = 'cap_currency_differs'
                then
                    'The cap of project ' || op.project_id
                    || ' is not in the currency that the project is billed in.'
            when op.part_reason = 'cap_used_up'
                then
                    'The cap of project ' || op.project_id || ', '
                    || money_text(op.cap_minor, op.factor, op.currency) || ', is used up: '
                    || money_text(cast(op.used_minor as bigint), op.factor, op.currency)
                    || ' is in documents, '
                    || if(
                        op.by_hand_minor = 0, '',
                        money_text(op.by_hand_minor, op.factor, op.currency)
                        || ' was billed by hand, '
                    )
                    || 'the rest went to earlier work.'
            when op.part_reason = 'opening_not_signed'
                then
                    'The opening list of ' || op.legal_entity || ' and ' || op.system
                    || ' is not signed.'
            when op.part_reason = 'to_be_planned' and op.posting_period <> op.period
                then
                    'Ready; period ' || op.period || ' is ' || op.work_period_state
                    || ' and policy shifts it to ' || op.posting_period || '.'
            when op.part_reason = 'to_be_planned' then 'Ready for the next batch.'
            when op.part_reason = 'period_rejected'
                then
                    'Period ' || op.period || ' is ' || op.work_period_state
                    || ' and policy rejects such time; a person must move it or write it off.'
            when op.part_reason in ('period_closed', 'period_not_open', 'period_unknown')
                then
                    'Period ' || coalesce(op.period, '') || ' is ' || op.work_period_state
                    || ' in the ERP.'
            when op.part_reason = 'no_open_period'
                then
                    'Period ' || coalesce(op.period, '') || ' is ' || op.work_period_state
                    || ' and there is no open period to shift to.'
            else 'Held: ' || replace(op.part_reason, '_', ' ') || '.'
        end as evidence,
        if(starts_with(op.part_reason, 'break_'), op.break_id, null) as break_id,
        pd.document_ref,
        if(op.part_reason = 'to_be_planned', op.posting_period, null) as posting_period
    from open_parts as op
    left join reasons as re on op.part_reason = re.reason
    left join planned as pd
        on
            op.part_reason = 'to_be_planned'
            and op.entry_id = pd.object_id
            and op.part_no = pd.part
            and op.part_seconds = pd.seconds
            and op.part_minor = pd.amount_minor
            and op.version_sha256 = pd.version_sha256
    union all by name
    select
        entry_id,
        version_no,
        version_sha256,
        part_no as part,
        part_seconds as seconds,
        scale,
        unit_price,
        part_minor as amount_minor,
        currency,
        legal_entity,
        period,
        project_id,
        resource_id,
        work_date,
        if(is_posted, 'posted', 'queued') as disposition,
        state as reason,
        'In ' || document_refs || coalesce(', ERP document ' || erp_number, '') || ', '
        || money_text(billed_minor, factor, currency) || '.'
        || case
            when part_minor is null then ' No price is found for it any more.'
            when part_minor <> billed_minor or coalesce(elsewhere_minor, 0) <> 0
                then
                    ' Correction owed: today it comes to '
                    || money_text(part_minor, factor, currency)
                    || if(
                        coalesce(elsewhere_minor, 0) <> 0,
                        ' on project ' || coalesce(project_id, 'unknown') || ' in '
                        || coalesce(period, 'no period') || '.',
                        '.'
                    )
            else ''
        end as evidence,
        null as break_id,
        document_ref,
        posting_period
    from billed_priced
)

select
    entry_id,
    version_no,
    version_sha256,
    part,
    seconds,
    hours_at(seconds, scale) as quantity,
    unit_price,
    amount_minor,
    coalesce(currency, 'unassigned') as currency,
    coalesce(legal_entity, 'unassigned') as legal_entity,
    coalesce(period, 'unassigned') as period,
    project_id,
    resource_id,
    work_date,
    disposition,
    reason,
    evidence,
    break_id,
    document_ref,
    posting_period
from all_parts;
