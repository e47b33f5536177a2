-- Tonight's figures with the nights before, oldest first, of everything a figure can be of.
with tonight as (
    select se.*
    from metrics.series as se
    inner join config.run as ru on se.run_id = ru.run_id
),

nights as (
    select distinct
        se.run_id,
        se.as_of
    from metrics.series as se
    inner join config.run as ru on se.as_of <= ru.as_of
    order by se.as_of desc, se.run_id desc
    limit 30
)

select
    tn.metric,
    tn.statistic,
    tn.unit,
    tn.labels,
    tn.value,
    tn.sample,
    list(se.value order by ni.as_of, ni.run_id) as trend
from tonight as tn
inner join metrics.series as se
    on tn.metric = se.metric and tn.statistic = se.statistic and tn.labels = se.labels
inner join nights as ni on se.run_id = ni.run_id
group by all
order by tn.metric, tn.labels, tn.statistic
