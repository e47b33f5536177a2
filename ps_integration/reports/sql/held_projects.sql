-- What each open break holds of each project: parts of entries, milestones, or nothing yet.
with excepted as (
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
),

held as (
    select
        project_id,
        break_id,
        count(*) as part_count,
        coalesce(sum(seconds), 0)::bigint as seconds,
        coalesce(sum(amount_minor), 0)::bigint as held_minor,
        max(currency) as currency
    from excepted
    group by project_id, break_id
    union all
    select
        ob.blocked_id as project_id,
        ob.break_id,
        0 as part_count,
        0 as seconds,
        0 as held_minor,
        null as currency
    from ops.open_breaks as ob
    anti join excepted as ex on ob.break_id = ex.break_id and ob.blocked_id = ex.project_id
    where ob.state = 'open' and ob.blocked_kind = 'project'
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
