-- rule: TM01
-- title: Approved billable time not in the ERP past the posting SLA
-- severity: high
-- owner: integration
-- blocks: no
-- needs_period: yes
-- needs: reconciliation.found
-- cause: not_synced_yet
-- remedy: Approve the batch that holds it, or see why no batch was planned for it.
-- tolerance_posting_days: 2

with held_psa as (
    select ho.blocked_id as system
    from reconciliation.holds as ho
    semi join config.system_roles as sr on sr.role = 'psa' and ho.blocked_id = sr.system
    where ho.blocked_kind = 'system'
),

free as (
    select un.*
    from reconciliation.unposted_entries as un
    left join billing.projects as pr on un.project_id = pr.project_id
    -- time that another break holds is that break's consequence
    anti join reconciliation.holds as he
        on he.blocked_kind = 'entry' and un.entry_id = he.blocked_id
    anti join reconciliation.holds as hp
        on hp.blocked_kind = 'project' and un.project_id = hp.blocked_id
    anti join reconciliation.holds as hc
        on hc.blocked_kind = 'customer' and un.customer_key = hc.blocked_id
    anti join reconciliation.holds as ht
        on ht.blocked_kind = 'system' and un.system = ht.blocked_id
    anti join reconciliation.holds as hs
        on hs.blocked_kind = 'system' and un.erp_system = hs.blocked_id
    anti join reconciliation.holds as hm
        on hm.blocked_kind = 'company' and un.erp_system || ':' || un.erp_company = hm.blocked_id
    anti join reconciliation.found as tp
        on tp.rule = 'TM10' and un.entry_id = tp.entry_id
    anti join held_psa as hq on pr.psa_system = hq.system
    -- before the opening list is signed nothing is posted, by decision
    semi join ops.openings as op
        on un.legal_entity = op.legal_entity and un.system = op.time_system
    where un.problem is null and un.amount_minor is not null
),

-- time above a cap waits for TM15: the last entries in the order in which a cap is given out
waiting as (
    select
        fr.entry_id,
        sum(fr.amount_minor) over (
            partition by fr.project_id
            order by fr.work_date desc, fr.system desc, fr.entry_id desc
            rows between unbounded preceding and 1 preceding
        ) as later_minor,
        tc.at_risk_minor as above_minor
    from free as fr
    inner join reconciliation.found as tc
        on tc.rule = 'TM15' and fr.project_id = tc.project_id
    where fr.document_ref is null
),

above as (
    select entry_id
    from waiting
    where coalesce(later_minor, 0) < above_minor
)

select
    un.entry_id as record_key,
    coalesce(un.period, 'unassigned') as period,
    un.legal_entity,
    un.project_id,
    un.customer_key,
    un.entry_id,
    un.system as left_system,
    un.external_id as left_id,
    reconciliation.hours_text(un.seconds) as left_value,
    un.erp_system as right_system,
    un.document_ref as right_id,
    coalesce(dc.state, 'not in a document') as right_value,
    un.seconds as difference_seconds,
    un.amount_minor as difference_minor,
    un.amount_minor as at_risk_minor,
    un.currency,
    if(dc.state in ('held', 'dead', 'unknown'), 'sync_failed', 'not_synced_yet') as cause,
    un.entry_id || ' was approved on ' || un.approved_at::date::varchar || ' and is '
    || if(
        dc.document_ref is null,
        'in no document.',
        'in document ' || dc.document_ref || ', which is ' || dc.state || '.'
    ) as detail,
    null as blocked_kind,
    null as blocked_id
from free as un
cross join config.run as ru
left join ops.documents as dc on un.document_ref = dc.document_ref
anti join above as ab on un.entry_id = ab.entry_id
where un.approved_at < ru.as_of - to_days($tolerance_posting_days)
order by record_key;
