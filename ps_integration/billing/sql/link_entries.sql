-- Adds to billing.broken_links: entries, prices and parts that do not follow from versions and the
-- own count.

-- Entries: one for every readable version, placed where its project and person say. A project or
-- person that only the crosswalk knows (a new joiner, a mapping of the firm file to what no system
-- lists) is a break of the entry, not a mistake in the account.
insert into billing.broken_links by name
with mapped as (
    select distinct
        object_kind,
        canonical_id
    from canonical.crosswalk
),

placed as (
    select
        en.*,
        count(*) over (partition by en.entry_id) as copies,
        coalesce(te.is_invoiced, false) as is_invoiced_there,
        mp.canonical_id as known_project,
        row(
            pr.legal_entity, pr.currency, pr.customer_key, pr.status, pr.billing_type,
            pr.is_billable, pr.cap_minor, pr.closed_on
        ) as of_project,
        row(
            en.legal_entity, en.currency, en.customer_key, en.project_status, en.billing_type,
            en.project_is_billable, en.cap_minor, en.closed_on
        ) as of_entry,
        mr.canonical_id as known_resource,
        bh.home_legal_entity as home,
        br.role as usual_role,
        coalesce(ap.is_same_project, false) as is_as_posted,
        row(ap.project_id, ap.legal_entity, ap.currency, ap.customer_key) as of_posted
    from billing.entries as en
    left join billing.as_posted as ap
        on en.entry_id = ap.object_id and ap.object_kind = 'time_entry' and ap.is_held
    left join canonical.time_entries as te
        on en.system = te.system and en.external_id = te.external_id
    left join billing.projects as pr on en.project_id = pr.project_id
    left join billing.resources as br on en.resource_id = br.resource_id
    left join billing.resource_homes as bh
        on
            en.resource_id = bh.resource_id
            and en.work_date >= bh.valid_from
            and en.work_date < bh.valid_to
    left join mapped as mp on mp.object_kind = 'project' and en.project_id = mp.canonical_id
    left join mapped as mr on mr.object_kind = 'resource' and en.resource_id = mr.canonical_id
)

select
    'completeness' as equation,
    'billing.entries' as table_name,
    coalesce(pl.entry_id, rv.entry_id) as record_key,
    case
        when pl.entry_id is null then 'is gone'
        when rv.entry_id is null then 'has no current version that can be read'
        when pl.copies > 1 then 'is there twice'
        else 'is not what its version, project and person say'
    end as problem
from placed as pl
full outer join readable_versions as rv on pl.entry_id = rv.entry_id
where
    pl.copies > 1
    or row(
        pl.version_no,
        pl.version_sha256,
        pl.raw_seq,
        pl.system,
        pl.external_id,
        pl.resource_external_id,
        pl.project_external_id,
        pl.task_external_id,
        pl.work_date,
        pl.seconds,
        pl.is_billable,
        pl.approval_state,
        pl.is_deleted,
        pl.period
    ) is distinct from row(
        rv.version_no,
        rv.version_sha256,
        rv.raw_seq,
        rv.system,
        rv.external_id,
        rv.resource_external_id,
        rv.project_external_id,
        rv.task_external_id,
        rv.work_date,
        rv.seconds,
        rv.is_billable,
        rv.approval_state,
        rv.is_deleted,
        strftime(rv.work_date, '%Y-%m')
    )
    or pl.is_invoiced is distinct from pl.is_invoiced_there
    or (not pl.is_as_posted and pl.project_id is distinct from pl.known_project)
    or (not pl.is_as_posted and pl.of_entry is distinct from pl.of_project)
    or (
        pl.is_as_posted
        and row(pl.project_id, pl.legal_entity, pl.currency, pl.customer_key)
        is distinct from pl.of_posted
    )
    or pl.resource_id is distinct from pl.known_resource
    or pl.home_legal_entity is distinct from pl.home
    or pl.role is distinct from coalesce(rv.role, pl.usual_role);

-- The same, for what is approved, against the own count: placed by the same day's crosswalk.
insert into billing.broken_links by name
select
    'completeness' as equation,
    'billing.entries' as table_name,
    oe.entry_id as record_key,
    'is placed otherwise by the own count' as problem
from own_entries as oe
inner join billing.entries as en on oe.entry_id = en.entry_id
where
    not en.is_primary
    or oe.has_price is distinct from (
        en.is_billable is distinct from false
        and en.task_is_billable is distinct from false
        and en.project_is_billable is distinct from false
        and coalesce(en.billing_type, 'time_and_materials') = 'time_and_materials'
        and en.seconds <> 0
    )
    or row(en.resource_id, en.project_id, en.task_id, en.erp_system, coalesce(en.erp_company, ''))
    is distinct from
    row(oe.resource_id, oe.project_id, oe.task_id, oe.erp_system, coalesce(oe.erp_company, ''))
union all
select
    'completeness' as equation,
    'billing.entries' as table_name,
    en.entry_id as record_key,
    'is approved and left out of the own count' as problem
from billing.entries as en
anti join own_entries as oe on en.entry_id = oe.entry_id
where en.is_primary and en.approval_state = 'approved' and not en.is_deleted;

-- Prices: one for every entry that needs one, that of its rate, and the amount that follows.
insert into billing.broken_links by name
with priced as (
    select
        ra.*,
        count(*) over (partition by ra.entry_id) as copies
    from billing.rated_entries as ra
),

-- What is settled elsewhere needs none: price lists seldom go back to before going live.
due as (
    select oe.*
    from own_entries as oe
    left join priced as ra on oe.entry_id = ra.entry_id
    left join canonical.time_entries as te
        on oe.system = te.system and oe.external_id = te.external_id
    left join config.going_live as gl
        on oe.legal_entity = gl.legal_entity and oe.system = gl.time_system
    where
        oe.has_price
        and (
            ra.entry_id is not null
            or not (coalesce(te.is_invoiced, false) or coalesce(oe.work_date < gl.bill_from, false))
        )
)

select
    'completeness' as equation,
    'billing.rated_entries' as table_name,
    coalesce(oe.entry_id, pr.entry_id) as record_key,
    case
        when pr.entry_id is null then 'is gone'
        when oe.entry_id is null then 'is of an entry that needs no price'
        when pr.copies > 1 then 'is there twice'
        else 'does not follow from its rate'
    end as problem
from due as oe
full outer join priced as pr on oe.entry_id = pr.entry_id
left join billing.entries as en on pr.entry_id = en.entry_id
left join canonical.rates as rt on pr.rate_system = rt.system and pr.rate_id = rt.external_id
where
    oe.entry_id is null
    or pr.entry_id is null
    or pr.copies > 1
    or pr.version_no is distinct from en.version_no
    or pr.currency is distinct from oe.currency
    or (pr.problem is null) <> (pr.amount_minor is not null)
    or (pr.problem is null) <> (pr.unit_price is not null)
    or (
        pr.problem is null
        and (
            pr.quantity is distinct from hours_at(oe.seconds, oe.scale)
            or pr.amount_minor is distinct from minor_of(
                hours_at(oe.seconds, oe.scale), pr.unit_price, oe.factor, oe.rounding
            )
            or pr.unit_price is distinct from if(
                pr.rate_currency = pr.currency,
                pr.rate_price,
                cast(round(pr.rate_price * pr.fx_rate, 5) as decimal(18, 6))
            )
        )
    )
    or (pr.rate_currency is not distinct from pr.currency and pr.fx_rate is not null)
    or (
        pr.rate_scope is distinct from 'entry'
        and pr.rate_id is not null
        and pr.problem is distinct from 'rate_overlap'
        and row(rt.unit_price, rt.currency, rt.scope)
        is distinct from row(pr.rate_price, pr.rate_currency, pr.rate_scope)
    )
    or (
        pr.rate_id is null
        and (pr.problem is null or coalesce(pr.rate_system, pr.rate_scope) is not null)
    );

-- Parts: of every approved entry, together the whole of it, each with the reason of its fate.
insert into billing.broken_links by name
with sums as (
    select
        entry_id,
        count(*) as parts,
        count(distinct part) as numbers,
        max(part) as last_part,
        sum(seconds) as seconds,
        if(bool_or(amount_minor is null), null, sum(amount_minor)) as amount_minor
    from billing.dispositions
    group by entry_id
),

open_periods as (
    select distinct
        system,
        coalesce(company, '') as company,
        period
    from canonical.accounting_periods
    where state = 'open'
),

-- an ERP that imports files and lists no periods has none that is closed
unlisted as (
    select system
    from config.systems
    where not list_contains(string_split(feeds, ','), 'accounting_periods')
),

every_part as (
    select
        entry_id,
        part
    from billing.dispositions
    union all
    select
        object_id as entry_id,
        part
    from ops.posting_lines
    where object_kind = 'time_entry'
    union all
    -- nothing may be left to write off, and its number stays taken
    select
        entry_id,
        part
    from ops.decisions
    where kind = 'write_off'
),

lines_of as (
    select distinct
        object_id as entry_id,
        part,
        document_ref
    from ops.posting_lines
    where object_kind = 'time_entry'
),

numbers as (
    select
        entry_id,
        count(distinct part) as parts
    from every_part
    group by entry_id
)

select
    'completeness' as equation,
    'billing.dispositions' as table_name,
    coalesce(oa.entry_id, su.entry_id) as record_key,
    case
        when su.entry_id is null then 'has no part'
        when oa.entry_id is null then 'is not approved'
        when su.parts <> su.numbers then 'has a part twice'
        when su.last_part > nu.parts then 'has a part that does not follow the one before it'
        else 'its parts are not the whole of it'
    end as problem
from own_amounts as oa
full outer join sums as su on oa.entry_id = su.entry_id
left join numbers as nu on su.entry_id = nu.entry_id
where
    oa.entry_id is null
    or su.entry_id is null
    or su.parts <> su.numbers
    or su.last_part > nu.parts
    or oa.seconds <> su.seconds
    or oa.amount_minor is distinct from su.amount_minor
union all
select
    'completeness' as equation,
    'billing.dispositions' as table_name,
    di.entry_id || ' part ' || coalesce(cast(di.part as varchar), '') as record_key,
    'is not what its entry, price, document and reason say' as problem
from billing.dispositions as di
left join billing.entries as en on di.entry_id = en.entry_id
left join own_entries as oe on di.entry_id = oe.entry_id
left join billing.rated_entries as ra on di.entry_id = ra.entry_id
left join ops.documents as dc on di.document_ref = dc.document_ref
left join open_periods as op
    on
        en.erp_system = op.system
        and coalesce(en.erp_company, '') = op.company
        and di.posting_period = op.period
left join unlisted as ul on en.erp_system = ul.system
left join reasons as re on di.reason = re.reason
left join ops.open_breaks as ob on di.break_id = ob.break_id
left join lines_of as li
    on di.entry_id = li.entry_id and di.part = li.part and di.document_ref = li.document_ref
where
    di.part is null
    or (di.document_ref is not null and li.entry_id is null)
    or row(
        di.version_no,
        di.version_sha256,
        di.legal_entity,
        di.currency,
        di.period,
        di.project_id,
        di.resource_id,
        di.work_date
    ) is distinct from row(
        en.version_no,
        en.version_sha256,
        coalesce(en.legal_entity, 'unassigned'),
        coalesce(en.currency, 'unassigned'),
        coalesce(en.period, 'unassigned'),
        en.project_id,
        en.resource_id,
        en.work_date
    )
    or di.quantity is distinct from hours_at(di.seconds, oe.scale)
    or di.unit_price is distinct from ra.unit_price
    or di.disposition is distinct from case
        when di.reason = 'posted' then 'posted'
        when dc.document_ref is not null then 'queued'
        else coalesce(re.disposition, 'excepted')
    end
    or (di.document_ref is not null) <> (dc.document_ref is not null)
    or (dc.document_ref is not null and di.reason is distinct from dc.state)
    or case
        when di.reason in ('to_be_planned', 'planned')
            then op.period is null and (di.posting_period is null or ul.system is null)
        when dc.document_ref is null then di.posting_period is not null
        else di.posting_period is distinct from dc.period
    end
    or (starts_with(di.reason, 'break_') <> (di.break_id is not null))
    or (
        dc.document_ref is null
        and re.reason is null
        and di.reason is distinct from 'break_' || lower(ob.rule)
    );
