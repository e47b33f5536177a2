-- rule: MD06
-- title: Probable duplicate customer or project
-- severity: medium
-- owner: finance
-- blocks: no
-- needs_period: no
-- cause: master_data_incomplete
-- remedy: Merge the two where they are kept, or map both to one in the crosswalk, or accept it.
-- tolerance_likeness: 90

-- each object stands against the one that it is most like of those before it
with partners as (
    select *
    from reconciliation.likenesses
    where kind in ('customer', 'project') and score >= $tolerance_likeness
    qualify row_number() over (partition by kind, right_key order by score desc, left_key asc) = 1
),

amounts as (
    select
        'project' as kind,
        project_id as object_key,
        sum(amount_minor) as amount_minor,
        min(currency) as currency
    from reconciliation.unposted_entries
    where amount_minor is not null
    group by project_id
    having count(distinct currency) = 1
    union all
    select
        'customer' as kind,
        customer_key as object_key,
        sum(amount_minor) as amount_minor,
        min(currency) as currency
    from reconciliation.unposted_entries
    where amount_minor is not null
    group by customer_key
    having count(distinct currency) = 1
)

select
    case
        when length(pa.kind || pa.left_key || pa.right_key) < 250
            then pa.kind || '|' || pa.left_key || '|' || pa.right_key
        else pa.kind || '|' || sha256(pa.left_key || '|' || pa.right_key)
    end as record_key,
    '' as period,
    pr.legal_entity,
    if(pa.kind = 'project', pa.right_key, null) as project_id,
    if(pa.kind = 'customer', pa.right_key, pr.customer_key) as customer_key,
    null as entry_id,
    pa.left_system,
    pa.left_id,
    pa.left_text as left_value,
    pa.right_system,
    pa.right_id,
    pa.right_text as right_value,
    null as difference_seconds,
    null as difference_minor,
    am.amount_minor::bigint as at_risk_minor,
    am.currency,
    'master_data_incomplete' as cause,
    pa.kind || ' ' || pa.right_key || ' may be ' || pa.kind || ' ' || pa.left_key
    || ' a second time; names alike to ' || pa.score::varchar || ' of 100: ' || pa.evidence || '.'
        as detail,
    null as blocked_kind,
    null as blocked_id
from partners as pa
left join amounts as am on pa.kind = am.kind and pa.right_key = am.object_key
left join billing.projects as pr on pa.kind = 'project' and pa.right_key = pr.project_id
order by record_key;
