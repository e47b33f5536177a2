"""Carries out an exception workbook that came back: all of it or nothing, and once.

Who decides is the operating system's user who imports. Every refusal names its cell; the file's
hash stands with each decision in the trail. What an earlier import of the same export has carried
out already is passed over.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ps_integration.domain.identity import is_person
from ps_integration.domain.ports import Queries
from ps_integration.domain.seal import digest
from ps_integration.errors import AskFinanceError
from ps_integration.reports import working, working_matches
from ps_integration.stores.operational import audit, break_imports, rights
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.stores.operational.models import Break
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.break_work import Decision, Desk, carry_out, mistakes
from ps_integration.workflows.workbook_check import (
    FORMS,
    SHEETS,
    Checked,
    Export,
    WorkRow,
    check,
    export_of,
)
from ps_integration.workflows.workbook_decisions import COLUMN_OF, in_words, read_decision
from ps_integration.workflows.workbook_matches import Choice, Matches
from ps_integration.workflows.workbook_read import read_pages

_VERB: Final = COLUMN_OF["verb"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to.

    Attributes:
        file_sha256: Hash of the file.
        decided: The breaks that were decided about, with what was decided.
        matches: The same of matches; a decision that was taken back by its number.
        repeated: How many decisions an earlier import had carried out already.
        earlier: When and by whom, where there was one.
        is_dry: Whether nothing was kept on purpose.
    """

    file_sha256: str
    decided: Mapping[str, Decision]
    matches: Mapping[str, Choice]
    repeated: int
    earlier: str
    is_dry: bool


class _DryError(Exception):
    """Ends a rehearsal; what it wrote is rolled back."""

    def __init__(self, result: Imported) -> None:
        super().__init__()
        self.result = result


@dataclass(frozen=True, slots=True)
class _Row:
    row: WorkRow
    item: Break
    decision: Decision
    sha256: str


@dataclass(frozen=True, slots=True)
class Bench:
    """Who imports, and what the file is held against.

    Attributes:
        desk: Who imports.
        keys: The firm's keys for workbooks, the current one first.
        firm: The firm's id.
        queries: The warehouse as the last night left it.
    """

    desk: Desk
    keys: Sequence[bytes]
    firm: str
    queries: Queries


def import_workbook(
    store: OperationalStore, data: bytes, bench: Bench, *, is_dry: bool = False
) -> Imported:
    """Carry out every decision of a workbook, or none.

    Args:
        store: The operational store.
        data: The file.
        bench: Who imports, and what the file is held against.
        is_dry: Check everything and keep nothing.

    Raises:
        FixConfigError: It is no exception workbook of this firm.
        AskFinanceError: Every cell that is refused, a line each; nothing was applied.
    """
    pages = read_pages(data, SHEETS)
    export = export_of(pages, bench.keys, bench.firm)
    checked = {form.name: check(pages[form.name], export, form) for form in FORMS}
    sha256 = hashlib.sha256(data).hexdigest()
    at_desk = replace(bench.desk, by=replace(bench.desk.by, file_sha256=sha256))
    try:
        with store.session() as session:
            result = _Import(session, export, checked, at_desk, bench.queries).apply()
            _stop_if(result, is_dry=is_dry)
            return result
    except _DryError as rehearsed:
        return replace(rehearsed.result, is_dry=True)
    except AskFinanceError as error:
        if not is_dry:
            _note_refusal(store, at_desk, str(error))
        raise


def _stop_if(result: Imported, *, is_dry: bool) -> None:
    if is_dry:
        raise _DryError(result)


def _note_refusal(store: OperationalStore, desk: Desk, told: str) -> None:
    """Put into the audit trail that somebody brought a file and was refused."""
    by = desk.by
    if is_person(by.who):
        lines = told.splitlines()
        with store.session() as session:
            audit.append(
                session, at=by.at, who=by.who, action="refuse_import", subject=by.file_sha256,
                detail={"refusals": len(lines) - 1, "first": lines[1] if len(lines) > 1 else told},
            )  # fmt: skip


class _Import:
    """One file in one transaction."""

    def __init__(
        self,
        session: Session,
        export: Export,
        checked: Mapping[str, Checked],
        desk: Desk,
        queries: Queries,
    ) -> None:
        self.session, self.export, self.desk = session, export, desk
        self.sheets = tuple(checked.values())
        self.breaks = checked[working.SHEET]
        by = Decider(desk.by.who, desk.by.at, "", desk.by.rules, desk.by.file_sha256)
        self.matches = Matches(session, queries, checked[working_matches.SHEET], by)

    def apply(self) -> Imported:
        """Carry everything out, or refuse it with every cell that is in the way."""
        rights.one_at_a_time(self.session)
        done = break_imports.carried_out(self.session, self.export.export_id)
        rows, repeated = self._decided(done.decisions)
        repeated += self.matches.read(done.decisions)
        for one in rows:
            self._check_row(one)
        self.matches.look()
        self._refuse()
        self._carry_out(rows)
        self.matches.carry_out()
        self._refuse()
        made = {one.item.break_id: one.sha256 for one in rows}
        made |= {one.row.key: one.choice.sha256 for one in self.matches.rows}
        if made:
            self._note(made)
        decided = {one.item.break_id: one.decision for one in rows}
        matches = {one.row.key: one.choice for one in self.matches.rows}
        sha256 = self.desk.by.file_sha256
        return Imported(sha256, decided, matches, repeated, done.said, is_dry=False)

    def _decided(self, done: Mapping[str, str]) -> tuple[list[_Row], int]:
        """Rows that decide something new, and how many decide what was carried out before."""
        rows, repeated, checked = [], 0, self.breaks
        for row in checked.rows:
            item = self.session.get(Break, row.key, with_for_update=True)
            if item is None:
                told = "no such break is known here"
                checked.refusals.append((row.row, working.AT["Break"], told))
                continue
            decision, wrong = read_decision(checked.page, row.row, item.currency)
            checked.refusals += [(row.row, COLUMN_OF[name], text) for name, text in wrong]
            sha256 = digest(list(in_words(decision)))
            if done.get(row.key) == sha256:
                repeated += 1
            elif not decision.is_empty:
                rows.append(_Row(row, item, decision, sha256))
        return rows, repeated

    def _check_row(self, one: _Row) -> None:
        for name, text in mistakes(one.item, one.decision, self.desk):
            self.breaks.refuse(one.row.row, COLUMN_OF[name], text)
        if one.item.version != one.row.version:
            text = "the break has changed since the export; export anew and look at it again"
            self.breaks.refuse(one.row.row, _VERB, text)

    def _carry_out(self, rows: Sequence[_Row]) -> None:
        for one in rows:
            try:
                carry_out(self.session, one.item, one.decision, self.desk)
            except AskFinanceError as error:
                self.breaks.refusals.append((one.row.row, _VERB, str(error)))

    def _refuse(self) -> None:
        told = [
            f"{checked.page.ref(row, at)}: {text}"
            for checked in self.sheets
            for row, at, text in sorted(checked.refusals)
        ]
        if told:
            raise AskFinanceError("\n".join([f"nothing was applied; {len(told)} refused:", *told]))

    def _note(self, made: Mapping[str, str]) -> None:
        by, export = self.desk.by, self.export
        break_imports.put(
            self.session, export.export_id, made, file_sha256=by.file_sha256, who=by.who, at=by.at
        )
        detail = {"export_id": export.export_id, "run_id": export.run_id, "decisions": len(made)}
        audit.append(
            self.session, at=by.at, who=by.who, action="import_decisions",
            subject=by.file_sha256, detail=detail,
        )  # fmt: skip
