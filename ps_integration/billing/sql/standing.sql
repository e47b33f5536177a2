-- The last part of every entry that ever had a line: a further one takes the next number.
create or replace temp table used_parts as
select
    object_kind,
    object_id,
    max(part) as last_part,
    max(document_ref) filter (where is_voided) as voided_ref
from live_lines
group by all;

-- What two persons have written off of an entry: their amount of a part that never had a line, and
-- never more. An older decision has no amount.
create or replace temp table write_offs as
with decided as (
    select
        entry_id,
        part,
        max(amount_minor) as amount_minor,
        min(reason) as reason,
        min(decided_by) as decided_by,
        min(seconded_by) as seconded_by
    from ops.decisions
    where kind = 'write_off' and decided_by <> seconded_by
    group by all
)

select
    de.entry_id,
    min(de.part) as part,
    if(bool_or(de.amount_minor is null), null, cast(sum(de.amount_minor) as bigint))
        as amount_minor,
    min_by(de.reason, de.part) as reason,
    min_by(de.decided_by, de.part) as decided_by,
    min_by(de.seconded_by, de.part) as seconded_by
from decided as de
left join used_parts as us on de.entry_id = us.object_id and us.object_kind = 'time_entry'
where
    de.part <= coalesce(us.last_part, 0) + 1
    and (de.entry_id, de.part) not in (
        select (ll.object_id, ll.part) from live_lines as ll
        where ll.object_kind = 'time_entry'
    )
group by de.entry_id;

-- Time entries with lines of ours that stand. An entry is as it was billed while it is of the same
-- version, on the same project and in the same currency, and its lines hold what they are worth at
-- today's price: all of it, or (with the rest above a cap) each its share of it. Anything else is
-- `is_changed`: it is then billed as one part, and the difference is owed.
create or replace temp table billed_entries as
with cells as (
    select
        lc.object_id as entry_id,
        lc.part,
        bool_or(lc.stands) as stands,
        bool_or(lc.stands and lc.is_in_flight) as is_in_flight,
        bool_or(
            lc.stands
            and (
                lc.project_id is distinct from ae.project_id
                or lc.currency is distinct from ae.currency
            )
        ) as is_elsewhere,
        cast(sum(lc.seconds) as bigint) as seconds,
        cast(sum(lc.amount_minor) as bigint) as amount_minor
    from live_cells as lc
    inner join approved_entries as ae on lc.object_id = ae.entry_id
    where lc.object_kind = 'time_entry'
    group by all
),

newest as (
    select
        object_id as entry_id,
        part,
        max_by(version_sha256, correction_no) filter (where not is_voided) as version_sha256,
        bool_or(not is_posted and not is_voided and correction is not null) as is_correcting,
        bool_or(is_posted and not is_voided) as is_any_posted
    from live_lines
    where object_kind = 'time_entry'
    group by all
),

worth as (
    select
        ae.entry_id,
        ra.unit_price,
        if(
            ae.is_by_the_hour,
            minor_of(hours_at(ae.seconds, ae.scale), ra.unit_price, ae.factor, ae.rounding),
            0
        ) as amount_minor
    from approved_entries as ae
    left join billing.rated_entries as ra on ae.entry_id = ra.entry_id
    semi join cells as ce on ae.entry_id = ce.entry_id
),

totals as (
    select
        ae.entry_id,
        any_value(wo.amount_minor) as worth_minor,
        min(ce.part) filter (where ce.stands) as first_part,
        cast(sum(ce.seconds) as bigint) as billed_seconds,
        cast(sum(ce.amount_minor) as bigint) as billed_minor,
        coalesce(bool_or(nw.version_sha256 <> ae.version_sha256) filter (where ce.stands), false)
        or sum(ce.seconds) > greatest(ae.seconds, 0) as is_edited,
        bool_or(ce.is_elsewhere) as is_elsewhere,
        bool_or(ce.is_in_flight) as is_in_flight,
        bool_or(nw.is_correcting) as is_correcting,
        bool_or(nw.is_any_posted) as is_any_posted,
        cast(sum(
            minor_of(hours_at(ce.seconds, ae.scale), wo.unit_price, ae.factor, ae.rounding)
        ) as bigint) as by_part_minor,
        bool_and(
            not ce.stands
            or ce.amount_minor = minor_of(
                hours_at(ce.seconds, ae.scale), wo.unit_price, ae.factor, ae.rounding
            )
            or is_share(
                ce.amount_minor, ce.seconds, wo.amount_minor, ae.seconds, ce.part
            )
        ) as is_in_shares
    from approved_entries as ae
    inner join cells as ce on ae.entry_id = ce.entry_id
    inner join newest as nw on ce.entry_id = nw.entry_id and ce.part = nw.part
    inner join worth as wo on ae.entry_id = wo.entry_id
    group by ae.entry_id, ae.version_sha256, ae.seconds
    having bool_or(ce.stands)
)

select
    tt.*,
    tt.is_edited
    or tt.is_elsewhere
    or coalesce(
        if(
            tt.billed_seconds = ae.seconds,
            tt.billed_minor not in (tt.worth_minor, tt.by_part_minor),
            tt.billed_minor > tt.worth_minor or not tt.is_in_shares
        ),
        false
    ) as is_changed,
    -- what two persons have written off of what is not billed: their amount, and never more
    case
        when wo.entry_id is null then null
        when wo.amount_minor is not null
            then least(wo.amount_minor, greatest(tt.worth_minor - tt.billed_minor, 0))
        when not tt.is_edited
            then minor_of(
                hours_at(ae.seconds - tt.billed_seconds, ae.scale),
                wr.unit_price,
                ae.factor,
                ae.rounding
            )
    end as written_off_minor
from totals as tt
inner join approved_entries as ae on tt.entry_id = ae.entry_id
inner join worth as wr on tt.entry_id = wr.entry_id
left join write_offs as wo on tt.entry_id = wo.entry_id;
