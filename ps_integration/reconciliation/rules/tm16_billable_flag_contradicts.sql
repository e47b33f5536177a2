-- rule: TM16
-- title: Billable flag contradicts contract, task or project
-- severity: medium
-- owner: project_manager
-- blocks: policy
-- holds: entry
-- needs_period: yes
-- cause: unknown
-- remedy: Correct the flag of the entry, or of the task or project where that is the wrong one.

with contradicting as (
    select
        en.entry_id,
        case
            when en.is_billable and en.billing_type = 'internal' then 'the project is internal'
            when en.is_billable and not en.project_is_billable
                then 'the project is not billable'
            when en.is_billable and not en.task_is_billable then 'the task is not billable'
            when
                not en.is_billable
                and en.project_is_billable
                and en.task_is_billable
                and en.billing_type = 'time_and_materials'
                then 'the contract, the task and the project are billed by the hour'
        end as said
    from billing.entries as en
    left join config.going_live as gl
        on en.legal_entity = gl.legal_entity and en.system = gl.time_system
    where
        en.is_primary
        and en.approval_state = 'approved'
        and not coalesce(en.is_deleted, false)
        and (gl.bill_from is null or en.work_date >= gl.bill_from)
        and said is not null
),

judged as (
    select
        en.*,
        co.said
    from billing.entries as en
    inner join contradicting as co on en.entry_id = co.entry_id
),

lines as materialized (
    select
        pl.object_id,
        pl.document_ref
    from ops.posting_lines as pl
    semi join contradicting as co on pl.object_id = co.entry_id
),

posted as (
    select distinct li.object_id as entry_id
    from lines as li
    semi join reconciliation.standing_documents as sd on li.document_ref = sd.document_ref
),

-- what an hour of that person costs on that project, where only one price is in use
prices as (
    select
        en.resource_id,
        en.project_id,
        min(ra.unit_price) as unit_price,
        min(ra.currency) as currency
    from billing.rated_entries as ra
    inner join billing.entries as en on ra.entry_id = en.entry_id
    where
        ra.unit_price is not null
        and (en.resource_id, en.project_id)
        in (select (ju.resource_id, ju.project_id) from judged as ju)
    group by en.resource_id, en.project_id
    having count(distinct ra.unit_price) = 1 and count(distinct ra.currency) = 1
)

select
    ju.entry_id as record_key,
    ju.period,
    ju.legal_entity,
    ju.project_id,
    ju.customer_key,
    ju.entry_id,
    ju.system as left_system,
    ju.external_id as left_id,
    if(ju.is_billable, 'billable', 'not billable') as left_value,
    coalesce(pr.psa_system, pr.erp_system) as right_system,
    coalesce(pr.psa_external_id, pr.erp_external_id) as right_id,
    ju.said as right_value,
    ju.seconds as difference_seconds,
    null as difference_minor,
    (
        (2 * ju.seconds * (pc.unit_price * 1000000)::hugeint * cu.factor + 3600000000)
        // 7200000000
    )::bigint as at_risk_minor,
    if(pc.unit_price is null or cu.factor is null, null, pc.currency) as currency,
    case
        when ju.is_billable and ju.said <> 'the task is not billable' then 'wrong_project'
        when
            not ju.is_billable
            and ju.entry_id in (select po.entry_id from posted as po)
            then 'edited_after_posting'
        else 'unknown'
    end as cause,
    ju.entry_id || ' of ' || ju.work_date::varchar || ', '
    || reconciliation.hours_text(ju.seconds) || ', is marked '
    || if(ju.is_billable, 'billable', 'not billable') || ', but ' || ju.said || '.' as detail,
    'entry' as blocked_kind,
    ju.entry_id as blocked_id
from judged as ju
left join prices as pc on ju.resource_id = pc.resource_id and ju.project_id = pc.project_id
left join config.currencies as cu on pc.currency = cu.currency
left join billing.projects as pr on ju.project_id = pr.project_id
order by record_key;
