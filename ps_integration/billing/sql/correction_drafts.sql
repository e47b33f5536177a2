-- The lines that would make the documents say what is due. A reversal takes back one line exactly,
-- as it was posted and under the header it was posted with; a rebill bills what is due today; a
-- delta adds the difference, as hours times price where that comes to it to the cent.
create or replace temp table correction_units as
select
    object_kind,
    object_id,
    part
from correction_cells
group by all
having bool_or(owed_minor <> 0);

-- Lines that still count: not taken back, and not the taking back of a line that still counts.
create or replace temp table lines_in_force as
with live as (
    select
        ll.*,
        cu.part as unit_part
    from live_lines as ll
    inner join correction_parts as cp
        on
            ll.object_kind = cp.object_kind
            and ll.object_id = cp.object_id
            and ll.part = cp.line_part
    inner join correction_units as cu
        on cp.object_kind = cu.object_kind and cp.object_id = cu.object_id and cp.part = cu.part
    where not ll.is_voided
)

select
    li.*,
    cc.owed_minor <> 0 as is_wrong_here
from live as li
inner join correction_cells as cc
    on
        li.object_kind = cc.object_kind
        and li.object_id = cc.object_id
        and li.unit_part = cc.part
        and li.project_id is not distinct from cc.project_id
        and li.legal_entity = cc.legal_entity
        and li.currency = cc.currency
        and li.period = cc.period
        and li.customer_key is not distinct from cc.customer_key
inner join live_cells as lc
    on
        li.object_kind = lc.object_kind
        and li.object_id = lc.object_id
        and li.part = lc.part
        and li.project_id is not distinct from lc.project_id
        and li.legal_entity = lc.legal_entity
        and li.currency = lc.currency
        and li.period = lc.period
anti join live as ta on ta.correction = 'reversal' and li.line_key = ta.corrects_line_key
left join live as ba on li.correction = 'reversal' and li.corrects_line_key = ba.line_key
where lc.stands and ba.line_key is null;

create or replace temp table correction_policies as
select
    cc.object_kind,
    cc.object_id,
    case
        when bool_or(le.corrections_policy = 'ask') then 'ask'
        when bool_or(le.corrections_policy = 'delta') and bool_and(le.corrections_policy = 'delta')
            then 'delta'
        else 'reverse_and_rebill'
    end as policy,
    bool_or(coalesce(le.voided_policy, 'hold') <> 'rebill') as holds_voided
from correction_cells as cc
left join config.legal_entities as le on cc.legal_entity = le.legal_entity
semi join correction_units as cu
    on cc.object_kind = cu.object_kind and cc.object_id = cu.object_id
group by cc.object_kind, cc.object_id;

create or replace temp table correction_drafts as
with newest as (
    select
        object_kind,
        object_id,
        unit_part,
        max_by(document_ref, (correction_no, document_ref)) as document_ref,
        max_by(line_key, (correction_no, document_ref)) as line_key,
        max_by(coalesce(erp_number, document_ref) || '/' || line_no, (correction_no, document_ref))
            as origin
    from lines_in_force
    group by all
),

newest_here as (
    select
        object_kind,
        object_id,
        unit_part,
        project_id,
        legal_entity,
        currency,
        period,
        customer_key,
        max_by(document_ref, (correction_no, document_ref)) as document_ref,
        max_by(line_key, (correction_no, document_ref)) as line_key,
        max_by(coalesce(erp_number, document_ref) || '/' || line_no, (correction_no, document_ref))
            as origin,
        max_by(system, (correction_no, document_ref)) as system,
        max_by(company, (correction_no, document_ref)) as company,
        max_by(content, (correction_no, document_ref)) as content,
        max_by(work_date, (correction_no, document_ref)) as work_date,
        max_by(part, (correction_no, document_ref)) as part,
        if(count(*) = 1, min(quantity), null) as only_quantity,
        if(count(*) = 1, min(unit_price), null) as only_price
    from lines_in_force
    group by all
),

deltas as (
    select
        cc.* exclude (customer_key),
        nh.line_key is not null as has_line_here,
        coalesce(nh.part, cc.part) as line_part,
        coalesce(nh.document_ref, nw.document_ref) as corrects_document_ref,
        coalesce(nh.line_key, nw.line_key) as corrects_line_key,
        coalesce(nh.origin, nw.origin) as origin,
        coalesce(nh.system, ta.system) as system,
        coalesce(nh.company, ta.company) as company,
        coalesce(nh.customer_key, ta.customer_key) as customer_key,
        nh.content,
        coalesce(ta.work_date, nh.work_date) as work_date,
        cc.target_seconds - cc.billed_seconds as missing_seconds,
        least(coalesce(sy.quantity_decimals, 5), 5) as decimals,
        hours_at(missing_seconds, cast(power(10, decimals) as bigint)) as hours,
        coalesce(ta.hour_price, nh.only_price) as price,
        cu.factor,
        coalesce(
            hours <> 0 and minor_of(hours, price, cu.factor, le.rounding) = cc.owed_minor, false
        ) as is_hours
    from correction_cells as cc
    inner join correction_policies as po
        on cc.object_kind = po.object_kind and cc.object_id = po.object_id and po.policy = 'delta'
    left join newest_here as nh
        on
            cc.object_kind = nh.object_kind
            and cc.object_id = nh.object_id
            and cc.part = nh.unit_part
            and cc.project_id is not distinct from nh.project_id
            and cc.legal_entity = nh.legal_entity
            and cc.currency = nh.currency
            and cc.period = nh.period
            and cc.customer_key is not distinct from nh.customer_key
    left join newest as nw
        on
            cc.object_kind = nw.object_kind
            and cc.object_id = nw.object_id
            and cc.part = nw.unit_part
    left join correction_targets as ta
        on
            cc.object_kind = ta.object_kind
            and cc.object_id = ta.object_id
            and cc.part = ta.part
            and cc.is_due_here
    left join config.currencies as cu on cc.currency = cu.currency
    left join config.legal_entities as le on cc.legal_entity = le.legal_entity
    left join config.systems as sy on coalesce(nh.system, ta.system) = sy.system
    where cc.owed_minor <> 0
)

select
    li.object_kind,
    li.object_id,
    li.part,
    'reversal' as correction,
    li.document_ref as corrects_document_ref,
    li.line_key as corrects_line_key,
    coalesce(li.erp_number, li.document_ref) || '/' || li.line_no as origin,
    li.project_id,
    li.legal_entity,
    li.currency,
    li.period,
    li.work_date,
    -li.seconds as seconds,
    -li.quantity as quantity,
    li.unit_price,
    -li.amount_minor as amount_minor,
    li.system,
    li.company,
    li.customer_key,
    li.content
from lines_in_force as li
inner join correction_policies as po
    on
        li.object_kind = po.object_kind
        and li.object_id = po.object_id
        and po.policy <> 'delta'
where li.is_wrong_here
union all by name
select
    ta.object_kind,
    ta.object_id,
    ta.part,
    'rebill' as correction,
    nw.document_ref as corrects_document_ref,
    nw.line_key as corrects_line_key,
    nw.origin,
    ta.project_id,
    ta.legal_entity,
    ta.currency,
    ta.period,
    ta.work_date,
    ta.seconds,
    ta.quantity,
    ta.unit_price,
    ta.amount_minor,
    ta.system,
    ta.company,
    ta.customer_key,
    cast(null as varchar) as content
from correction_targets as ta
inner join correction_cells as cu
    on
        ta.object_kind = cu.object_kind
        and ta.object_id = cu.object_id
        and ta.part = cu.part
        and cu.is_due_here
        and cu.owed_minor <> 0
inner join correction_policies as po
    on
        ta.object_kind = po.object_kind
        and ta.object_id = po.object_id
        and po.policy <> 'delta'
left join newest as nw
    on
        ta.object_kind = nw.object_kind
        and ta.object_id = nw.object_id
        and ta.part = nw.unit_part
where ta.amount_minor <> 0
union all by name
select
    de.object_kind,
    de.object_id,
    de.line_part as part,
    'delta' as correction,
    de.corrects_document_ref,
    de.corrects_line_key,
    de.origin,
    de.project_id,
    de.legal_entity,
    de.currency,
    de.period,
    de.work_date,
    de.missing_seconds as seconds,
    if(de.is_hours, de.hours, sign(de.owed_minor)) as quantity,
    if(de.is_hours, de.price, major_of(abs(de.owed_minor), de.factor)) as unit_price,
    de.owed_minor as amount_minor,
    de.system,
    de.company,
    de.customer_key,
    de.content
from deltas as de;
