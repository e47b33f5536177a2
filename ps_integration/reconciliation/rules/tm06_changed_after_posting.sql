-- rule: TM06
-- title: Entry changed after posting
-- severity: high
-- owner: finance
-- blocks: no
-- needs_period: yes
-- cause: edited_after_posting
-- remedy: Approve the correction that is owed, or have the entry set back to what was billed.

with posted as (
    select
        pl.object_id as entry_id,
        max_by(pl.version_sha256, pl.correction_no * 1000 + pl.part) as version_sha256,
        min(pl.period) as period,
        min(pl.legal_entity) as legal_entity,
        min(pl.project_id) as project_id,
        min(dc.customer_key) as customer_key,
        min(dc.system) as system,
        max_by(pl.document_ref, pl.correction_no * 1000 + pl.part) as document_ref,
        min(pl.currency) as currency,
        sum(pl.seconds) as seconds,
        sum(pl.amount_minor) as amount_minor
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    where pl.object_kind = 'time_entry' and dc.state = 'posted'
    group by pl.object_id
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
        en.version_sha256 as version_now
    from posted as po
    inner join billing.entries as en on po.entry_id = en.entry_id
    where
        en.version_sha256 <> po.version_sha256
        and en.approval_state = 'approved'
        and not coalesce(en.is_deleted, false)
),

compared as (
    select
        ch.*,
        if(ch.is_billable, coalesce(ra.amount_minor, 0), 0) as amount_now,
        concat_ws(
            ', ',
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
    left join billing.rated_entries as ra on ch.entry_id = ra.entry_id
    left join canonical.entry_versions as ev
        on ch.entry_id = ev.entry_id and ch.version_sha256 = ev.version_sha256
    qualify row_number() over (partition by ch.entry_id order by ev.version_no desc) = 1
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
        when 'project' then 'wrong_project'
        when 'date' then 'wrong_date'
        else 'edited_after_posting'
    end as cause,
    co.entry_id || ' was posted in ' || co.document_ref || ' and has changed since: '
    || coalesce(nullif(co.what, ''), 'a relevant field') || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from compared as co
left join config.currencies as cy on co.currency = cy.currency
order by record_key;
