-- The role of a person is no part of a document. Where an entry has not changed since it was posted
-- and another rate that holds on its day gives the posted price, one of another role than today's,
-- its role changed and not its rate: it keeps that price, and today's is kept beside it.
create or replace temp table role_suspects as
select
    ap.object_id,
    ap.unit_price as posted_price,
    ra.rate_id,
    ra.rate_system,
    ra.rate_scope,
    ra.rate_currency,
    ra.fx_rate,
    ra.currency,
    ae.project_id,
    ae.resource_id,
    ae.task_id,
    ae.work_date,
    pk.role_key as role_now
from billing.as_posted as ap
inner join billing.rated_entries as ra on ap.object_id = ra.entry_id
inner join approved_entries as ae on ap.object_id = ae.entry_id
inner join pricing_keys as pk
    on
        coalesce(ae.project_id, '') = pk.project_id
        and coalesce(ae.resource_id, '') = pk.resource_id
        and coalesce(ae.task_id, '') = pk.task_id
        and pk.entry_role = ''
where
    ap.object_kind = 'time_entry'
    and ae.role is null
    and ra.problem is null
    and ra.unit_price <> ap.unit_price
    and ra.currency = ap.currency
    and ae.version_sha256 = ap.version_sha256;

create or replace temp table roles_as_posted as
select
    rs.object_id,
    rs.posted_price,
    rs.role_now,
    rc.role_key as role_then,
    rc.rate_id,
    rc.rate_system,
    rc.scope as rate_scope,
    rc.unit_price as rate_price,
    rc.currency as rate_currency,
    if(rc.currency = rs.currency, null, rs.fx_rate) as fx_rate
from role_suspects as rs
inner join rate_card as rc
    on
        rs.work_date >= rc.valid_from
        and rs.work_date < rc.valid_to
        and coalesce(rs.task_id = rc.task_id, rc.task_id is null)
        and coalesce(rs.project_id = rc.project_id, rc.project_id is null)
        and coalesce(rs.resource_id = rc.resource_id, rc.resource_id is null)
where
    (
        (rc.role_key is not null and rc.role_key is distinct from rs.role_now)
        or (rc.role_key is null and rs.rate_scope in ('role', 'project_role'))
    )
    and (rc.currency = rs.currency or rc.currency = rs.rate_currency)
    and cast(
        round(rc.unit_price * if(rc.currency = rs.currency, 1, rs.fx_rate), 5) as decimal(18, 6)
    ) = rs.posted_price
    -- no newer start of the same card had taken its place by then
    and not exists (
        select 1
        from rate_card as nr
        where
            nr.rate_system = rc.rate_system
            and nr.scope = rc.scope
            and nr.project_id is not distinct from rc.project_id
            and nr.resource_id is not distinct from rc.resource_id
            and nr.task_id is not distinct from rc.task_id
            and nr.role_key is not distinct from rc.role_key
            and nr.starts_on > rc.starts_on
            and rs.work_date >= nr.valid_from
            and rs.work_date < nr.valid_to
    )
qualify row_number() over (
    partition by rs.object_id
    order by rc.rank, rc.rate_system, rc.rate_id
) = 1;

insert into billing.rated_today by name
select ra.*
from billing.rated_entries as ra
semi join roles_as_posted as rp on ra.entry_id = rp.object_id;

update billing.rated_entries as ra
set
    rate_id = rp.rate_id,
    rate_system = rp.rate_system,
    rate_scope = rp.rate_scope,
    rate_candidates = 1,
    rate_price = rp.rate_price,
    rate_currency = rp.rate_currency,
    fx_rate = rp.fx_rate,
    fx_valid_on = if(rp.fx_rate is null, null, ra.fx_valid_on),
    fx_source = if(rp.fx_rate is null, null, ra.fx_source),
    unit_price = rp.posted_price,
    amount_minor = minor_of(ra.quantity, rp.posted_price, ae.factor, ae.rounding),
    derivation = 'Posted at ' || plain_number(rp.posted_price) || ' ' || ra.currency
    || ', rate ' || rp.rate_id || ' of ' || rp.rate_system || ' for '
    || coalesce('role ' || rp.role_then, 'a person without a role')
    || '; the role is ' || coalesce(rp.role_now, 'none') || ' today.'
from roles_as_posted as rp, approved_entries as ae
where ra.entry_id = rp.object_id and ae.entry_id = rp.object_id;

update billing.as_posted as ap
set is_role_held = true
from roles_as_posted as rp
where ap.object_kind = 'time_entry' and ap.object_id = rp.object_id;
