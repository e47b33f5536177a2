-- Fills billing.ledger_equation. Confirmed and in flight come from the lines, the target from the
-- own count of approved time, owed from billing.corrections_owed, and the ERP's side from its own
-- posted documents (else from what was read back). What the ERP has cancelled is on neither side,
-- once our own record of it (ops.erp_reversals) says so. Where somebody changed the total of a
-- document in the ERP, a break that holds its customer names it, and the rest ties without it.
-- What an object should come to is not known while it waits in quarantine, is a milestone that is
-- absent without evidence that it was deleted, has no price or cannot be placed, or is in no record
-- that was received (the stores were restored or lost): it then should be as billed.
-- `unexplained` counts what fits nowhere: lines without a document, documents that are not the sum
-- of their lines, ERP documents under our reference that we did not post, reversals that are not
-- the whole of their document, and entries that do not come to their target.
create or replace temp table ledger_lines as
select
    pl.object_kind,
    pl.object_id,
    pl.legal_entity,
    pl.currency,
    pl.period,
    if(rv.document_ref is null, pl.amount_minor, 0) as amount_minor,
    pl.amount_minor as line_minor,
    pl.document_ref,
    doc.state,
    doc.state is null as is_orphan
from ops.posting_lines as pl
left join ops.documents as doc on pl.document_ref = doc.document_ref
left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref;

create or replace temp table own_targets as
with billed as (
    select
        object_kind,
        object_id
    from own_cells
    group by all
    having
        bool_or(
            seconds <> 0
            or amount_minor <> 0
            or waiting > 0
            or (first_lines > 0 and corrections = 0)
        )
),

due as (
    select
        'time_entry' as object_kind,
        oa.entry_id as object_id,
        oa.legal_entity,
        oa.currency,
        oa.period,
        oa.billed_target_minor as target_minor
    from own_amounts as oa
    where oa.has_lines
    union all
    select
        'milestone' as object_kind,
        bi.object_id,
        coalesce(min(ap.legal_entity), min(pr.legal_entity)) as legal_entity,
        mi.currency,
        strftime(mi.reached_on, '%Y-%m') as period,
        mi.amount_minor as target_minor
    from canonical.milestones as mi
    inner join billed as bi
        on mi.system || ':' || mi.external_id = bi.object_id and bi.object_kind = 'milestone'
    left join canonical.crosswalk as xw
        on
            mi.system = xw.system
            and mi.project_external_id = xw.external_id
            and xw.object_kind = 'project'
            and mi.reached_on >= xw.valid_from
            and mi.reached_on < xw.valid_to
    left join billing.projects as pr on xw.canonical_id = pr.project_id
    left join billing.as_posted as ap
        on
            bi.object_id = ap.object_id
            and ap.object_kind = 'milestone'
            and bi.object_id not in (
                select pc.object_id
                from billing.posted_changes as pc
                where pc.object_kind = 'milestone' and pc.state = 'released'
            )
    where mi.is_reached
    group by bi.object_id, mi.currency, mi.reached_on, mi.amount_minor
),

unknown as (
    select
        oc.object_kind,
        oc.object_id
    from own_cells as oc
    anti join canonical.entry_versions as ev on oc.object_id = ev.entry_id
    where oc.object_kind = 'time_entry'
    union
    select
        object_kind,
        object_id
    from due
    where
        target_minor is null
        or (
            target_minor <> 0
            and (legal_entity is null or currency is null or period is null)
        )
    union
    select
        'time_entry' as object_kind,
        cv.entry_id as object_id
    from canonical.current_versions as cv
    inner join quarantine.records as qu
        on cv.system = qu.system and cv.stream = qu.stream and cv.record_id = qu.record_id
    union
    select
        bi.object_kind,
        bi.object_id
    from billed as bi
    left join canonical.milestones as mi on bi.object_id = mi.system || ':' || mi.external_id
    left join canonical.gone_milestones as gm on bi.object_id = gm.object_id
    where bi.object_kind = 'milestone' and mi.external_id is null and gm.object_id is null
)

select
    object_kind,
    object_id,
    coalesce(legal_entity, 'unassigned') as legal_entity,
    coalesce(currency, 'unassigned') as currency,
    coalesce(period, 'unassigned') as period,
    target_minor
from due
where (object_kind, object_id) not in (select (un.object_kind, un.object_id) from unknown as un)
union all
select
    oc.object_kind,
    oc.object_id,
    oc.legal_entity,
    oc.currency,
    oc.period,
    oc.amount_minor as target_minor
from own_cells as oc
inner join unknown as un on oc.object_kind = un.object_kind and oc.object_id = un.object_id;

create or replace temp table ledger_documents as
with told as (
    select
        ed.system,
        ed.external_id,
        ed.reference,
        case
            when not ed.is_standing then 0
            when ed.kind = 'credit_memo' then -abs(ed.amount_minor)
            else ed.amount_minor
        end as erp_minor
    from canonical.erp_documents as ed
    where ed.is_posted
),

-- What we posted is known by the ERP's own id. Another document under its reference is not it:
-- TM05 names that one and holds its customer. Only where ours is not listed the reference counts.
ours_in_erp as (
    select
        dc.document_ref,
        sum(te.erp_minor) as erp_minor
    from ops.documents as dc
    inner join told as te on dc.system = te.system and dc.erp_id = te.external_id
    group by dc.document_ref
),

in_erp as (
    select
        system,
        reference,
        sum(erp_minor) as erp_minor
    from told
    where reference is not null
    group by system, reference
),

named as (
    select distinct dc.document_ref
    from reconciliation.found as fo
    inner join ops.documents as dc
        on fo.record_key = dc.document_ref and fo.blocked_id = dc.customer_key
    where fo.blocked_kind = 'customer'
),

line_sums as (
    select
        document_ref,
        sum(line_minor) as line_minor,
        sum(amount_minor) as net_minor,
        min(period) as period
    from ledger_lines
    group by document_ref
)

select
    doc.document_ref,
    doc.legal_entity,
    doc.currency,
    coalesce(ls.period, doc.period) as period,
    doc.state,
    if(
        doc.state = 'posted',
        coalesce(
            ow.erp_minor,
            er.erp_minor,
            case
                when rv.document_ref is not null then 0
                when doc.kind = 'credit_memo' then -abs(doc.readback_minor)
                else doc.readback_minor
            end,
            0
        ) - coalesce(ls.net_minor, 0),
        0
    ) as erp_difference_minor,
    na.document_ref is not null as is_named,
    if(
        (
            doc.state not in ('refused', 'superseded')
            and (
                doc.amount_minor is distinct from coalesce(ls.line_minor, 0)
                or count(*) over (partition by doc.document_ref) > 1
            )
        )
        or (
            rv.document_ref is not null
            and (doc.state <> 'posted' or doc.amount_minor is distinct from rv.amount_minor)
        ),
        1,
        0
    ) as unexplained
from ops.documents as doc
left join line_sums as ls on doc.document_ref = ls.document_ref
left join ops.erp_reversals as rv on doc.document_ref = rv.document_ref
left join ours_in_erp as ow on doc.document_ref = ow.document_ref
left join in_erp as er on doc.system = er.system and doc.document_ref = er.reference
left join named as na on doc.document_ref = na.document_ref
union all
select
    ed.reference as document_ref,
    coalesce(min(ro.legal_entity), 'unassigned') as legal_entity,
    coalesce(ed.currency, 'unassigned') as currency,
    coalesce(strftime(ed.posting_date, '%Y-%m'), 'unassigned') as period,
    'not_ours' as state,
    if(ed.kind = 'credit_memo', -abs(ed.amount_minor), ed.amount_minor) as erp_difference_minor,
    false as is_named,
    1 as unexplained
from canonical.erp_documents as ed
left join config.routing as ro
    on
        ro.role = 'erp'
        and ed.system = ro.system
        and coalesce(ed.company, '') = coalesce(ro.company, '')
        and ed.posting_date >= ro.valid_from
        and ed.posting_date < ro.valid_to
where
    ed.is_standing
    and starts_with(ed.reference, 'PS-')
    and not exists (
        select 1
        from ops.documents as doc
        where
            doc.system = ed.system
            and doc.document_ref = ed.reference
            and doc.state not in ('planned', 'approved', 'refused', 'superseded')
    )
group by all;

-- One row per entry, document and other object, and group.
create or replace temp table ledger_objects as
with entry_sides as (
    select
        object_id,
        legal_entity,
        currency,
        period,
        if(state = 'posted', amount_minor, 0) as confirmed_minor,
        if(state <> 'posted', amount_minor, 0) as in_flight_minor,
        0 as target_minor,
        0 as owed_minor
    from ledger_lines
    where
        object_kind in ('time_entry', 'milestone')
        and state not in ('planned', 'refused', 'superseded')
    union all
    select
        object_id,
        legal_entity,
        currency,
        period,
        0 as confirmed_minor,
        0 as in_flight_minor,
        target_minor,
        0 as owed_minor
    from own_targets
    union all
    select
        entry_id as object_id,
        legal_entity,
        currency,
        period,
        0 as confirmed_minor,
        0 as in_flight_minor,
        0 as target_minor,
        owed_minor
    from billing.corrections_owed
)

select
    object_id,
    legal_entity,
    currency,
    period,
    sum(confirmed_minor) as confirmed_minor,
    sum(in_flight_minor) as in_flight_minor,
    sum(target_minor) as target_minor,
    sum(owed_minor) as owed_minor,
    0 as erp_difference_minor,
    0 as named_minor,
    if(
        sum(confirmed_minor) + sum(in_flight_minor) + sum(owed_minor) <> sum(target_minor), 1, 0
    ) as unexplained
from entry_sides
group by all
union all
select
    document_ref as object_id,
    legal_entity,
    currency,
    period,
    0 as confirmed_minor,
    0 as in_flight_minor,
    0 as target_minor,
    0 as owed_minor,
    erp_difference_minor,
    if(is_named, erp_difference_minor, 0) as named_minor,
    unexplained
from ledger_documents
union all
select
    object_id,
    legal_entity,
    currency,
    period,
    if(state = 'posted', amount_minor, 0) as confirmed_minor,
    if(state is not null and state <> 'posted', amount_minor, 0) as in_flight_minor,
    if(state is not null, amount_minor, 0) as target_minor,
    0 as owed_minor,
    0 as erp_difference_minor,
    0 as named_minor,
    if(is_orphan, 1, 0) as unexplained
from ledger_lines
where
    is_orphan
    or (
        object_kind not in ('time_entry', 'milestone')
        and state not in ('planned', 'refused', 'superseded')
    );

delete from billing.ledger_equation;

insert into billing.ledger_equation by name
select
    legal_entity,
    currency,
    period,
    cast(sum(confirmed_minor) as bigint) as confirmed_minor,
    cast(sum(in_flight_minor) as bigint) as in_flight_minor,
    cast(sum(target_minor) as bigint) as target_minor,
    cast(sum(owed_minor) as bigint) as owed_minor,
    cast((sum(confirmed_minor) + sum(erp_difference_minor)) as bigint) as erp_minor,
    cast(sum(named_minor) as bigint) as named_minor,
    cast(sum(unexplained) as bigint) as unexplained,
    sum(unexplained) = 0
    and sum(erp_difference_minor) = sum(named_minor)
    and sum(confirmed_minor) + sum(in_flight_minor) + sum(owed_minor) = sum(target_minor)
        as holds
from ledger_objects
group by all
having
    sum(unexplained) > 0
    or bool_or(
        confirmed_minor <> 0
        or in_flight_minor <> 0
        or target_minor <> 0
        or owed_minor <> 0
        or erp_difference_minor <> 0
    );
