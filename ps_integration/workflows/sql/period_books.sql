-- What the last night says of one legal entity's period: sums that must be as they should.
select
    (
        select count(*) from billing.completeness
        where legal_entity = $legal_entity and period = $period and not holds
    ) as incomplete,
    (
        select coalesce(sum(approved_count), 0) from billing.completeness
        where legal_entity = 'unassigned' and period in ($period, 'unassigned')
    )::bigint as unassigned,
    (
        select count(*) from billing.ledger_equation
        where legal_entity = $legal_entity and period = $period and not holds
    ) as untied,
    (
        select count(*) from billing.corrections_owed
        where
            legal_entity = $legal_entity and period = $period
            and owed_minor <> 0
    ) as owed,
    (
        select count(*) from billing.entries
        where
            legal_entity = $legal_entity and period = $period and is_primary and is_billable
            and not is_deleted and approval_state <> 'approved'
    ) as unapproved,
    (
        select coalesce(sum(seconds), 0) from billing.entries
        where
            legal_entity = $legal_entity and period = $period and is_primary and is_billable
            and not is_deleted and approval_state <> 'approved'
    )::bigint as unapproved_seconds,
    (
        select count(*) from billing.dispositions
        where legal_entity = $legal_entity and period = $period and disposition = 'deferred'
    ) as deferred,
    (
        select coalesce(sum(seconds), 0) from billing.dispositions
        where legal_entity = $legal_entity and period = $period and disposition = 'deferred'
    )::bigint as deferred_seconds;
