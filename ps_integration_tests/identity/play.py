"""Nights of a firm in which everything of the grid is changed after its first invoices."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb
import yaml

from ps_integration_tests.identity import books
from ps_integration_tests.identity.grid import Cell, Kind, View
from ps_integration_tests.regressions.firm import PLACES, Firm, served

LINES: Final = """
select right(pl.object_id, 4) as entry, pl.amount_minor
from ops.posting_lines as pl
inner join ops.documents as dc on pl.document_ref = dc.document_ref
where dc.state = 'posted'
"""
ENTRIES: Final = """
select right(di.entry_id, 4), di.disposition, coalesce(di.reason, '')
from billing.dispositions as di
"""
BREAKS: Final = """
select bk.rule, bk.record_key, bk.detail, coalesce(bk.project_id, ''), coalesce(bk.entry_id, '')
from reconciliation.found as bk
"""
LINKED: Final = "select object_kind, system, external_id, canonical_id from canonical.crosswalk"
STEP: Final = re.compile(
    r"firm file object (\w+), id (.+?), system (\w+), external_id (.+?)\.(?: |$)"
)
SHARED: Final = re.compile(r"^The (\w+)s (\S+) and \S+ are both called \S+ now \((.+?)\):")
FIRST, LATER = 10_000, 5_000
"""An hour at 100.00, and the half hour that is booked after the change."""


class Source(Protocol):
    """A firm of the grid: what is particular to its systems."""

    FIRM: str
    KNOWS: dict[Kind, tuple[str, ...]]

    def firm_file(self) -> dict[str, Any]:
        """The firm file."""

    def write(self, folder: Path, cells: Sequence[Cell], views: Mapping[str, View]) -> None:
        """Write the drops."""


@dataclass
class Outcome:
    """What became of a cell.

    Attributes:
        sent: Documents that its change alone led to.
        state: `billed` at once, `linked` = billed after the documented step, else why not.
        named: Rules that name it.
    """

    sent: list[str] = field(default_factory=list)
    state: str = ""
    named: tuple[str, ...] = ()


def played(source: Source, folder: Path, cells: Sequence[Cell]) -> dict[Cell, Outcome]:
    """Play the nights and say what became of every cell."""
    views = {name: View() for name in ("hr", "psa", "time", "erp")}
    _lay(source, folder, cells, views)
    found = {cell: Outcome() for cell in cells}
    with served(folder) as firm:
        firm.night("2026-03-31")
        firm.sign()
        _write(source, firm, cells, views)
        firm.night("2026-04-01")
        assert firm.billed() == len(cells) * Decimal(100), "all first hours are billed"
        before = _documents(firm)
        for day, when in (("2026-04-03", "first"), ("2026-04-04", "second")):
            for cell in cells:
                for system in getattr(cell, when):
                    views[system].changed.add(cell)
            _write(source, firm, cells, views)
            _quiet(firm, day)
            _note_sent(firm, cells, found, before)
        views["time"].is_new_time = True
        _write(source, firm, cells, views)
        _quiet(firm, "2026-04-05")
        _settle(firm, cells, found, "billed")
        _link(firm)
        _quiet(firm, "2026-04-06")
        _settle(firm, cells, found, "linked")
    return found


def _lay(source: Source, folder: Path, cells: Sequence[Cell], views: Mapping[str, View]) -> None:
    (folder / "drops").mkdir()
    told = source.firm_file()
    told["approval"]["automatic"] = {
        "max_amount_per_batch": {"GBP": "50000"}, "max_lines_per_batch": 2000,
        "max_amount_per_day": {"GBP": "90000"}, "max_amount_per_month": {"GBP": "900000"},
    }  # fmt: skip
    (folder / "firm.yaml").write_text(yaml.safe_dump(told, sort_keys=False), "utf-8")
    seed = yaml.safe_load((PLACES / source.FIRM / "books.yaml").read_text("utf-8"))
    for system_id, system in seed["systems"].items():
        kept = system["collections"]
        for name in kept:
            is_ours = name.split("/")[-1] in OURS and (system_id, name) != ("clock", "workspaces")
            kept[name] = [] if is_ours else kept[name]
    (folder / "books.yaml").write_text(yaml.safe_dump(seed, sort_keys=False), "utf-8")
    source.write(folder, cells, views)


OURS: Final = frozenset(
    {
        *("customers", "projects", "dimensionValues", "projectBillings", "users", "clients"),
        *("tasks", "time_entries", "approval_requests", "account_memberships", "workspace_groups"),
        *("workspaces", "custom_field_values", "stories", "story_state_changes"),
    }
)
"""Collections that the grid fills; all others stay as the firm has them."""


def _write(source: Source, firm: Firm, cells: Sequence[Cell], views: Mapping[str, View]) -> None:
    """Bring drops and far sides to what each system says now."""
    source.write(firm.folder, cells, views)
    wanted = [*books.records(cells, views["erp"])]
    wanted += getattr(source, "records", lambda *_: [])(cells, views)
    by_place: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for system, collection, key, document in wanted:
        by_place.setdefault((system, collection), {})[key] = document
    at = firm.state.clock()
    with firm.state.transaction() as transaction:
        for (system, collection), documents in by_place.items():
            known = {row.id: row.document for row in transaction.stored(system, collection)}
            for key, document in documents.items():
                if known.get(key) != document:
                    transaction.put(system, collection, key, document, at)
            for key in known.keys() - documents.keys():
                transaction.delete(system, collection, key, at)


def _quiet(firm: Firm, day: str) -> None:
    """A night whose checks hold, and a person who signs whatever it proposes."""
    night = firm.night(day)
    assert night["failed_checks"] == [], night["failed_checks"]
    firm.approve()


def _documents(firm: Firm) -> set[str]:
    return {str(one["externalDocumentNumber"]) for name in ("salesInvoices", "salesCreditMemos")
            for one in firm.bc(name)}  # fmt: skip


def _ask(firm: Firm, query: str) -> list[tuple[Any, ...]]:
    [place] = firm.path("data").glob("*/snapshot.duckdb")
    with duckdb.connect(place, read_only=True) as copy:
        return copy.execute(query).fetchall()


def _note_sent(
    firm: Firm, cells: Sequence[Cell], found: Mapping[Cell, Outcome], before: set[str]
) -> None:
    made = _ask(firm, "select document_ref, kind, project_id, state from ops.documents")
    plain = View()
    for ref, kind, project, state in made:
        if ref in before or state in {"refused", "superseded"}:
            continue
        for cell in cells:
            if str(project) == plain.key("project", cell).casefold():
                found[cell].sent.append(f"{kind} {ref} {state}")


def _settle(firm: Firm, cells: Sequence[Cell], found: Mapping[Cell, Outcome], word: str) -> None:
    lines: dict[str, list[int]] = {}
    for entry, amount in _ask(firm, LINES):
        lines.setdefault(entry, []).append(amount)
    states = {entry: f"{disposition} {reason}".strip()
              for entry, disposition, reason in _ask(firm, ENTRIES)}  # fmt: skip
    breaks = _ask(firm, BREAKS)
    for cell in cells:
        first, later = str(1000 + cell.number), str(2000 + cell.number)
        if lines.get(first) != [FIRST]:
            found[cell].sent.append(f"lines of the first hour: {lines.get(first)}")
        names = _named(cell, breaks)
        if found[cell].state in {"billed", "linked"}:
            continue
        found[cell].named = names
        is_billed = lines.get(later) == [LATER]
        found[cell].state = word if is_billed else f"{states.get(later)} {lines.get(later, '')}"


def _named(cell: Cell, breaks: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    """Rules with a break that names the cell's things or entries."""
    own = View()
    keys = {own.key(kind, cell, side).casefold()
            for kind in ("customer", "project", "resource", "task") for side in "ab"}  # fmt: skip
    keys |= {str(1000 + cell.number), str(2000 + cell.number)}
    told = set()
    for rule, *texts in breaks:
        words = set(re.findall(r"[\w-]+", " ".join(texts).casefold()))
        if words & keys or words & {f"{key}9" for key in keys}:
            told.add(str(rule))
    return tuple(sorted(told))


def _link(firm: Firm) -> None:
    """Do what the breaks say: write what was renumbered into the crosswalk of the firm file.

    Of two objects that are called the same now, the first is the one that was posted.
    """
    rows = []
    known = {(kind, system, key): one for kind, system, key, one in _ask(firm, LINKED)}
    for rule, _, detail, *_ in _ask(firm, BREAKS):
        step = STEP.search(detail) if rule == "MD10" else None
        both = SHARED.search(detail) if rule == "MD10" else None
        if step:
            rows.append(dict(zip(("object", "id", "system", "external_id"), step.groups(),
                                 strict=True)))  # fmt: skip
        for record in both[3].split(", ") if both else ():
            system, _, external_id = record.partition(" ")
            row = {"object": both[1], "id": both[2], "system": system, "external_id": external_id}
            if known.get((both[1], system, external_id)) != both[2] and row not in rows:
                rows.append(row)
    if not rows:
        return
    told = yaml.safe_load(firm.path("firm.yaml").read_text("utf-8"))
    told["crosswalk"] = [*told.get("crosswalk", []), *rows]
    firm.path("firm.yaml").write_text(yaml.safe_dump(told, sort_keys=False), "utf-8")
    firm.run("config", "accept", who="olga")


def is_kept(outcome: Outcome) -> bool:
    """Whether nothing was sent for the change, and its new time is billed or waits by name."""
    return not outcome.sent and (outcome.state in {"billed", "linked"} or bool(outcome.named))
