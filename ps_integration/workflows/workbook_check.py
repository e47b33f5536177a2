"""Finds what is wrong with an exception workbook that came back, each thing by its cell.

The program's own cells must say what they said, every row must be there once, and what people
filled in must be of its kind. Whether it may be decided is asked afterwards.
"""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ps_integration.errors import FixConfigError
from ps_integration.reports import sealed, working, working_matches
from ps_integration.reports.columns import FIRST_ROW, HEADER_ROW
from ps_integration.reports.forms import Form
from ps_integration.workflows.workbook_read import Page

FORMS: Final[Sequence[Form[Any]]] = (working.FORM, working_matches.FORM)
"""The sheets that are filled in."""
SHEETS: Final = (*(form.name for form in FORMS), working.EXPORT)
"""Every sheet that is read back."""


@dataclass(frozen=True, slots=True)
class Export:
    """What the workbook says of itself, proven."""

    key: bytes
    export_id: str
    run_id: str
    ids: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One row that is the program's own, as far as it should be; `row` counts from zero."""

    row: int
    key: str
    version: int


@dataclass(slots=True)
class Checked:
    """The rows that hold, and every refusal as `(row, column, text)`; a row may have both."""

    page: Page
    rows: list[WorkRow] = field(default_factory=list)
    refusals: list[tuple[int, int, str]] = field(default_factory=list)

    def refuse(self, row: int, at: int, text: str) -> None:
        """Refuse a cell once: the first that is said of it says most."""
        if not any(other[:2] == (row, at) for other in self.refusals):
            self.refusals.append((row, at, text))


def export_of(pages: Mapping[str, Page], keys: Sequence[bytes], firm: str) -> Export:
    """The proven identity of a workbook.

    Raises:
        FixConfigError: A sheet is missing, or it is of another firm, altered, or not from here.
    """
    missing = [name for name in SHEETS if name not in pages]
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
            ids = {form.name: _listed(page, at) for at, form in enumerate(FORMS)}
            if sealed.ids_sha256(ids) != told["ids_sha256"]:
                raise FixConfigError(f"{page.ref(FIRST_ROW, 0)}: the list of rows was altered")
            return Export(key, signed[:32], told["run_id"], ids)
    raise FixConfigError(
        f"{page.ref(1, 0)}: the seal does not hold: the file was not exported here, or was altered"
    )


def _listed(page: Page, at: int) -> list[str]:
    told = (page.value(row, at) for row in range(FIRST_ROW, len(page.cells)))
    return [str(value) for value in told if value != ""]


def check(page: Page, export: Export, form: Form[Any]) -> Checked:
    """Compare every cell of the program with what was exported."""
    checked = Checked(page)
    checked.refusals += _headings(page, form)
    if checked.refusals:
        return checked
    sheet = _Sheet(page, export, form)
    for row in range(FIRST_ROW, len(page.cells)):
        if all(value == "" for value in page.cells[row]):
            continue
        checked.refusals += sheet.row(row)
        key = sheet.key(row)
        if sheet.seen.get(key) == row:
            checked.rows.append(WorkRow(row, key, sheet.version(row)))
    for place, key in enumerate(export.ids[form.name]):
        if key not in sheet.seen:
            text = f"the row of {form.noun} {key} is gone; rows are not deleted"
            checked.refusals.append((FIRST_ROW + place, 0, text))
    return checked


def _headings(page: Page, form: Form[Any]) -> Iterator[tuple[int, int, str]]:
    titles = form.titles
    width = max((len(row) for row in page.cells), default=0)
    for at in range(max(width, len(titles))):
        wanted = titles[at] if at < len(titles) else ""
        found = str(page.value(HEADER_ROW, at))
        if sealed.said(found) != wanted:
            told = f"the heading is {found!r}, it was {wanted!r}; columns are not"
            yield HEADER_ROW, at, f"{told} moved, renamed, added or removed"


class _Sheet:
    """One sheet that came back, row by row."""

    def __init__(self, page: Page, export: Export, form: Form[Any]) -> None:
        self.page, self.export, self.form = page, export, form
        self.seen: dict[str, int] = {}
        self._known = frozenset(export.ids[form.name])
        self._at = {title: at for at, title in enumerate(form.titles)}
        self._id, self._version, self._seal = (self._at[title] for title in form.hidden)

    def key(self, row: int) -> str:
        """What a row says that it is about."""
        return str(self.page.value(row, self._id))

    def version(self, row: int) -> int:
        """The version that a row says; -1 when that is no number."""
        value = self.page.value(row, self._version)
        is_whole = isinstance(value, float) and value.is_integer()
        return int(value) if isinstance(value, int) or is_whole else -1  # type: ignore[call-overload]  # a number by now

    def row(self, row: int) -> Iterator[tuple[int, int, str]]:
        """What is wrong with the program's cells of a row."""
        page, width = self.page, len(self._at)
        for at in range(width, len(page.cells[row])):
            if page.value(row, at) != "":
                told = f"comments go into the column {self.form.remark}"
                yield row, at, f"nothing was exported here; {told}"
        for at in range(width):
            if page.is_formula(row, at):
                yield row, at, "a formula; write the value itself"
        key, noun = self.key(row), self.form.noun
        if key not in self._known:
            known = "" if key == "" else f" {key!r}"
            told = f"the id{known} is none of this export"
            yield row, self._id, f"{told}; rows are not added or renamed"
            return
        if key in self.seen:
            yield row, self._id, f"{noun} {key} is in row {self.seen[key] + 1} already"
            return
        self.seen[key] = row
        yield from self._sealed_cells(row)

    def _sealed_cells(self, row: int) -> Iterator[tuple[int, int, str]]:
        page, export = self.page, self.export
        cells, _, proof = str(page.value(row, self._seal)).partition("|")
        proven = sealed.row_proof(
            export.key, export.export_id, self.key(row), self.version(row), cells
        )
        if not hmac.compare_digest(proven.encode(), proof.encode()):
            told = "the row's id, version or seal was altered, or is of another export"
            yield row, self._seal, told
            return
        for column, wanted in zip(self.form.sealed, cells.split("."), strict=True):
            at = self._at[column.title]
            found = page.value(row, at)
            if sealed.cell_hash(sealed.said(found)) != wanted and not page.is_formula(row, at):
                yield row, at, f"{column.title} says {found!r}, which is not what was exported"
