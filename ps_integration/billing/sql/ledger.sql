-- Fills billing.ledger_equation. Confirmed and in flight come from the lines, the target from the
-- own count of approved time, owed from billing.corrections_owed, and the ERP's side from its own
-- posted documents (else from what was read back). `unexplained` counts what fits nowhere: lines
-- without a document, documents that are not the sum of their lines, ERP documents under our
-- reference that we did not post, and entries that do not come to their target.
create or replace temp table ledger_lines as
select
    pl.object_kind,
    pl.object_id,
    pl.legal_entity,
    pl.currency,
    pl.period,
    pl.amount_minor,
    pl.document_ref,
    doc.state,
    doc.state is null as is_orphan
from ops.posting_lines as pl
left join ops.documents as doc on pl.document_ref = doc.document_ref;

create or replace temp table own_targets as
with line_sums as (
    select
        object_id,
        sum(amount_minor) as billed_minor
    from ledger_lines
    where state not in ('planned', 'refused', 'superseded')
    group by object_id
)

select
    'time_entry' as object_kind,
    oa.entry_id as object_id,
    coalesce(oa.legal_entity, 'unassigned') as legal_entity,
    coalesce(oa.currency, 'unassigned') as currency,
    coalesce(oa.period, 'unassigned') as period,
    coalesce(oa.billed_target_minor, ls.billed_minor) as target_minor
from own_amounts as oa
inner join line_sums as ls on oa.entry_id = ls.object_id
where oa.has_lines
union all
select
    ll.object_kind,
    ll.object_id,
    ll.legal_entity,
    ll.currency,
    ll.period,
    sum(ll.amount_minor) as target_minor
from ledger_lines as ll
where
    ll.object_kind = 'time_entry'
    and ll.state not in ('planned', 'refused', 'superseded')
    and ll.object_id in (
        select cv.entry_id
        from canonical.current_versions as cv
        inner join quarantine.records as qu
            on cv.system = qu.system and cv.stream = qu.stream and cv.record_id = qu.record_id
    )
group by all
union all
select
    'milestone' as object_kind,
    mi.system || ':' || mi.external_id as object_id,
    coalesce(min(pr.legal_entity), 'unassigned') as legal_entity,
    coalesce(mi.currency, 'unassigned') as currency,
    strftime(mi.reached_on, '%Y-%m') as period,
    coalesce(mi.amount_minor, ls.billed_minor) as target_minor
from canonical.milestones as mi
inner join line_sums as ls on mi.system || ':' || mi.external_id = ls.object_id
left join canonical.crosswalk as xw
    on
        mi.system = xw.system
        and mi.project_external_id = xw.external_id
        and xw.object_kind = 'project'
        and mi.reached_on >= xw.valid_from
        and mi.reached_on < xw.valid_to
left join billing.projects as pr on xw.canonical_id = pr.project_id
where mi.is_reached
group by all;

create or replace temp table ledger_documents as
with in_erp as (
    select
        system,
        reference,
        sum(if(kind = 'credit_memo', -abs(amount_minor), amount_minor)) as erp_minor
    from canonical.erp_documents
    where is_posted
    group by all
),

line_sums as (
    select
        document_ref,
        sum(amount_minor) as line_minor,
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
            er.erp_minor,
            if(doc.kind = 'credit_memo', -abs(doc.readback_minor), doc.readback_minor),
            0
        ) - coalesce(ls.line_minor, 0),
        0
    ) as erp_difference_minor,
    if(
        doc.state not in ('refused', 'superseded')
        and (
            doc.amount_minor is distinct from coalesce(ls.line_minor, 0)
            or count(*) over (partition by doc.document_ref) > 1
        ),
        1,
        0
    ) as unexplained
from ops.documents as doc
left join line_sums as ls on doc.document_ref = ls.document_ref
left join in_erp as er on doc.system = er.system and doc.document_ref = er.reference
union all
select
    ed.reference as document_ref,
    coalesce(min(ro.legal_entity), 'unassigned') as legal_entity,
    coalesce(ed.currency, 'unassigned') as currency,
    coalesce(strftime(ed.posting_date, '%Y-%m'), 'unassigned') as period,
    'not_ours' as state,
    if(ed.kind = 'credit_memo', -abs(ed.amount_minor), ed.amount_minor) as erp_difference_minor,
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
    ed.is_posted
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

delete from billing.ledger_equation;

insert into billing.ledger_equation by name
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
),

by_entry as (
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
        if(is_orphan, 1, 0) as unexplained
    from ledger_lines
    where
        is_orphan
        or (
            object_kind not in ('time_entry', 'milestone')
            and state not in ('planned', 'refused', 'superseded')
        )
)

select
    legal_entity,
    currency,
    period,
    cast(sum(confirmed_minor) as bigint) as confirmed_minor,
    cast(sum(in_flight_minor) as bigint) as in_flight_minor,
    cast(sum(target_minor) as bigint) as target_minor,
    cast(sum(owed_minor) as bigint) as owed_minor,
    cast((sum(confirmed_minor) + sum(erp_difference_minor)) as bigint) as erp_minor,
    cast(sum(unexplained) as bigint) as unexplained,
    sum(unexplained) = 0
    and sum(erp_difference_minor) = 0
    and sum(confirmed_minor) + sum(in_flight_minor) + sum(owed_minor) = sum(target_minor)
        as holds
from by_entry
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
