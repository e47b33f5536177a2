"""A clean firm beside which odd rows are planted where connectors deliver them, as file drops."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ps_integration.connectors.rows import COLUMNS
from ps_integration.domain.records import CanonicalObject
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.odd.rows import OddRow
from ps_integration_tests.regressions.firm import Firm, lay, served

OF: Final[Mapping[str, tuple[CanonicalObject, ...]]] = {
    "staff": ("resources", "absences"),
    "plan": (
        *("projects", "tasks", "resources", "assignments", "rates", "milestones", "expenses"),
        *("opportunities", "invoice_statuses"),
    ),
    "clock": ("tasks", "time_entries", "approvals", "expenses"),
    "legacy": (
        *("customers", "projects", "erp_documents", "erp_lines", "accounting_periods"),
        *("fx_rates", "intercompany_charges", "subcontractor_costs"),
    ),
}
"""Which systems deliver which tables; `legacy` is an ERP that nothing is posted to any more."""
NIGHTS: Final = ("2026-03-31", "2026-04-01", "2026-04-02")
BASE: Final = ("clock:1001", "clock:1002", "clock:1003")
CLEAN: Final = ("570.00", "933.88")
"""What the clean part of the firm is billed, document by document."""
AUTOMATIC: Final = {
    "max_amount_per_batch": {"GBP": "900000"}, "max_lines_per_batch": 9000,
    "max_amount_per_day": {"GBP": "9000000"}, "max_amount_per_month": {"GBP": "9000000"},
}  # fmt: skip
"""Ceilings under which policy approves all that bills."""
_STATES: Final = """
select di.entry_id, di.disposition
from billing.dispositions as di
where list_contains($base, di.entry_id)
order by di.entry_id
"""
_RULES: Final = "select rule from reconciliation.rule_runs where status = 'could_not_run'"


@dataclass(frozen=True)
class Outcome:
    """How the nights of a firm with odd rows ended.

    Attributes:
        no_report: Nights that ended without a report, with why.
        failed_checks: Blocking checks that failed in any night.
        not_run: Rules that could not run in any night.
        missing_parts: Parts of a report that could not be made.
        held: Clean entries and documents that were not billed, with their state.
    """

    no_report: tuple[str, ...] = ()
    failed_checks: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()
    missing_parts: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that should not be."""
        return (
            *self.no_report, *self.failed_checks, *self.not_run, *self.missing_parts, *self.held
        )  # fmt: skip


def played(folder: Path, rows: Sequence[OddRow], expected: frozenset[str] = frozenset()) -> Outcome:
    """Play the nights of the firm with these rows; `expected` rules cannot run in the clean one."""
    _found(folder, rows)
    with served(folder) as firm:
        ended = []
        for at, day in enumerate(NIGHTS):
            answer = firm.run("nightly", "--as-of", day, "--json")
            found = answer.data if answer.text.strip() else {"message": answer.errors}
            if "verdict" not in found:
                return Outcome(no_report=(f"{day}: {found.get('message')}",))
            ended.append(found)
            if at == 0:
                firm.sign()
        return _outcome(firm, ended, expected)


def _outcome(firm: Firm, ended: Sequence[Mapping[str, Any]], expected: frozenset[str]) -> Outcome:
    checks = sorted({name for night in ended for name in night["failed_checks"]})
    missing = {f"{p['part']}: {p['why']}" for night in ended for p in night.get("failed_parts", ())}
    with Warehouse(firm.path("data/studio/snapshot.duckdb"), read_only=True) as warehouse:
        stuck = {str(row["rule"]) for row in warehouse.rows(_RULES)} - expected
        states = {
            str(row["entry_id"]): str(row["disposition"])
            for row in warehouse.rows(_STATES, {"base": list(BASE)})
        }
    held = [f"{one}: {states.get(one, 'gone')}" for one in BASE if states.get(one) != "posted"]
    posted = {str(amount) for _, state, amount in firm.documents() if state != "Draft"}
    held += [f"no document of {amount}" for amount in CLEAN if amount not in posted]
    return Outcome(
        failed_checks=tuple(checks),
        not_run=tuple(sorted(stuck)),
        missing_parts=tuple(sorted(missing)),
        held=tuple(held),
    )


def _found(folder: Path, rows: Sequence[OddRow]) -> None:
    lay("studio", folder)
    path = folder / "firm.yaml"
    told = yaml.safe_load(path.read_text("utf-8"))
    told["systems"].append(_legacy())
    for stream in told["systems"][2]["options"]["streams"]:
        if stream["name"] == "projects":  # the clock knows odd projects by their key alone
            stream["path"] = "clock-projects.csv"
    (folder / "drops" / "clock-projects.csv").write_text(
        "Project,Name,Status\nNL-1,Bridge,active\nNL-2,Tunnel,active\nNL-3,Ground,active\n", "utf-8"
    )
    for system in told["systems"]:
        for table in OF.get(system["id"], ()):
            add_stream(system, table)
            mine = [row for row in rows if row.table == table]
            write(folder / "drops" / f"odd-{system['id']}-{table}.csv", table, mine)
    told["approval"]["automatic"] = AUTOMATIC
    path.write_text(yaml.safe_dump(told, sort_keys=False), "utf-8")
    _play_ground(folder, rows)


def _legacy() -> dict[str, Any]:
    return {
        "id": "legacy", "vendor": "files", "roles": ["erp"], "legal_entities": ["NL"],
        "options": {"folder": "env:NORTHLIGHT_DROPS", "drop_folder": "out", "streams": []},
    }  # fmt: skip


def add_stream(system: dict[str, Any], table: CanonicalObject) -> None:
    """Let a system of the firm file deliver odd rows of a table."""
    columns = {name: {"column": name} for name in COLUMNS[table] if name != "external_id"}
    system["options"]["streams"].append(
        {
            "name": f"odd_{table}", "table": table, "path": f"odd-{system['id']}-{table}.csv",
            "id": ["external_id"], "columns": columns,
        }
    )  # fmt: skip


def write(path: Path, table: CanonicalObject, rows: Sequence[OddRow]) -> None:
    """Write rows as a drop, every column of their table by its name."""
    names = list(dict.fromkeys(("external_id", *COLUMNS[table])))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(row.cells for row in rows)


def _play_ground(folder: Path, rows: Sequence[OddRow]) -> None:
    """The project, the person and the customer that odd rows refer to, and time on odd projects."""
    drops = folder / "drops"
    append(drops / "projects.csv", "NL-3,Ground,NL,GBP,active,time_and_materials,10003")
    append(drops / "people.csv", "P-33,Odd Fellow,NL,Y,")
    append(drops / "clock-people.csv", "P-33,Odd Fellow")
    append(drops / "rates.csv", "R3,project,NL-3,,GBP,80.00,2026-01-01,")
    append(drops / "hours.csv", "1005,P-33,NL-3,2026-03-05,2.0,Y,RELEASED")
    for row in rows:
        if row.table in ("projects", "tasks", "resources"):
            project = row.cells["external_id"] if row.table == "projects" else "NL-3"
            person = row.cells["external_id"] if row.table == "resources" else "P-33"
            entry = f"9{row.number:04d},{person},{project},2026-03-06,1.0,Y,RELEASED"
            append(drops / "hours.csv", entry)
        if row.table == "projects":
            key = row.cells["external_id"]
            append(drops / "clock-projects.csv", f"{key},Odd,active")
        if row.table == "resources":
            append(drops / "clock-people.csv", f"{row.cells['external_id']},Odd")


def append(path: Path, line: str) -> None:
    """Add a line to a drop."""
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
