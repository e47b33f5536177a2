-- Automatic crosswalk rows: objects recognised by their match key. Configured rows stand already
-- and replace the automatic ones of the same object, system and external id.
insert into canonical.crosswalk by name
with keyed as (
    select
        'project' as object_kind,
        match_key,
        system,
        external_id
    from canonical.projects
    union
    select
        'customer' as object_kind,
        match_key,
        system,
        external_id
    from canonical.customers
    union
    select
        'resource' as object_kind,
        match_key,
        system,
        external_id
    from canonical.resources
    union
    select
        'task' as object_kind,
        match_key,
        system,
        external_id
    from canonical.tasks
)

select
    ke.object_kind,
    ke.match_key as canonical_id,
    ke.system,
    ke.external_id,
    date '1900-01-01' as valid_from,
    date '9999-12-31' as valid_to,
    'match_key' as how
from keyed as ke
where
    ke.match_key is not null
    and not exists (
        select 1 from canonical.crosswalk as cw
        where
            cw.object_kind = ke.object_kind
            and cw.system = ke.system
            and cw.external_id = ke.external_id
    );
