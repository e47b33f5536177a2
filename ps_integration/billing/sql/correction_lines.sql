-- Fills billing.correction_lines: the corrections that may be planned tonight, each line under its
-- number. A line that is planned already keeps its number while it says the same; any other takes
-- the next one that its part never had, so that no number ever stands for two contents.
create or replace temp table correction_ready as
select
    dd.*,
    cs.version_sha256,
    cs.reason,
    row_number() over (
        partition by dd.object_kind, dd.object_id, dd.part
        order by
            if(dd.correction = 'reversal', 0, 1), dd.corrects_line_key, dd.project_id,
            dd.legal_entity, dd.currency, dd.period
    ) as place
from dated_drafts as dd
inner join correction_states as cs
    on dd.object_kind = cs.object_kind and dd.object_id = cs.object_id
where cs.state = 'to_be_planned';

create or replace temp table correction_known as
select
    cr.object_kind,
    cr.object_id,
    cr.part,
    cr.place,
    max(pl.correction_no) as correction_no,
    max(pl.document_ref) as document_ref
from correction_ready as cr
inner join ops.posting_lines as pl
    on
        cr.object_kind = pl.object_kind
        and cr.object_id = pl.object_id
        and cr.part = pl.part
        and cr.correction = pl.correction
        and cr.corrects_line_key is not distinct from pl.corrects_line_key
        and cr.reason = pl.corrects_reason
        and cr.version_sha256 = pl.version_sha256
        and cr.project_id is not distinct from pl.project_id
        and cr.legal_entity = pl.legal_entity
        and cr.currency = pl.currency
        and cr.period = pl.period
        and cr.work_date = pl.work_date
        and cr.seconds = pl.seconds
        and cr.quantity = pl.quantity
        and cr.unit_price = pl.unit_price
        and cr.amount_minor = pl.amount_minor
inner join ops.documents as doc on pl.document_ref = doc.document_ref and doc.state = 'planned'
group by all;

delete from billing.correction_lines;

insert into billing.correction_lines by name
with used as (
    select
        pl.object_kind,
        pl.object_id,
        pl.part,
        max(pl.correction_no) as last_no
    from ops.posting_lines as pl
    semi join correction_ready as cr
        on pl.object_kind = cr.object_kind and pl.object_id = cr.object_id
    group by all
),

numbered as (
    select
        cr.*,
        kn.document_ref as planned_ref,
        coalesce(
            kn.correction_no,
            coalesce(us.last_no, 0) + count(*) filter (where kn.correction_no is null) over (
                partition by cr.object_kind, cr.object_id, cr.part
                order by cr.place
            )
        ) as correction_no
    from correction_ready as cr
    left join correction_known as kn
        on
            cr.object_kind = kn.object_kind
            and cr.object_id = kn.object_id
            and cr.part = kn.part
            and cr.place = kn.place
    left join used as us
        on cr.object_kind = us.object_kind and cr.object_id = us.object_id and cr.part = us.part
),

task_names as (
    select
        te.entry_id,
        coalesce(one_line(min(tn.name)), min(te.role), 'Time') as name
    from canonical.current_versions as te
    semi join correction_ready as cr on te.entry_id = cr.object_id
    left join canonical.tasks as tn
        on te.system = tn.system and te.task_external_id = tn.external_id
    group by te.entry_id
)

select
    nu.object_kind,
    nu.object_id,
    split_part(nu.object_id, ':', 1) as source_system,
    substr(nu.object_id, instr(nu.object_id, ':') + 1) as external_id,
    nu.part,
    nu.correction_no,
    nu.correction,
    nu.corrects_document_ref,
    nu.corrects_line_key,
    nu.reason as corrects_reason,
    nu.version_sha256,
    nu.project_id,
    nu.legal_entity,
    nu.currency,
    nu.period,
    nu.posting_period,
    nu.work_date,
    nu.seconds,
    nu.quantity,
    nu.unit_price,
    nu.amount_minor,
    nu.system,
    nu.company,
    nu.customer_key,
    nu.project_external_id,
    nu.purchase_order,
    nu.tax_code,
    nu.cost_centre,
    nu.revenue_account,
    nu.planned_ref,
    case nu.correction
        when 'reversal' then 'Takes back '
        when 'rebill' then 'Replaces '
        else 'Corrects '
    end
    || coalesce(nu.origin || ' ', '') || '(' || replace(nu.reason, '_', ' ') || '): '
    || case
        when nu.object_kind = 'milestone' then 'milestone'
        else
            coalesce(tn.name, 'Time') || ' ' || cast(hours_at(nu.seconds, 100) as decimal(18, 2))
            || ' h'
    end as what
from numbered as nu
left join task_names as tn on nu.object_id = tn.entry_id;
