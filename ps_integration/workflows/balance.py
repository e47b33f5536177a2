"""Whether the books allow posting: asked of the warehouse itself, whoever starts a step."""

from typing import Final

from ps_integration.domain.ports import Queries

BLOCKING_CHECKS: Final = ("blocking_rules_ran", "completeness", "ledger")
"""The checks that stop planning and posting."""

_BROKEN: Final = """
select
    exists (select 1 from reconciliation.rule_runs where holds_posting) as blocking_rules_ran,
    exists (select 1 from billing.completeness where not holds)
    or exists (select 1 from billing.record_counts where not holds)
    or exists (select 1 from billing.broken_links where equation = 'completeness') as completeness,
    exists (select 1 from billing.ledger_equation where not holds)
    or exists (select 1 from billing.broken_links where equation = 'ledger') as ledger
"""


def broken(warehouse: Queries) -> tuple[str, ...]:
    """Names of the blocking checks that do not hold, as the last steps left them."""
    (row,) = warehouse.rows(_BROKEN)
    return tuple(name for name in BLOCKING_CHECKS if row[name])
