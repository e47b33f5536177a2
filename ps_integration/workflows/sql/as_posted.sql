-- What posted work was billed under. Where the master data of today says otherwise the entry stays
-- as it was posted, and billing.entries_today has it as today's data would; what people changed in
-- the entry itself (its project, person or task) follows today's data.
delete from billing.as_posted;
insert into billing.as_posted by name
with lines as (
    select
        pl.object_kind,
        pl.object_id,
        pl.part,
        pl.correction_no,
        pl.correction,
        pl.version_sha256,
        pl.project_id,
        pl.legal_entity,
        pl.currency,
        pl.period,
        pl.seconds,
        pl.amount_minor,
        pl.unit_price,
        dc.document_ref,
        dc.customer_key,
        dc.system,
        dc.company
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    where
        dc.state in ('sending', 'draft', 'unknown', 'held', 'dead', 'posted')
        and rv.document_ref is null
),

cells as (
    select
        object_kind,
        object_id,
        part,
        project_id,
        legal_entity,
        currency,
        period,
        sum(seconds) as seconds,
        sum(amount_minor) as amount_minor
    from lines
    group by all
    having sum(seconds) <> 0 or sum(amount_minor) <> 0 or count(correction) = 0
),

billed as (
    select
        object_kind,
        object_id,
        cast(sum(seconds) as bigint) as billed_seconds,
        cast(sum(amount_minor) as bigint) as billed_minor
    from cells
    group by all
),

newest as (
    select li.*
    from lines as li
    semi join cells as ce
        on
            li.object_kind = ce.object_kind
            and li.object_id = ce.object_id
            and li.part = ce.part
            and li.project_id = ce.project_id
            and li.legal_entity = ce.legal_entity
            and li.currency = ce.currency
            and li.period = ce.period
    where
        coalesce(li.correction, 'rebill') = 'rebill'
        or (li.correction = 'delta' and (li.amount_minor > 0 or li.seconds > 0))
    qualify row_number() over (
        partition by li.object_kind, li.object_id
        order by li.correction_no desc, li.part desc, li.document_ref desc
    ) = 1
)

select
    ne.object_kind,
    ne.object_id,
    ne.document_ref,
    ne.part,
    ne.version_sha256,
    ne.project_id,
    ne.legal_entity,
    ne.currency,
    ne.period,
    ne.customer_key,
    ne.system,
    ne.company,
    ne.unit_price,
    bi.billed_seconds,
    bi.billed_minor,
    false as is_held,
    false as is_role_held
from newest as ne
inner join billed as bi on ne.object_kind = bi.object_kind and ne.object_id = bi.object_id;

create or replace temp table held_entries as
with billed as (
    select
        ap.* exclude (is_same_project, is_same_person, is_same_task),
        en.project_id as project_now,
        en.legal_entity as entity_now,
        en.currency as currency_now,
        en.customer_key as customer_now,
        en.is_primary as is_primary_now,
        en.billing_type as type_now,
        en.project_is_billable as project_flag_now,
        en.task_is_billable as task_flag_now,
        en.erp_system as erp_now,
        en.erp_company as company_now,
        (
            ev.entry_id is null
            or ev.project_external_id is not distinct from en.project_external_id
        ) as is_same_project,
        (
            ev.entry_id is null
            or ev.resource_external_id is not distinct from en.resource_external_id
        ) as is_same_person,
        (
            ev.entry_id is null
            or ev.task_external_id is not distinct from en.task_external_id
        ) as is_same_task
    from billing.as_posted as ap
    inner join billing.entries as en on ap.object_id = en.entry_id
    left join canonical.entry_versions as ev
        on ap.object_id = ev.entry_id and ap.version_sha256 = ev.version_sha256
    where
        ap.object_kind = 'time_entry'
        and (
            not en.is_primary
            or ap.project_id is distinct from en.project_id
            or ap.legal_entity is distinct from en.legal_entity
            or ap.currency is distinct from en.currency
            or ap.customer_key is distinct from en.customer_key
            or coalesce(en.billing_type, 'time_and_materials') <> 'time_and_materials'
            or not coalesce(en.project_is_billable, true)
            or not coalesce(en.task_is_billable, true)
        )
    qualify row_number() over (partition by ap.object_id order by ev.version_no desc) = 1
)

select
    object_id as entry_id,
    is_same_project,
    is_same_person,
    is_same_task,
    is_primary_now or is_same_person as is_primary,
    if(is_same_project, project_id, project_now) as project_id,
    if(is_same_project, legal_entity, entity_now) as legal_entity,
    if(is_same_project, currency, currency_now) as currency,
    if(is_same_project, customer_key, customer_now) as customer_key,
    if(
        is_same_project and coalesce(type_now, 'time_and_materials') <> 'time_and_materials',
        'time_and_materials', type_now
    ) as billing_type,
    if(is_same_project and not project_flag_now, true, project_flag_now) as project_is_billable,
    if(is_same_project and is_same_task and not task_flag_now, true, task_flag_now)
        as task_is_billable,
    if(is_same_project, system, erp_now) as erp_system,
    if(is_same_project, company, company_now) as erp_company
from billed;

delete from billing.entries_today;
insert into billing.entries_today by name
select en.*
from billing.entries as en
inner join held_entries as he on en.entry_id = he.entry_id
where
    row(
        en.is_primary, en.project_id, en.legal_entity, en.currency, en.customer_key,
        en.billing_type, en.project_is_billable, en.task_is_billable
    ) is distinct from row(
        he.is_primary, he.project_id, he.legal_entity, he.currency, he.customer_key,
        he.billing_type, he.project_is_billable, he.task_is_billable
    );

update billing.entries as en
set
    is_primary = he.is_primary,
    project_id = he.project_id,
    legal_entity = he.legal_entity,
    currency = he.currency,
    customer_key = he.customer_key,
    billing_type = he.billing_type,
    project_is_billable = he.project_is_billable,
    task_is_billable = he.task_is_billable,
    erp_system = he.erp_system,
    erp_company = he.erp_company
from held_entries as he
where
    en.entry_id = he.entry_id
    and he.entry_id in (select td.entry_id from billing.entries_today as td);

update billing.as_posted as ap
set
    is_held = true,
    is_same_project = he.is_same_project,
    is_same_person = he.is_same_person,
    is_same_task = he.is_same_task
from held_entries as he
where
    ap.object_kind = 'time_entry'
    and ap.object_id = he.entry_id
    and he.entry_id in (select td.entry_id from billing.entries_today as td);

drop table held_entries;
