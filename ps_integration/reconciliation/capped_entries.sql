-- Fills reconciliation.capped_entries: priced work on projects with a cap, beside what documents
-- hold of it in the cap's currency.
insert into reconciliation.capped_entries by name
with capped as (
    select
        project_id,
        currency
    from billing.projects
    where cap_minor is not null or other_cap_minor is not null
),

-- materialized: few, and all other prices need not be looked at
entries as materialized (
    select
        en.project_id,
        en.currency,
        en.entry_id
    from billing.entries as en
    semi join capped as ca on en.project_id = ca.project_id and en.currency = ca.currency
)

select
    en.project_id,
    en.entry_id,
    ra.amount_minor,
    ch.held_minor as documented_minor
from entries as en
inner join billing.rated_entries as ra on en.entry_id = ra.entry_id
left join billing.cap_holdings as ch
    on en.project_id = ch.project_id and en.currency = ch.currency and en.entry_id = ch.entry_id
where ra.problem is null;
