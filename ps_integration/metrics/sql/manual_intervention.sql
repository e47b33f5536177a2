-- title: Manual intervention share
-- unit: share
-- definition: Lines confirmed in the window that a person had to touch, as a share of all: its
--   entry or project was held by a break that a person worked, part of it was waived, or its
--   document was held for a person to decide. Approving a batch is the control itself and does
--   not count.
-- labels: legal_entity
-- statistics: share_touched, lines
-- counts: lines
with worked as (
    select distinct
        br.blocked_kind,
        br.blocked_id,
        be.at
    from ops.break_events as be
    inner join ops.breaks as br on be.break_id = br.break_id
    where be.event in ('commented', 'snoozed', 'proposed', 'accepted') and br.blocked_id is not null
),

lines as (
    select
        pl.legal_entity,
        exists (
            select 1 from worked as wo
            where
                wo.at <= dc.confirmed_at
                and (
                    (wo.blocked_kind = 'entry' and wo.blocked_id = pl.object_id)
                    or (wo.blocked_kind = 'project' and wo.blocked_id = pl.project_id)
                )
        )
        or exists (
            select 1 from ops.decisions as de
            where de.entry_id = pl.object_id
        )
        or exists (
            select 1 from ops.ledger as le
            where le.document_ref = pl.document_ref and le.to_state = 'held'
        ) as is_touched
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    where dc.state = 'posted' and dc.confirmed_at > $since and dc.confirmed_at <= $as_of
)

select
    legal_entity,
    count(*) as sample,
    share_of(count(*) filter (where is_touched), count(*)) as share_touched,
    count(*) as lines
from lines
group by grouping sets ((legal_entity), ())
having count(*) > 0
order by legal_entity nulls first
