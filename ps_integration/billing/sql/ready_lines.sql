-- Fills billing.ready_documents and billing.ready_lines: everything that goes into tonight's
-- documents. One document per batch, project and posting period.
create or replace temp table ready_rows as
with task_names as (
    select
        system,
        external_id,
        one_line(min(name)) as name
    from canonical.tasks
    group by all
),

projects as (
    select
        project_id,
        min(erp_external_id) as project_external_id,
        min(purchase_order) as purchase_order,
        min(tax_code) as tax_code,
        min(cost_centre) as cost_centre,
        min(revenue_account) as revenue_account
    from billing.projects
    group by project_id
),

-- What a cancelled document billed and is billed again now.
voided as (
    select
        pl.object_kind,
        pl.object_id,
        max_by(pl.document_ref, (pl.part, pl.correction_no)) as document_ref,
        max_by(pl.line_key, (pl.part, pl.correction_no)) as line_key,
        max_by(
            coalesce(rv.erp_number, pl.document_ref) || '/' || pl.line_no,
            (pl.part, pl.correction_no)
        ) as origin
    from ops.posting_lines as pl
    inner join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    group by all
),

first_lines as (
    select
        'time_entry' as object_kind,
        di.entry_id as object_id,
        en.external_id,
        en.system as source_system,
        di.part,
        di.version_sha256,
        di.project_id,
        di.legal_entity,
        di.currency,
        di.period,
        di.posting_period,
        di.work_date,
        di.seconds,
        -- a part cut at the cent may be what no hours times the price come to
        minor_of(di.quantity, di.unit_price, cu.factor, coalesce(le.rounding, 'half_up'))
        = di.amount_minor as is_hours,
        if(is_hours, di.quantity, 1) as quantity,
        if(is_hours, di.unit_price, major_of(di.amount_minor, cu.factor)) as unit_price,
        di.amount_minor,
        en.erp_system,
        en.erp_company,
        en.customer_key,
        coalesce(tn.name, en.role, 'Time') || ' '
        || cast(hours_at(di.seconds, 100) as decimal(18, 2)) || ' h' as what
    from billing.dispositions as di
    inner join billing.entries as en on di.entry_id = en.entry_id
    inner join config.currencies as cu on di.currency = cu.currency
    left join config.legal_entities as le on di.legal_entity = le.legal_entity
    left join task_names as tn
        on en.system = tn.system and en.task_external_id = tn.external_id
    where di.disposition = 'queued' and di.reason in ('to_be_planned', 'planned')
    union all
    select
        'milestone' as object_kind,
        mi.object_id,
        substr(mi.object_id, instr(mi.object_id, ':') + 1) as external_id,
        split_part(mi.object_id, ':', 1) as source_system,
        mi.part,
        canonical.milestone_sha(mi.amount_minor, mi.currency, mi.reached_on) as version_sha256,
        mi.project_id,
        mi.legal_entity,
        mi.currency,
        mi.period,
        mi.posting_period,
        mi.reached_on as work_date,
        0 as seconds,
        false as is_hours,
        -- an amount below zero is taken off: that many times less than none
        if(mi.amount_minor < 0, -1, 1) as quantity,
        major_of(abs(mi.amount_minor), cu.factor) as unit_price,
        mi.amount_minor,
        mi.erp_system,
        mi.erp_company,
        mi.customer_key,
        'Milestone ' || one_line(coalesce(mi.name, '')) as what
    from billing.milestones as mi
    inner join config.currencies as cu on mi.currency = cu.currency
    where mi.disposition = 'queued' and mi.reason in ('to_be_planned', 'planned')
)

select
    fl.object_kind,
    fl.object_id,
    fl.external_id,
    fl.source_system,
    fl.part,
    0 as correction_no,
    cast(null as varchar) as correction,
    vo.document_ref as corrects_document_ref,
    vo.line_key as corrects_line_key,
    if(vo.document_ref is null, null, 'voided_in_erp') as corrects_reason,
    fl.version_sha256,
    fl.project_id,
    fl.legal_entity,
    fl.currency,
    fl.period,
    fl.posting_period,
    fl.work_date,
    fl.seconds,
    fl.quantity,
    fl.unit_price,
    fl.amount_minor,
    fl.erp_system as system,
    fl.erp_company as company,
    fl.customer_key,
    pr.project_external_id,
    pr.purchase_order,
    pr.tax_code,
    pr.cost_centre,
    pr.revenue_account,
    if(vo.document_ref is null, '', 'Replaces ' || vo.origin || ' (voided in erp): ') || fl.what
        as what
from first_lines as fl
inner join projects as pr on fl.project_id = pr.project_id
left join voided as vo on fl.object_kind = vo.object_kind and fl.object_id = vo.object_id
union all by name
select * exclude (planned_ref)
from billing.correction_lines;

-- What bills, what corrects, and what only a person may credit never share a document or a batch: a
-- batch that waits for one of them keeps none of the others.
create or replace temp table ready as
with netted as (
    select
        *,
        sum(amount_minor) over (
            partition by
                system, company, legal_entity, posting_period, currency, project_id, customer_key,
                project_external_id, purchase_order, tax_code, cost_centre, revenue_account,
                correction is null
        ) as net_minor
    from ready_rows
)

select
    * exclude (net_minor),
    case
        -- milestones below zero that nothing else of the project makes up for
        when correction is null and net_minor + least(sign(amount_minor), 0) < 0 then 2
        when correction is null then 0
        when corrects_reason in (
            'deleted_after_posting', 'approval_withdrawn', 'no_longer_billable',
            'milestone_withdrawn'
        ) then 2
        else 1
    end as lot
from netted;

-- A re-bill waits until its reversal is in the ERP. A document that takes back what another one
-- bills again, and bills again what another one takes back, might wait for one that waits for it:
-- what it takes back goes into a document of its own, which waits for nothing.
create or replace temp table ordered as
with placed as (
    select
        re.*,
        dense_rank() over (
            order by
                re.system, re.company, re.legal_entity, re.posting_period, re.currency,
                re.project_id, re.customer_key, re.project_external_id, re.purchase_order,
                re.tax_code, re.cost_centre, re.revenue_account, re.lot
        ) as header_no
    from ready as re
),

spread as (
    select
        object_kind,
        object_id
    from placed
    where correction in ('reversal', 'rebill')
    group by all
    having
        count(distinct header_no) > 1
        and bool_or(correction = 'reversal')
        and bool_or(correction = 'rebill')
),

halves as (
    select
        pl.*,
        sp.object_id is not null and coalesce(pl.correction = 'reversal', false) as is_leaving,
        sp.object_id is not null and coalesce(pl.correction = 'rebill', false) as is_coming
    from placed as pl
    left join spread as sp on pl.object_kind = sp.object_kind and pl.object_id = sp.object_id
)

select
    * exclude (is_leaving, is_coming),
    is_leaving
    and bool_or(is_coming) over (partition by header_no) as goes_first
from halves;

-- Lines that come to nothing together would make a document of no amount: what takes back and what
-- bills then go into a document each.
create or replace temp table sided as
select
    * exclude (header_no, goes_first),
    case
        when goes_first then 'first'
        when sum(amount_minor) over same = 0 and max(abs(amount_minor)) over same > 0
            then if(amount_minor < 0, 'credit', 'invoice')
        else ''
    end as side
from ordered
window same as (partition by header_no, goes_first);

-- More lines than the ERP takes in one document become several, in order of day and key.
create or replace temp table sided as
select
    si.* replace (
        if(
            count(*) over whole <= sy.lines_max or sy.lines_max is null,
            si.side,
            si.side
            || lpad(cast((row_number() over in_order - 1) // sy.lines_max as varchar), 6, '0')
        ) as side
    )
from sided as si
left join config.systems as sy on si.system = sy.system
window
    whole as (
        partition by
            si.system, si.company, si.legal_entity, si.posting_period, si.currency, si.project_id,
            si.customer_key, si.project_external_id, si.purchase_order, si.tax_code,
            si.cost_centre, si.revenue_account, si.side, si.lot
    ),
    in_order as (
        partition by
            si.system, si.company, si.legal_entity, si.posting_period, si.currency, si.project_id,
            si.customer_key, si.project_external_id, si.purchase_order, si.tax_code,
            si.cost_centre, si.revenue_account, si.side, si.lot
        order by
            si.work_date, si.source_system, si.object_kind, si.external_id, si.part,
            si.correction_no
    );

delete from billing.ready_lines;

delete from billing.ready_documents;

insert into billing.ready_documents by name
with documents as (
    select
        system,
        company,
        legal_entity,
        posting_period as period,
        currency,
        project_id,
        customer_key,
        project_external_id,
        purchase_order,
        tax_code,
        cost_centre,
        revenue_account,
        side,
        lot,
        max(work_date) as last_work_date,
        count(*) as line_count
    from sided
    group by all
    -- a line of no amount goes out on an invoice that has others, or not at all
    having max(abs(amount_minor)) > 0
)

select
    dn.* exclude (revenue_account),
    dn.revenue_account as named_account,
    row_number() over (
        order by
            dn.system,
            dn.company,
            dn.legal_entity,
            dn.period,
            dn.currency,
            dn.lot,
            dn.project_id,
            dn.customer_key,
            dn.project_external_id,
            dn.purchase_order,
            dn.tax_code,
            dn.cost_centre,
            dn.revenue_account,
            dn.side
    ) as document_no,
    coalesce(dn.revenue_account, nullif($revenue_account, '')) as revenue_account
from documents as dn;
