"""Finds what is wrong with an exception workbook that came back, each thing by its cell.

The program's own cells must say what they said, every row must be there once, and what people
filled in must be of its kind. Whether it may be decided is asked afterwards.
"""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ps_integration.errors import FixConfigError
from ps_integration.reports import sealed, working
from ps_integration.reports.columns import FIRST_ROW, HEADER_ROW
from ps_integration.reports.working import AT, SEAL_TITLE, SEALED, TITLES
from ps_integration.workflows.workbook_read import Page

_BREAK, _VERSION, _SEAL = AT["Break"], AT["Version"], AT[SEAL_TITLE]


@dataclass(frozen=True, slots=True)
class Export:
    """What the workbook says of itself, proven."""

    key: bytes
    export_id: str
    run_id: str
    break_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One row that is the program's own, as far as it should be; `row` counts from zero."""

    row: int
    break_id: str
    version: int


@dataclass(slots=True)
class Checked:
    """The rows that hold, and every refusal as `(row, column, text)`; a row may have both."""

    rows: list[WorkRow] = field(default_factory=list)
    refusals: list[tuple[int, int, str]] = field(default_factory=list)


def export_of(pages: Mapping[str, Page], keys: Sequence[bytes], firm: str) -> Export:
    """The proven identity of a workbook.

    Raises:
        FixConfigError: A sheet is missing, or it is of another firm, altered, or not from here.
    """
    missing = [name for name in (working.SHEET, working.EXPORT) if name not in pages]
    if missing:
        raise FixConfigError(
            f"the sheet {missing[0]!r} is missing: it is read by its name; export anew"
        )
    page = pages[working.EXPORT]
    header, signed = str(page.value(0, 0)), str(page.value(1, 0))
    try:
        about = json.loads(header)
        told = {name: str(about[name]) for name in ("format", "firm", "run_id", "ids_sha256")}
    except (ValueError, KeyError, TypeError) as error:
        raise FixConfigError(f"{page.ref(0, 0)}: is no identity of an export") from error
    if told["firm"] != firm:
        raise FixConfigError(f"{page.ref(0, 0)}: the file is of firm {told['firm']}, not of {firm}")
    if told["format"] != str(sealed.FORMAT):
        raise FixConfigError(f"{page.ref(0, 0)}: the file is of another release; export anew")
    for key in keys:
        if hmac.compare_digest(sealed.signature(key, header).encode(), signed.encode()):
            break_ids = _listed(page)
            if sealed.ids_sha256(break_ids) != told["ids_sha256"]:
                raise FixConfigError(f"{page.ref(FIRST_ROW, 0)}: the list of rows was altered")
            return Export(key, signed[:32], told["run_id"], break_ids)
    raise FixConfigError(
        f"{page.ref(1, 0)}: the seal does not hold: the file was not exported here, or was altered"
    )


def _listed(page: Page) -> list[str]:
    return [str(row[0]) for row in page.cells[FIRST_ROW:] if row and row[0] != ""]


def check(page: Page, export: Export) -> Checked:
    """Compare every cell of the program with what was exported."""
    checked = Checked()
    checked.refusals += _headings(page)
    if checked.refusals:
        return checked
    seen: dict[str, int] = {}
    known_ids = frozenset(export.break_ids)
    for row in range(FIRST_ROW, len(page.cells)):
        if all(value == "" for value in page.cells[row]):
            continue
        checked.refusals += _row(page, row, export, known_ids, seen)
        break_id = str(page.value(row, _BREAK))
        if seen.get(break_id) == row:
            checked.rows.append(WorkRow(row, break_id, _version(page, row)))
    for place, break_id in enumerate(export.break_ids):
        if break_id not in seen:
            text = f"the row of break {break_id} is gone; rows are not deleted"
            checked.refusals.append((FIRST_ROW + place, 0, text))
    return checked


def _headings(page: Page) -> Iterator[tuple[int, int, str]]:
    width = max((len(row) for row in page.cells), default=0)
    for at in range(max(width, len(TITLES))):
        wanted = TITLES[at] if at < len(TITLES) else ""
        found = str(page.value(HEADER_ROW, at))
        if sealed.said(found) != wanted:
            told = f"the heading is {found!r}, it was {wanted!r}; columns are not"
            yield HEADER_ROW, at, f"{told} moved, renamed, added or removed"


def _row(
    page: Page, row: int, export: Export, known_ids: frozenset[str], seen: dict[str, int]
) -> Iterator[tuple[int, int, str]]:
    for at in range(len(TITLES), len(page.cells[row])):
        if page.value(row, at) != "":
            yield row, at, "nothing was exported here; comments go into the column Comment"
    for at in range(len(TITLES)):
        if page.is_formula(row, at):
            yield row, at, "a formula; write the value itself"
    break_id = str(page.value(row, _BREAK))
    if break_id not in known_ids:
        known = "" if break_id == "" else f" {break_id!r}"
        yield row, _BREAK, f"the id{known} is none of this export; rows are not added or renamed"
        return
    if break_id in seen:
        yield row, _BREAK, f"break {break_id} is in row {seen[break_id] + 1} already"
        return
    seen[break_id] = row
    yield from _sealed_cells(page, row, export)


def _sealed_cells(page: Page, row: int, export: Export) -> Iterator[tuple[int, int, str]]:
    cells, _, proof = str(page.value(row, _SEAL)).partition("|")
    version, break_id = _version(page, row), str(page.value(row, _BREAK))
    proven = sealed.row_proof(export.key, export.export_id, break_id, version, cells)
    if not hmac.compare_digest(proven.encode(), proof.encode()):
        yield row, _SEAL, "the row's id, version or seal was altered, or is of another export"
        return
    for column, wanted in zip(SEALED, cells.split("."), strict=True):
        at = AT[column.title]
        found = page.value(row, at)
        if sealed.cell_hash(sealed.said(found)) != wanted and not page.is_formula(row, at):
            yield row, at, f"{column.title} says {found!r}, which is not what was exported"


def _version(page: Page, row: int) -> int:
    """The version that a row says; -1 when that is no number."""
    value = page.value(row, _VERSION)
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if isinstance(value, int) or is_whole else -1  # type: ignore[call-overload]  # a number by now
