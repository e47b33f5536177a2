-- Each project with money or a break: what is billed, ready, held or to come, by currency.
with lines as (
    select
        pl.project_id,
        pl.currency,
        sum(pl.amount_minor) filter (where dc.state = 'posted') as billed_minor,
        sum(pl.amount_minor) filter (where dc.state not in ('posted', 'planned')) as on_way_minor
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where dc.state not in ('refused', 'superseded') and rv.document_ref is null
    group by pl.project_id, pl.currency
),

waiting as (
    select
        project_id,
        currency,
        sum(amount_minor) filter (where disposition = 'queued' and not is_on_way) as ready_minor,
        sum(amount_minor) filter (where disposition = 'excepted') as held_minor,
        sum(amount_minor) filter (where disposition = 'deferred') as deferred_minor
    from billing.unbilled_parts
    where disposition <> 'not_approved'
    group by project_id, currency
),

coming as (
    select
        cw.canonical_id as project_id,
        ms.currency,
        sum(ms.amount_minor) as milestones_minor
    from canonical.milestones as ms
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'project'
            and ms.system = cw.system
            and ms.project_external_id = cw.external_id
    cross join config.run as ru
    where
        not coalesce(ms.is_reached, false)
        and ru.as_of_date >= cw.valid_from
        and ru.as_of_date < cw.valid_to
    group by cw.canonical_id, ms.currency
),

held_by as (
    select
        project_id,
        string_agg(distinct rule, ', ' order by rule) as rules
    from (
        select
            un.project_id,
            un.rule
        from billing.unbilled_parts as un
        where un.rule is not null
        union all
        select
            ob.blocked_id as project_id,
            ob.rule
        from ops.open_breaks as ob
        where ob.state = 'open' and ob.blocked_kind = 'project'
    )
    group by project_id
),

keys as (
    select
        project_id,
        currency
    from lines
    union
    select
        project_id,
        currency
    from waiting
    union
    select
        project_id,
        currency
    from coming
    union
    select
        project_id,
        currency
    from reconciliation.cap_used_by_hand
    union
    select
        project_id,
        currency
    from billing.projects
    where status = 'active' and is_billable
)

select
    coalesce(ke.project_id, 'no project') as project_id,
    pr.name,
    pr.customer_key,
    coalesce(pr.legal_entity, 'unassigned') as legal_entity,
    pr.status,
    pr.billing_type,
    coalesce(ke.currency, 'unassigned') as currency,
    if(ke.currency = pr.currency, pr.cap_minor, null) as cap_minor,
    coalesce(li.billed_minor, 0)::bigint as billed_minor,
    coalesce(bh.amount_minor, 0)::bigint as by_hand_minor,
    coalesce(li.on_way_minor, 0)::bigint as on_way_minor,
    coalesce(wa.ready_minor, 0)::bigint as ready_minor,
    coalesce(wa.held_minor, 0)::bigint as held_minor,
    coalesce(wa.deferred_minor, 0)::bigint as deferred_minor,
    coalesce(co.milestones_minor, 0)::bigint as milestones_minor,
    hb.rules as held_by
from keys as ke
left join billing.projects as pr on ke.project_id = pr.project_id
left join lines as li on ke.project_id = li.project_id and ke.currency = li.currency
left join waiting as wa
    on
        ke.project_id is not distinct from wa.project_id
        and ke.currency is not distinct from wa.currency
left join coming as co on ke.project_id = co.project_id and ke.currency = co.currency
left join reconciliation.cap_used_by_hand as bh
    on ke.project_id = bh.project_id and ke.currency = bh.currency
left join held_by as hb on ke.project_id = hb.project_id
order by project_id, currency;
