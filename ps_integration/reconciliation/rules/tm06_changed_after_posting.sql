-- rule: TM06
-- title: Entry or milestone changed after posting
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- cause: edited_after_posting
-- remedy: Approve the correction that is owed, or have the entry set back to what was billed.

-- Parts that come to something in the ERP; what was taken back whole is not posted any more. The
-- last correction tells, of one posted twice the first document.
with parts as (
    select
        pl.entry_id,
        pl.part,
        min_by(pl.version_sha256, row(-pl.correction_no, pl.document_ref)) as version_sha256,
        min_by(pl.document_ref, row(-pl.correction_no, pl.document_ref)) as document_ref,
        min_by(pl.project_id, row(-pl.correction_no, pl.document_ref)) as project_id,
        min(pl.period) as period,
        min(pl.legal_entity) as legal_entity,
        min(pl.customer_key) as customer_key,
        min(pl.system) as system,
        min(pl.currency) as currency,
        sum(pl.seconds) as seconds,
        sum(pl.amount_minor) as amount_minor
    from reconciliation.unsettled_lines as pl
    where pl.is_standing
    group by pl.entry_id, pl.part
    having sum(pl.seconds) <> 0 or sum(pl.amount_minor) <> 0
),

posted as (
    select
        pa.entry_id,
        max_by(pa.version_sha256, pa.part) as version_sha256,
        max_by(pa.document_ref, pa.part) as document_ref,
        max_by(pa.project_id, pa.part) as project_id,
        min(pa.period) as period,
        min(pa.legal_entity) as legal_entity,
        min(pa.customer_key) as customer_key,
        min(pa.system) as system,
        min(pa.currency) as currency,
        count(*) as part_count,
        sum(pa.seconds) as seconds,
        sum(pa.amount_minor) as amount_minor
    from parts as pa
    group by pa.entry_id
),

-- all columns are read of these few rows only
posted_rows as materialized (
    select
        en.rowid as entry_row,
        en.entry_id
    from billing.entries as en
    semi join posted as po on en.entry_id = po.entry_id
),

changed as (
    select
        po.*,
        en.system as time_system,
        en.external_id,
        en.seconds as seconds_now,
        en.project_external_id,
        en.task_external_id,
        en.resource_external_id,
        en.work_date,
        en.is_billable,
        en.version_sha256 as version_now,
        en.version_sha256 = po.version_sha256 as is_repriced,
        ra.amount_minor as price_minor
    from posted as po
    inner join posted_rows as pr on po.entry_id = pr.entry_id
    inner join billing.entries as en on pr.entry_row = en.rowid
    left join billing.rated_entries as ra on po.entry_id = ra.entry_id
    where
        en.approval_state = 'approved'
        and not coalesce(en.is_deleted, false)
        and (
            en.version_sha256 <> po.version_sha256
            -- the entry is what was billed, its price is not
            or (
                po.part_count = 1
                and po.seconds = en.seconds
                and ra.amount_minor <> po.amount_minor
            )
        )
),

compared as (
    select
        ch.*,
        if(ch.is_billable, coalesce(ch.price_minor, 0), 0) as amount_now,
        concat_ws(
            ', ',
            case when ch.is_repriced then 'its rate' end,
            case when ev.seconds <> ch.seconds_now then 'hours' end,
            case
                when ev.project_external_id is distinct from ch.project_external_id then 'project'
            end,
            case when ev.task_external_id is distinct from ch.task_external_id then 'task' end,
            case
                when ev.resource_external_id is distinct from ch.resource_external_id
                    then 'resource'
            end,
            case when ev.work_date <> ch.work_date then 'date' end,
            case when ev.is_billable <> ch.is_billable then 'billable flag' end
        ) as what
    from changed as ch
    left join canonical.entry_versions as ev
        on ch.entry_id = ev.entry_id and ch.version_sha256 = ev.version_sha256
    qualify row_number() over (partition by ch.entry_id order by ev.version_no desc) = 1
),

changed_milestones as (
    select
        bi.*,
        mi.system as psa_system,
        mi.external_id,
        mi.amount_minor as amount_now,
        mi.currency as currency_now,
        coalesce(mi.currency = bi.currency, false) as is_same_currency,
        concat_ws(
            ', ',
            case when coalesce(mi.amount_minor <> bi.amount_minor, true) then 'amount' end,
            case when mi.currency <> bi.currency then 'currency' end,
            case when strftime(mi.reached_on, '%Y-%m') <> bi.period then 'month' end
        ) as what
    from reconciliation.billed_milestones as bi
    inner join canonical.milestones as mi on bi.object_id = mi.system || ':' || mi.external_id
    inner join canonical.milestone_versions as mv on bi.object_id = mv.object_id
    where mi.is_reached and mv.version_sha256 <> bi.version_sha256 and what <> ''
)

select
    co.entry_id as record_key,
    co.period,
    co.legal_entity,
    co.project_id,
    co.customer_key,
    co.entry_id,
    co.time_system as left_system,
    co.external_id as left_id,
    reconciliation.hours_text(co.seconds_now) || ', '
    || reconciliation.money_text(co.amount_now, cy.factor, co.currency) as left_value,
    co.system as right_system,
    co.document_ref as right_id,
    reconciliation.hours_text(co.seconds) || ', '
    || reconciliation.money_text(co.amount_minor, cy.factor, co.currency) as right_value,
    (co.seconds_now - co.seconds)::bigint as difference_seconds,
    (co.amount_now - co.amount_minor)::bigint as difference_minor,
    abs(co.amount_now - co.amount_minor)::bigint as at_risk_minor,
    co.currency,
    case co.what
        when 'its rate' then 'rate_changed_late'
        when 'project' then 'wrong_project'
        -- a task belongs to its project
        when 'project, task' then 'wrong_project'
        when 'date' then 'wrong_date'
        else 'edited_after_posting'
    end as cause,
    co.entry_id || ' was posted in ' || co.document_ref || ' and has changed since: '
    || coalesce(nullif(co.what, ''), 'a relevant field') || '.' || coalesce(uw.said, '')
        as detail,
    null as blocked_kind,
    null as blocked_id
from compared as co
left join reconciliation.corrections_under_way as uw on co.entry_id = uw.object_id
left join config.currencies as cy on co.currency = cy.currency
union all
select
    ch.object_id as record_key,
    ch.period,
    ch.legal_entity,
    ch.project_id,
    ch.customer_key,
    null as entry_id,
    ch.psa_system as left_system,
    ch.external_id as left_id,
    reconciliation.money_text(ch.amount_now, cn.factor, ch.currency_now) as left_value,
    ch.system as right_system,
    ch.document_ref as right_id,
    reconciliation.money_text(ch.amount_minor::bigint, cy.factor, ch.currency) as right_value,
    null as difference_seconds,
    if(ch.is_same_currency, ch.amount_now - ch.amount_minor, -ch.amount_minor)::bigint
        as difference_minor,
    abs(if(ch.is_same_currency, ch.amount_now - ch.amount_minor, ch.amount_minor))::bigint
        as at_risk_minor,
    ch.currency,
    'edited_after_posting' as cause,
    'The milestone ' || ch.object_id || ' was posted in ' || ch.document_ref
    || ' and has changed since: ' || ch.what || '.' || coalesce(uw.said, '') as detail,
    null as blocked_kind,
    null as blocked_id
from changed_milestones as ch
left join reconciliation.corrections_under_way as uw on ch.object_id = uw.object_id
left join config.currencies as cy on ch.currency = cy.currency
left join config.currencies as cn on ch.currency_now = cn.currency
order by record_key;
