"""Notes, once each, when a billable project was first seen active, and first seen ready to bill."""

from typing import Final

from ps_integration.domain.ports import Queries

_FIRST_ACTIVE: Final = """
insert into metrics.project_setups
select pr.project_id, pr.legal_entity, ru.as_of, null
from billing.projects as pr, config.run as ru
where
    pr.is_billable and pr.status = 'active'
    and pr.project_id not in (select po.project_id from metrics.project_setups as po)
"""
_FIRST_READY: Final = """
update metrics.project_setups as po set ready_at = ru.as_of
from billing.projects as pr, config.run as ru
where
    po.ready_at is null and po.project_id = pr.project_id
    and pr.status = 'active' and pr.erp_external_id is not null
    and pr.project_id not in (
        select ho.blocked_id from reconciliation.holds as ho where ho.blocked_kind = 'project'
    )
"""

_STOCK: Final = "update metrics.project_setups set active_at = null where ready_at is not null"


def note_setups(queries: Queries) -> None:
    """Carry `metrics.project_setups` on by one night; what was noted once never changes.

    What is ready on the very first night was set up before anyone looked: it has no `active_at`
    and counts in no figure.
    """
    with queries.transaction():
        is_first = not queries.value("select count(*) from metrics.project_setups")
        queries.execute(_FIRST_ACTIVE)
        queries.execute(_FIRST_READY)
        if is_first:
            queries.execute(_STOCK)
