-- Adds to billing.broken_links: what waits above a cap, or is billed under it, and should not, by a
-- count of its own. It does not give the room out again: it asks of what was given whether it fits,
-- whether all of it was given while something waits, and whether it was given in order.
insert into billing.broken_links by name
with lines as (
    select
        pl.project_id,
        pl.currency,
        pl.object_id as entry_id,
        sum(pl.amount_minor) filter (where rv.document_ref is null) as net_minor,
        sum(pl.amount_minor) filter (where rv.document_ref is null and doc.state = 'posted')
            as posted_minor,
        sum(pl.amount_minor) filter (
            where rv.document_ref is not null and coalesce(le.voided_policy, 'hold') = 'hold'
        ) as voided_minor
    from ops.posting_lines as pl
    semi join billing.projects as pr
        on
            pl.project_id = pr.project_id
            and (pr.cap_minor is not null or pr.other_cap_minor is not null)
    inner join ops.documents as doc on pl.document_ref = doc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    left join config.legal_entities as le on doc.legal_entity = le.legal_entity
    where
        pl.object_kind = 'time_entry'
        and doc.state not in ('planned', 'refused', 'superseded')
    group by all
),

rooms as (
    select
        pr.project_id,
        pr.currency,
        coalesce(greatest(
            pr.cap_minor
            - coalesce(sum(
                greatest(coalesce(li.posted_minor, 0), coalesce(li.net_minor, 0))
                + greatest(coalesce(li.voided_minor, 0), 0)
            ), 0)
            - coalesce(any_value(bh.amount_minor), 0),
            0
        ), 0) as room_minor
    from billing.projects as pr
    left join lines as li on pr.project_id = li.project_id and pr.currency = li.currency
    left join reconciliation.cap_used_by_hand as bh
        on pr.project_id = bh.project_id and pr.currency = bh.currency
    where pr.cap_minor is not null or pr.other_cap_minor is not null
    group by pr.project_id, pr.currency, pr.cap_minor
),

fates as (
    select
        entry_id,
        sum(amount_minor) filter (where reason in ('cap_used_up', 'cap_currency_differs'))
            as waiting_minor,
        sum(amount_minor) filter (where reason = 'written_off') as written_off_minor,
        sum(amount_minor) filter (where reason in ('to_be_planned', 'planned')) as ready_minor,
        sum(amount_minor) filter (
            where disposition in ('posted', 'queued') and reason not in ('to_be_planned', 'planned')
        ) as due_minor
    from billing.dispositions
    group by entry_id
),

claims as (
    select
        oa.entry_id,
        oa.project_id,
        ro.room_minor,
        (oe.work_date, oe.system, oe.entry_id) as turn,
        coalesce(fa.waiting_minor, 0) as waiting_minor,
        -- growth that is held comes last, and nothing here says whether it is
        coalesce(fa.waiting_minor, 0) > 0
        and (not oa.has_lines or oa.is_as_billed) as is_in_turn,
        least(
            coalesce(li.net_minor, 0), oa.priced_minor - coalesce(fa.written_off_minor, 0)
        ) as kept_minor,
        if(oa.has_lines and not oa.is_as_billed, fa.due_minor - kept_minor, 0) as grown_minor,
        coalesce(fa.ready_minor, 0) + coalesce(greatest(grown_minor, 0), 0) as given_minor
    from own_amounts as oa
    inner join own_entries as oe on oa.entry_id = oe.entry_id
    left join rooms as ro on oa.project_id = ro.project_id and oa.currency = ro.currency
    left join lines as li
        on
            oa.entry_id = li.entry_id
            and oa.project_id = li.project_id
            and oa.currency = li.currency
    left join fates as fa on oa.entry_id = fa.entry_id
    where oe.has_price and (ro.project_id is not null or fa.waiting_minor > 0)
),

pools as (
    select
        project_id,
        any_value(room_minor) as room_minor,
        sum(waiting_minor) as waiting_minor,
        sum(given_minor) as given_minor,
        max(turn) filter (where given_minor > 0) as last_turn
    from claims
    group by project_id
)

select
    'completeness' as equation,
    'billing.dispositions' as table_name,
    project_id as record_key,
    if(
        given_minor > room_minor,
        'is given more than its cap has room for',
        'has room under its cap while work waits above it'
    ) as problem
from pools
where given_minor > room_minor or (waiting_minor > 0 and given_minor < room_minor)
union all
select
    'completeness' as equation,
    'billing.dispositions' as table_name,
    cl.entry_id as record_key,
    case
        when cl.room_minor is null then 'waits above a cap that its project does not have'
        when cl.grown_minor < 0 then 'is taken back by a cap'
        else 'waits above a cap while later work is given room'
    end as problem
from claims as cl
left join pools as po on cl.project_id = po.project_id
where
    (cl.room_minor is null and cl.waiting_minor > 0)
    or cl.grown_minor < 0
    or (cl.is_in_turn and cl.turn < po.last_turn);
