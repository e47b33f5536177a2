-- rule: IN05
-- title: API quota use above its threshold
-- severity: low
-- owner: integration
-- blocks: no
-- needs_period: no
-- cause: unknown
-- remedy: Read larger pages or fewer full listings, spread the nights, or buy a larger quota.
-- tolerance_quota_percent: 80

select
    qu.system || '|' || qu.seconds::varchar as record_key,
    '' as period,
    null as legal_entity,
    null as project_id,
    null as customer_key,
    null as entry_id,
    qu.system as left_system,
    null as left_id,
    qu.calls::varchar || ' calls' as left_value,
    qu.system as right_system,
    null as right_id,
    qu.calls_allowed::varchar || ' allowed' as right_value,
    null as difference_seconds,
    null as difference_minor,
    null as at_risk_minor,
    null as currency,
    'unknown' as cause,
    'The account of ' || qu.system || ' was called ' || qu.calls::varchar || ' times in '
    || round(qu.seconds / 3600.0, 1)::decimal(18, 1)::varchar || ' hours, '
    || (100 * qu.calls // qu.calls_allowed)::varchar || ' % of the '
    || qu.calls_allowed::varchar || ' that it allows.' as detail,
    null as blocked_kind,
    null as blocked_id
from raw.quota_use((select as_of from config.run)) as qu
where 100 * qu.calls > qu.calls_allowed * $tolerance_quota_percent
order by record_key;
