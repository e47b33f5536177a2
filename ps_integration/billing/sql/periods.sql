-- Posting periods by ERP company: the period itself when open, else what the policy may shift to.
create or replace temp table posting_periods as
-- An ERP that imports files and lists no periods has every month open since billing began.
with unlisted as (
    select
        ro.system,
        coalesce(ro.company, '') as company,
        strftime(
            unnest(generate_series(min(gl.bill_from), any_value(ru.as_of_date), interval 1 month)),
            '%Y-%m'
        ) as period
    from config.routing as ro
    cross join config.run as ru
    inner join config.systems as sy on ro.system = sy.system
    inner join config.going_live as gl on ro.legal_entity = gl.legal_entity
    where ro.role = 'erp' and not list_contains(string_split(sy.feeds, ','), 'accounting_periods')
    group by ro.system, ro.company
),

known as (
    select
        system,
        company,
        period,
        'open' as state,
        true as is_open
    from unlisted
    union all
    select
        system,
        coalesce(company, '') as company,
        period,
        max(state) as state,
        bool_and(state = 'open') as is_open
    from canonical.accounting_periods
    group by all
)

select
    kn.system,
    kn.company,
    kn.period,
    case when kn.is_open then 'open' when kn.state = 'open' then 'closed' else kn.state end
        as state,
    min(nx.period) filter (where nx.period > kn.period) as next_open,
    max(nx.period) filter (where nx.period < kn.period) as previous_open
from known as kn
left join known as nx on kn.system = nx.system and kn.company = nx.company and nx.is_open
group by all;

-- One open blocking break per thing that it holds.
create or replace temp table holds as
select
    blocked_kind,
    blocked_id,
    min(break_id) as break_id,
    min_by(rule, break_id) as rule
from ops.open_breaks
where state = 'open' and blocked_id is not null
group by all;
