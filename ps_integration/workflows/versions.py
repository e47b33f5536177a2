"""What a batch was made with, beside its configuration: program, mapping and rates."""

from ps_integration import __version__
from ps_integration.contracts.registry import CONTRACTS
from ps_integration.domain.ports import Queries
from ps_integration.domain.seal import digest
from ps_integration.workflows.mapping import connectors_source

_RATES = """
select rate_system, rate_id, rate_scope, rate_price, rate_currency, fx_rate, fx_source
from billing.rated_entries
group by all
order by all
"""


def current() -> dict[str, str]:
    """Versions of this program: while one differs, an earlier approval does not hold."""
    contracts = {name: contract.version for name, contract in CONTRACTS.items()}
    return {"program": __version__, "mapping": digest([connectors_source(), contracts])}


def of_plan(warehouse: Queries) -> dict[str, str]:
    """The same and the rates that priced tonight's entries, as an approval signs them."""
    rows = [{name: str(value) for name, value in row.items()} for row in warehouse.rows(_RATES)]
    return {**current(), "rates": digest(rows)}
