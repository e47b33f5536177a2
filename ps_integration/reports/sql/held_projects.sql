-- What each open break holds of each project: parts of entries, milestones, or nothing yet.
with held as (
    select
        project_id,
        break_id,
        count(*) as part_count,
        coalesce(sum(seconds), 0)::bigint as seconds,
        coalesce(sum(amount_minor), 0)::bigint as held_minor,
        max(currency) as currency
    from (
        select
            project_id,
            break_id,
            seconds,
            amount_minor,
            currency
        from billing.dispositions
        where disposition = 'excepted' and project_id is not null
        union all
        select
            project_id,
            break_id,
            0 as seconds,
            amount_minor,
            currency
        from billing.milestones
        where disposition = 'excepted' and project_id is not null
    )
    group by project_id, break_id
    union all
    select
        ob.blocked_id,
        ob.break_id,
        0,
        0,
        0,
        null
    from ops.open_breaks as ob
    where
        ob.state = 'open'
        and ob.blocked_kind = 'project'
        and not exists (
            select 1
            from billing.dispositions as di
            where
                di.disposition = 'excepted'
                and di.break_id = ob.break_id
                and di.project_id = ob.blocked_id
        )
)

select
    he.project_id,
    he.break_id,
    he.part_count,
    he.seconds,
    he.held_minor,
    pr.name,
    pr.legal_entity,
    pr.customer_key,
    coalesce(he.currency, pr.currency) as currency
from held as he
left join billing.projects as pr on he.project_id = pr.project_id
order by he.project_id, he.break_id;
