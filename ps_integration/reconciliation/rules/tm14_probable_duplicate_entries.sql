-- rule: TM14
-- title: Probable duplicate entries: same person, project, task, day and hours, alike note
-- severity: medium
-- owner: time_owner
-- blocks: no
-- needs_period: yes
-- cause: duplicate_entry
-- remedy: Delete the second entry in the time system if the work was done once, or accept it.
-- tolerance_likeness: 90

-- each entry stands against the one that it is most like of those before it
with partners as (
    select *
    from reconciliation.likenesses
    where kind = 'time_entry' and score >= $tolerance_likeness
    qualify row_number() over (partition by right_key order by score desc, left_key asc) = 1
)

select
    se.entry_id as record_key,
    coalesce(se.period, strftime(se.work_date, '%Y-%m')) as period,
    se.legal_entity,
    se.project_id,
    se.customer_key,
    se.entry_id,
    pa.left_system,
    pa.left_id,
    -- a pair is of one duration
    reconciliation.hours_text(se.seconds) as left_value,
    se.system as right_system,
    se.external_id as right_id,
    reconciliation.hours_text(se.seconds) as right_value,
    se.seconds as difference_seconds,
    null as difference_minor,
    ra.amount_minor as at_risk_minor,
    if(ra.amount_minor is null, null, ra.currency) as currency,
    'duplicate_entry' as cause,
    se.entry_id || ' looks like ' || pa.left_key || ': ' || se.resource_id || ', project '
    || se.project_id || ', ' || se.work_date::varchar || ', '
    || reconciliation.hours_text(se.seconds) || '; notes alike to ' || pa.score::varchar
    || ' of 100: ' || pa.evidence || '.' as detail,
    null as blocked_kind,
    null as blocked_id
from partners as pa
inner join billing.entries as se on pa.right_key = se.entry_id
left join billing.rated_entries as ra on se.entry_id = ra.entry_id
order by record_key;
