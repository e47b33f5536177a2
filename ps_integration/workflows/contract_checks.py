"""One check per contract: how many rows there are, how many wait in quarantine, and examples."""

from datetime import date
from typing import Final

import pyarrow as pa

from ps_integration.contracts.registry import CANONICAL, CONTRACTS
from ps_integration.contracts.typed import arrow_schema
from ps_integration.contracts.validate import validate
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.night import CheckResult

SAMPLE: Final = 5
STORED: Final = {
    "legal_entities": "config.legal_entities",
    "billing_events": "ops.posting_lines where document_ref in (select oc.document_ref from"
    " ops.documents as oc where oc.confirmed_at is null)",
    "posting_batches": "ops.batches",
}
"""What no vendor hands over: the firm's own entities, and what is on its way out."""


def contract_checks(warehouse: Warehouse, as_of_date: date) -> tuple[CheckResult, ...]:
    """Checks named `contract_<object>`; they warn and never block, quarantine holds the bad."""
    canonical = [_canonical_check(warehouse, name) for name in CANONICAL]
    stored = [_stored_check(warehouse, name, as_of_date) for name in STORED]
    return (*canonical, *stored)


def _canonical_check(warehouse: Warehouse, name: str) -> CheckResult:
    rows = int(str(warehouse.value(f"select count(*) from canonical.{name}")))
    where = {"object": name}
    quarantined = warehouse.value(
        "select count(distinct (system, stream, record_id)) from quarantine.records"
        " where object = $object",
        where,
    )
    aside = warehouse.value(
        "select count(distinct (qr.system, qr.stream, qr.record_id)) from quarantine.records as qr"
        " semi join quarantine.aside as qa on qr.system = qa.system and qr.stream = qa.stream"
        " and qr.record_id = qa.record_id where qr.object = $object",
        where,
    )
    sample = warehouse.rows(
        "select system, stream, record_id, field, value, rule, remedy from quarantine.records"
        f" where object = $object order by all limit {SAMPLE}",
        where,
    )
    return _check(name, rows, int(str(quarantined)), sample, int(str(aside)))


def _stored_check(warehouse: Warehouse, name: str, as_of_date: date) -> CheckResult:
    schema = arrow_schema(name)
    rows = bad = 0
    sample: list[dict[str, object]] = []
    columns = ", ".join(f'"{column}"' for column in schema.names)
    for batch in warehouse.batches(f"select {columns} from {STORED[name]}"):
        table = pa.Table.from_batches([batch]).cast(schema)
        good, problems = validate(name, table, as_of_date)
        rows += table.num_rows
        bad += int((~good).sum())
        sample += [
            {"field": one.problem.field, "value": one.problem.value, "rule": one.problem.rule}
            for one in problems[: SAMPLE - len(sample)]
        ]
    return _check(name, rows, bad, sample)


def _check(
    name: str, rows: int, bad: int, sample: list[dict[str, object]], aside: int = 0
) -> CheckResult:
    contract = CONTRACTS[name]
    return CheckResult(
        name=f"contract_{name}",
        passed=bad == aside,
        severity="warn",
        is_blocking=False,
        description=f"{contract.model.__name__} as contract version {contract.version} says",
        metadata={
            "row_count": rows,
            "quarantined_count": bad,
            "set_aside_count": aside,
            "contract_version": contract.version,
            "sample": sample,
        },
    )
