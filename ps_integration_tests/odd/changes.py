"""Every odd value of master data, planted after work was posted: what is posted stays as it is.

Each column of projects and people gets a record of its own, with work that is posted while the
record is plain. Then all records turn odd at once. Nothing is credited or billed again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.odd.rows import COMPANY, OddRow, odd_rows
from ps_integration_tests.odd.world import AUTOMATIC, add_stream, append, write
from ps_integration_tests.regressions.firm import Firm, lay, served

MASTERS: Final = ("projects", "resources")
SYSTEMS: Final = {"plan": MASTERS, "staff": ("resources",)}
BEFORE: Final = ("2026-03-31", "2026-04-01")
AFTER: Final = ("2026-04-02", "2026-04-03")
_HOURS: Final = "0.1"
_PRICE: Final = Decimal("80.00")
_STATES: Final = "select entry_id, disposition from billing.dispositions"
_PLAIN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("tax_code", "revenue_account", "cost_centre", "billing_rule"), ""),
    **dict.fromkeys(("purchase_order", "has_billing_attributes", "cap_minor", "company"), ""),
    **dict.fromkeys(("customer_external_id", "supplier_key", "email", "role"), ""),
    "customer_key": "10000", "home_valid_from": "2020-01-01",
}  # fmt: skip
"""What a record says before it turns odd, where it differs from a plain row of its contract."""


@dataclass(frozen=True)
class Played:
    """What became of posted work whose master data turned odd.

    Attributes:
        posted: Documents before, with their state and net.
        after: Documents after the nights in which everything was odd.
        planned: Batches that a person could approve then.
        unbilled: Records whose work was not billed while they were plain.
        shown: Fields of posted work that wait for a person to release or refuse.
    """

    posted: Sequence[Any]
    after: Sequence[Any]
    planned: Sequence[Any]
    unbilled: Sequence[str]
    shown: frozenset[str]

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that should not be."""
        found = [f"{name} was not billed" for name in self.unbilled]
        found += [f"new document {one}" for one in self.after if one not in self.posted]
        found += [f"gone document {one}" for one in self.posted if one not in self.after]
        return (*found, *(f"planned {one}" for one in self.planned))


def turned() -> tuple[OddRow, ...]:
    """Each odd row of projects and people, as it is after it turned."""
    return tuple(
        replace(row, cells={**row.cells, **_plain(row)})
        for row in odd_rows()
        if row.table in MASTERS and " is " in row.oddity
    )


def played(folder: Path, rows: Sequence[OddRow]) -> Played:
    """Post work on the plain records, let them turn odd, and play on."""
    lay("studio", folder)
    _opened(folder, rows)
    plain = {row.table: row for row in odd_rows() if row.oddity == "once"}
    _written(folder, [replace(row, cells=_own(row, plain[row.table])) for row in rows])
    with served(folder) as firm:
        firm.night(BEFORE[0])
        firm.sign()
        firm.night(BEFORE[1])
        posted, unbilled = firm.documents(), _unbilled(firm, rows)
        _written(folder, rows)
        for day in AFTER:
            firm.night(day)
        planned = [
            one for one in firm.said("batches", "list")["batches"] if one["status"] == "planned"
        ]
        causes = firm.said("corrections", "list")["causes"]
        shown = frozenset(field for cause in causes for field in cause["what"].split(", "))
        return Played(posted, firm.documents(), planned, unbilled, shown)


def _plain(row: OddRow) -> dict[str, str]:
    """The values of a plain record, but for the column that turns odd."""
    odd = row.oddity.partition(" is ")[0]
    return {name: text for name, text in _PLAIN.items() if name in row.cells and name != odd}


def _own(row: OddRow, plain: OddRow) -> dict[str, str]:
    keys = {name: row.key for name in ("external_id", "match_key") if name in plain.cells}
    values = {name: text for name, text in _PLAIN.items() if name in plain.cells}
    return {**plain.cells, **values, **keys}


def _opened(folder: Path, rows: Sequence[OddRow]) -> None:
    """Let every record have its streams, its place in the ERP, its price and an hour's work."""
    path = folder / "firm.yaml"
    told = yaml.safe_load(path.read_text("utf-8"))
    told["approval"]["automatic"] = AUTOMATIC
    for system in told["systems"]:
        for stream in system["options"].get("streams", ()):
            if (system["id"], stream["name"]) == ("clock", "projects"):
                stream["path"] = "clock-projects.csv"
        for table in SYSTEMS.get(system["id"], ()):
            add_stream(system, table)
    path.write_text(yaml.safe_dump(told, sort_keys=False), "utf-8")
    books = yaml.safe_load((folder / "books.yaml").read_text("utf-8"))
    collections = books["systems"]["books"]["collections"]
    dimension = collections[f"{COMPANY}/dimensions"][0]["id"]
    drops = folder / "drops"
    (drops / "clock-projects.csv").write_text("Project,Name,Status\n", "utf-8")
    for known in ("NL-1,Bridge,active", "NL-2,Tunnel,active"):
        append(drops / "clock-projects.csv", known)
    for row in rows:
        day = f"2026-03-{2 + row.number % 20:02d}"
        project, person = (row.key, "P-17") if row.table == "projects" else ("NL-1", row.key)
        append(drops / "hours.csv", f"9{row.number},{person},{project},{day},{_HOURS},Y,RELEASED")
        if row.table == "resources":
            append(drops / "clock-people.csv", f"{row.key},Odd")
            continue
        append(drops / "clock-projects.csv", f"{row.key},Odd,active")
        append(drops / "rates.csv", f"R{row.number},project,{row.key},,GBP,{_PRICE},2026-01-01,")
        named = {"number": row.key, "displayName": row.key}
        collections[f"{COMPANY}/projects"].append({"id": f"j{row.key}", **named})
        collections[f"{COMPANY}/dimensionValues"].append(
            {"id": f"v{row.key}", "code": row.key, "dimensionId": dimension, "displayName": row.key}
        )
        billing = dict(collections[f"{COMPANY}/projectBillings"][0])
        collections[f"{COMPANY}/projectBillings"].append(
            {**billing, "id": f"b{row.key}", "projectNumber": row.key}
        )
    (folder / "books.yaml").write_text(yaml.safe_dump(books, sort_keys=False), "utf-8")


def _written(folder: Path, rows: Sequence[OddRow]) -> None:
    for system, tables in SYSTEMS.items():
        for table in tables:
            mine = [row for row in rows if row.table == table]
            write(folder / "drops" / f"odd-{system}-{table}.csv", table, mine)


def _unbilled(firm: Firm, rows: Sequence[OddRow]) -> list[str]:
    with Warehouse(firm.path("data/studio/snapshot.duckdb"), read_only=True) as warehouse:
        states = {row["entry_id"]: row["disposition"] for row in warehouse.rows(_STATES)}
    return [
        f"{row.table}: {row.oddity} ({row.key}): {states.get(f'clock:9{row.number}', 'gone')}"
        for row in rows
        if states.get(f"clock:9{row.number}") != "posted"
    ]
