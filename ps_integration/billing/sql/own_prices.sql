-- Prices of `own_entries`, looked up anew: a rate is asked for under five keys, the best rank wins,
-- in it the newest start. Two of one start, two that say an end, and two cards are no price.
create or replace temp table own_rates as
with assignment_roles as (
    select
        xp.canonical_id as project_id,
        xr.canonical_id as resource_id,
        any_value(ag.role) as role
    from canonical.assignments as ag
    inner join canonical.crosswalk as xp
        on
            xp.object_kind = 'project'
            and ag.system = xp.system
            and ag.project_external_id = xp.external_id
    inner join canonical.crosswalk as xr
        on
            xr.object_kind = 'resource'
            and ag.system = xr.system
            and ag.resource_external_id = xr.external_id
    where ag.role is not null
    group by xp.canonical_id, xr.canonical_id
    having count(distinct role_key(ag.role)) = 1
),

asking as (
    select distinct
        oe.project_id,
        oe.resource_id,
        oe.task_id,
        oe.role,
        oe.person_role,
        role_key(coalesce(oe.role, ar.role, oe.person_role)) as asked_role
    from own_entries as oe
    left join assignment_roles as ar
        on oe.project_id = ar.project_id and oe.resource_id = ar.resource_id
    where oe.has_price
),

asked as (
    select
        ak.*,
        unnest([
            'assignment|' || ak.project_id || '|' || ak.resource_id,
            'project_role|' || ak.project_id || '|' || ak.asked_role,
            'project|' || ak.project_id,
            'role|' || ak.asked_role,
            'resource|' || ak.resource_id
        ]) as question
    from asking as ak
),

answers as (
    select
        case ra.scope
            when 'assignment' then 'assignment|' || xp.canonical_id || '|' || xr.canonical_id
            when 'project_role' then 'project_role|' || xp.canonical_id || '|' || role_key(ra.role)
            when 'project' then 'project|' || xp.canonical_id
            when 'role' then 'role|' || role_key(ra.role)
            when 'resource' then 'resource|' || xr.canonical_id
        end as question,
        rp.rank,
        ra.unit_price,
        ra.currency,
        ra.task_external_id,
        xt.canonical_id as task_id,
        ra.valid_from,
        ra.valid_to,
        greatest(xp.valid_from, xr.valid_from) as mapped_from,
        least(xp.valid_to, xr.valid_to) as mapped_to
    from canonical.rates as ra
    inner join config.rate_precedence as rp on ra.scope = rp.scope
    left join canonical.crosswalk as xp
        on
            xp.object_kind = 'project'
            and ra.system = xp.system
            and ra.project_external_id = xp.external_id
    left join canonical.crosswalk as xr
        on
            xr.object_kind = 'resource'
            and ra.system = xr.system
            and ra.resource_external_id = xr.external_id
    left join canonical.crosswalk as xt
        on
            xt.object_kind = 'task'
            and ra.system = xt.system
            and ra.task_external_id = xt.external_id
    where
        ra.system = (
            select max(rs.value)
            from config.rule_settings as rs
            where rs.rule = 'RATES' and rs.setting = 'source'
        )
        and ra.unit_price >= 0
        and ra.currency is not null
)

select
    aq.project_id,
    aq.resource_id,
    aq.task_id,
    aq.role,
    aq.person_role,
    an.rank,
    an.unit_price,
    an.currency,
    coalesce(an.valid_from, date '1900-01-01') as valid_from,
    coalesce(an.valid_to, date '9999-12-31') as valid_to,
    an.valid_to is not null as ends,
    an.task_id is not null as for_task,
    coalesce(an.mapped_from, date '1900-01-01') as mapped_from,
    coalesce(an.mapped_to, date '9999-12-31') as mapped_to
from asked as aq
inner join answers as an on aq.question = an.question
where an.task_external_id is null or an.task_id = aq.task_id;

create or replace temp table own_unit_prices as
with source as (
    select coalesce(max(value), '') as name
    from config.rule_settings
    where rule = 'RATES' and setting = 'source'
),

offers as (
    select
        oe.entry_id,
        orr.rank,
        orr.unit_price,
        orr.currency,
        orr.valid_from as since,
        orr.ends,
        orr.for_task
    from own_entries as oe
    inner join own_rates as orr
        on
            oe.project_id is not distinct from orr.project_id
            and oe.resource_id is not distinct from orr.resource_id
            and oe.task_id is not distinct from orr.task_id
            and oe.role is not distinct from orr.role
            and oe.person_role is not distinct from orr.person_role
    where
        oe.has_price
        and oe.work_date >= orr.valid_from
        and oe.work_date < orr.valid_to
        and oe.work_date >= orr.mapped_from
        and oe.work_date < orr.mapped_to
    union all
    select
        oe.entry_id,
        case when source.name = '' then 0 else rp.rank end as rank,
        te.unit_price,
        te.currency,
        null as since,
        false as ends,
        false as for_task
    from own_entries as oe
    inner join canonical.time_entries as te
        on oe.system = te.system and oe.external_id = te.external_id
    cross join source
    left join config.rate_precedence as rp on rp.scope = 'entry'
    where
        oe.has_price
        and te.unit_price >= 0
        and te.currency is not null
        and (source.name = '' or rp.rank is not null)
),

dated as (
    select
        fr.*,
        rank() over (
            partition by fr.entry_id, fr.rank
            order by fr.since desc nulls last
        ) as place
    from offers as fr
),

by_rank as (
    select
        entry_id,
        rank,
        case
            when count(*) filter (where ends) > 1 or count(distinct for_task) > 1 then count(*)
            else count(*) filter (where place = 1)
        end as offered,
        min(unit_price) filter (where place = 1) as unit_price,
        min(currency) filter (where place = 1) as currency
    from dated
    group by entry_id, rank
),

best as (
    select
        entry_id,
        min_by(unit_price, rank) as rate_price,
        min_by(currency, rank) as rate_currency,
        min_by(offered, rank) as offered
    from by_rank
    group by entry_id
)

select
    oe.entry_id,
    oe.erp_system,
    oe.erp_company,
    oe.local_currency,
    oe.work_date,
    oe.currency,
    be.rate_price,
    be.rate_currency
from best as be
inner join own_entries as oe on be.entry_id = oe.entry_id
where be.offered = 1;

create or replace temp table own_fx as
with max_age as (
    select max(cast(value as integer)) as days
    from config.rule_settings
    where rule = 'FX' and setting = 'max_age_days'
),

pairs as (
    select distinct
        erp_system,
        erp_company,
        local_currency,
        rate_currency,
        currency,
        work_date
    from own_unit_prices
    where rate_currency <> currency
),

legs as (
    select
        pa.*,
        fd.rate as direct_rate,
        fd.valid_on as direct_on,
        fa.rate as in_rate,
        fa.valid_on as in_on,
        fb.rate as out_rate,
        fb.valid_on as out_on
    from pairs as pa
    asof left join fx_quotes as fd
        on
            pa.erp_system = fd.system
            and pa.erp_company = fd.company
            and pa.rate_currency = fd.from_currency
            and pa.currency = fd.to_currency
            and pa.work_date >= fd.valid_on
    asof left join fx_quotes as fa
        on
            pa.erp_system = fa.system
            and pa.erp_company = fa.company
            and pa.rate_currency = fa.from_currency
            and pa.local_currency = fa.to_currency
            and pa.work_date >= fa.valid_on
    asof left join fx_quotes as fb
        on
            pa.erp_system = fb.system
            and pa.erp_company = fb.company
            and pa.local_currency = fb.from_currency
            and pa.currency = fb.to_currency
            and pa.work_date >= fb.valid_on
)

select
    erp_system,
    erp_company,
    local_currency,
    rate_currency,
    currency,
    work_date,
    cast(
        if(direct_rate is not null, direct_rate, round(in_rate * out_rate, 12))
        as decimal(28, 12)
    ) as rate
from legs
where
    if(direct_rate is not null, direct_on, least(in_on, out_on))
    >= work_date - (select ma.days from max_age as ma);

create or replace temp table own_amounts as
with prices as (
    select
        up.entry_id,
        if(
            ap.object_id is not null,
            ap.unit_price,
            cast(
                round(
                    if(up.rate_currency = up.currency, up.rate_price, up.rate_price * fx.rate), 5
                ) as decimal(18, 6)
            )
        ) as unit_price
    from own_unit_prices as up
    left join billing.as_posted as ap
        on up.entry_id = ap.object_id and ap.object_kind = 'time_entry' and ap.is_role_held
    left join own_fx as fx
        on
            up.erp_system = fx.erp_system
            and up.erp_company = fx.erp_company
            and up.local_currency is not distinct from fx.local_currency
            and up.rate_currency = fx.rate_currency
            and up.currency = fx.currency
            and up.work_date = fx.work_date
),

split as (
    select
        oe.entry_id,
        minor_of(hours_at(oe.seconds, oe.scale), pr.unit_price, oe.factor, oe.rounding) as whole,
        cast(sum(ol.seconds) as bigint) as line_seconds,
        cast(sum(ol.amount_minor) as bigint) as held_minor,
        sum(minor_of(hours_at(ol.seconds, oe.scale), pr.unit_price, oe.factor, oe.rounding))
            as line_minor,
        coalesce(
            bool_and(
                ol.version_sha256 = oe.version_sha256
                and ol.project_id is not distinct from oe.project_id
                and ol.currency is not distinct from oe.currency
            ) filter (where ol.stands),
            true
        ) as is_same,
        bool_and(
            ol.amount_minor
            = minor_of(hours_at(ol.seconds, oe.scale), pr.unit_price, oe.factor, oe.rounding)
            or abs(
                cast(ol.seconds as hugeint) * whole
                - cast(oe.seconds as hugeint) * ol.amount_minor
            ) <= (cast(ol.part as hugeint) + 1) * whole
        ) filter (where ol.stands) as is_in_shares,
        bool_or(ol.stands) as stands
    from own_entries as oe
    inner join own_parts as ol on oe.entry_id = ol.object_id and ol.object_kind = 'time_entry'
    left join prices as pr on oe.entry_id = pr.entry_id
    group by oe.entry_id, oe.seconds, whole
),

-- An entry is as it was billed while its lines hold what they are worth: all of it (line by line,
-- as they were priced once, or as a whole), or each its share.
judged as (
    select
        *,
        coalesce(
            stands
            and is_same
            and case
                when line_seconds = seconds then held_minor in (whole, line_minor)
                else line_seconds < seconds and held_minor <= whole and is_in_shares
            end,
            false
        ) as is_as_billed
    from (
        select
            sp.*,
            oe.seconds
        from split as sp
        inner join own_entries as oe on sp.entry_id = oe.entry_id
    )
),

-- What is said to stay behind of a changed entry: `link_caps` counts whether it may.
left_behind as (
    select
        entry_id,
        sum(amount_minor) as amount_minor
    from billing.dispositions
    where reason in ('cap_used_up', 'cap_currency_differs', 'written_off')
    group by entry_id
)

select
    oe.entry_id,
    oe.legal_entity,
    oe.currency,
    oe.period,
    oe.project_id,
    oe.seconds,
    coalesce(ju.stands, false) as has_lines,
    coalesce(ju.is_as_billed, false) as is_as_billed,
    minor_of(hours_at(oe.seconds, oe.scale), pr.unit_price, oe.factor, oe.rounding) as priced_minor,
    case
        when not oe.has_price then 0
        when ju.is_as_billed and ju.line_seconds = oe.seconds then ju.held_minor
        else priced_minor
    end as amount_minor,
    case
        when not oe.has_price then 0
        when ju.is_as_billed then ju.held_minor
        else priced_minor - coalesce(lb.amount_minor, 0)
    end as billed_target_minor
from own_entries as oe
left join prices as pr on oe.entry_id = pr.entry_id
left join judged as ju on oe.entry_id = ju.entry_id
left join left_behind as lb on oe.entry_id = lb.entry_id;
