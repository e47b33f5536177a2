-- Caps as pools: the room that documents and lines typed by hand leave is given to open claims in
-- the order (work day, system, entry). A claim is a part that is ready to be billed, or what a
-- billed entry has grown by; what is billed keeps what it holds, never more than it is worth. What
-- is held claims nothing: growth that cannot go out tonight comes after everything that can. The
-- claim that crosses the cap gets exactly the room that is left, and all after it nothing.
create or replace temp table cap_grants as
with claims as (
    select
        ga.entry_id,
        ga.project_id,
        ga.work_date,
        ga.system,
        ga.is_growth,
        po.cap_minor,
        po.used_minor,
        po.by_hand_minor,
        po.room_minor,
        po.is_other_currency,
        if(
            ga.is_growth,
            least(coalesce(ch.held_minor, 0), ga.amount_minor),
            0
        ) as kept_minor,
        ga.amount_minor - kept_minor - ga.written_off_minor as claim_minor,
        ga.is_growth and (
            ga.reason <> 'to_be_planned'
            or ga.is_in_flight
            or coalesce(le.corrections_policy = 'ask', false)
        ) as is_held
    from gates as ga
    inner join billing.cap_pools as po
        on ga.project_id = po.project_id and ga.currency = po.currency
    left join billing.cap_holdings as ch
        on
            ga.project_id = ch.project_id
            and ga.currency = ch.currency
            and ga.entry_id = ch.entry_id
    left join config.legal_entities as le on ga.legal_entity = le.legal_entity
    where ga.is_growth or ga.reason = 'to_be_planned'
),

walked as (
    select
        *,
        coalesce(sum(claim_minor) over (
            partition by project_id
            order by is_held, work_date, system, entry_id
            rows between unbounded preceding and 1 preceding
        ), 0) as earlier_minor
    from claims
    where claim_minor > 0
)

select
    *,
    cast(least(greatest(room_minor - earlier_minor, 0), claim_minor) as bigint) as granted_minor
from walked;

-- What a changed entry is billed for, and what stays behind of it: written off, or above the cap.
create or replace temp table growth_cuts as
select
    ga.entry_id,
    ga.written_off_minor,
    coalesce(cg.claim_minor - cg.granted_minor, 0) as deferred_minor,
    ga.amount_minor - ga.written_off_minor - deferred_minor as due_minor,
    if(
        due_minor = ga.amount_minor,
        ga.open_seconds,
        share_seconds(ga.open_seconds, due_minor, ga.amount_minor)
    ) as due_seconds,
    if(
        deferred_minor = 0,
        ga.open_seconds - due_seconds,
        share_seconds(ga.open_seconds, ga.written_off_minor, ga.amount_minor)
    ) as written_off_seconds
from gates as ga
left join cap_grants as cg on ga.entry_id = cg.entry_id
where ga.is_growth;
