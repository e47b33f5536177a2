-- Fills reconciliation.capped_entries: priced work on projects with a cap.
insert into reconciliation.capped_entries by name
with capped as (
    select project_id
    from billing.projects
    where cap_minor is not null
),

-- materialized, here and below: few, and all other lines need not be looked at in their documents
entries as materialized (
    select
        en.project_id,
        en.entry_id
    from billing.entries as en
    semi join capped as ca on en.project_id = ca.project_id
),

lines as materialized (
    select
        pl.object_id,
        pl.document_ref,
        pl.amount_minor
    from ops.posting_lines as pl
    semi join entries as en on pl.object_id = en.entry_id
    where pl.object_kind = 'time_entry'
),

documented as (
    select
        li.object_id as entry_id,
        sum(li.amount_minor)::bigint as amount_minor
    from lines as li
    inner join ops.documents as dc on li.document_ref = dc.document_ref
    where dc.state not in ('planned', 'superseded', 'refused')
    group by li.object_id
)

select
    en.project_id,
    en.entry_id,
    ra.amount_minor,
    dm.amount_minor as documented_minor
from entries as en
inner join billing.rated_entries as ra on en.entry_id = ra.entry_id
left join documented as dm on en.entry_id = dm.entry_id
where ra.problem is null;
