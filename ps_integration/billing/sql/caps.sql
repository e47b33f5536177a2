-- Caps: what neither documents nor lines typed by hand have used goes to ready parts in the order
-- (work date, system, entry). The part that crosses the cap is cut at a whole second: as many
-- seconds as fit are billed, the rest keeps the rest of the amount, so that the two add up to the
-- whole.
create or replace temp table capped as
with used as (
    select
        project_id,
        sum(amount_minor) as used_minor
    from live_lines
    where object_kind = 'time_entry'
    group by all
),

walked as (
    select
        ga.entry_id,
        ga.project_id,
        ga.open_seconds,
        ga.unit_price,
        ga.factor,
        ga.scale,
        ga.rounding,
        ga.amount_minor,
        greatest(
            ga.cap_minor - coalesce(us.used_minor, 0) - coalesce(bh.amount_minor, 0), 0
        ) as remaining_minor,
        coalesce(us.used_minor, 0) as used_minor,
        coalesce(bh.amount_minor, 0) as by_hand_minor,
        sum(ga.amount_minor) over (
            partition by ga.project_id
            order by ga.work_date, ga.system, ga.entry_id
            rows between unbounded preceding and current row
        ) as running_minor
    from gates as ga
    left join used as us on ga.project_id = us.project_id
    left join reconciliation.cap_used_by_hand as bh
        on ga.project_id = bh.project_id and ga.currency = bh.currency
    where ga.reason = 'to_be_planned' and ga.cap_minor is not null
)

select
    *,
    remaining_minor - (running_minor - amount_minor) as room_minor
from walked
where running_minor > remaining_minor;

-- Whole seconds that fit into the room left, found on a coarse grid first and then exactly.
create or replace temp table cap_cuts as
with coarse as (
    select
        *,
        unnest(range(0, open_seconds, 256)) as tried
    from capped
    where room_minor >= 0
),

fine as (
    select
        co.entry_id,
        co.room_minor,
        co.unit_price,
        co.factor,
        co.scale,
        co.rounding,
        unnest(range(max(co.tried), least(max(co.tried) + 256, co.open_seconds))) as tried
    from coarse as co
    where
        minor_of(hours_at(co.tried, co.scale), co.unit_price, co.factor, co.rounding)
        <= co.room_minor
    group by
        co.entry_id,
        co.room_minor,
        co.unit_price,
        co.factor,
        co.scale,
        co.rounding,
        co.open_seconds
)

select
    entry_id,
    max(tried) as fitting_seconds
from fine
where minor_of(hours_at(tried, scale), unit_price, factor, rounding) <= room_minor
group by entry_id;
