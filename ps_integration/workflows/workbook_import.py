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
from ps_integration.domain.seal import digest
from ps_integration.errors import AskFinanceError
from ps_integration.reports import working
from ps_integration.stores.operational import audit, break_imports, rights
from ps_integration.stores.operational.models import Break
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.break_work import Decision, Desk, carry_out, mistakes
from ps_integration.workflows.workbook_check import Checked, Export, WorkRow, check, export_of
from ps_integration.workflows.workbook_decisions import COLUMN_OF, in_words, read_decision
from ps_integration.workflows.workbook_read import Page, read_pages

_VERB: Final = COLUMN_OF["verb"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to.

    Attributes:
        file_sha256: Hash of the file.
        decided: The breaks that were decided about, with what was decided.
        repeated: How many decisions an earlier import had carried out already.
        earlier: When and by whom, where there was one.
        is_dry: Whether nothing was kept on purpose.
    """

    file_sha256: str
    decided: Mapping[str, Decision]
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


def import_workbook(
    store: OperationalStore,
    data: bytes,
    desk: Desk,
    keys: Sequence[bytes],
    firm: str,
    *,
    is_dry: bool = False,
) -> Imported:
    """Carry out every decision of a workbook, or none.

    Args:
        store: The operational store.
        data: The file.
        desk: Who imports.
        keys: The firm's keys for workbooks, the current one first.
        firm: The firm's id.
        is_dry: Check everything and keep nothing.

    Raises:
        FixConfigError: It is no exception workbook of this firm.
        AskFinanceError: Every cell that is refused, a line each; nothing was applied.
    """
    pages = read_pages(data, (working.SHEET, working.EXPORT))
    export, page = export_of(pages, keys, firm), pages[working.SHEET]
    checked = check(page, export)
    sha256 = hashlib.sha256(data).hexdigest()
    at_desk = replace(desk, by=replace(desk.by, file_sha256=sha256))
    try:
        with store.session() as session:
            result = _apply(session, page, export, checked, at_desk)
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


def _apply(session: Session, page: Page, export: Export, checked: Checked, desk: Desk) -> Imported:
    rights.one_at_a_time(session)
    done = break_imports.carried_out(session, export.export_id)
    rows, repeated = _decided(session, page, checked, done.decisions)
    for one in rows:
        _check_row(checked, one, desk)
    _refuse(page, checked)
    for one in rows:
        try:
            carry_out(session, one.item, one.decision, desk)
        except AskFinanceError as error:
            checked.refusals.append((one.row.row, _VERB, str(error)))
    _refuse(page, checked)
    if rows:
        _note(session, export, rows, desk)
    decided = {one.item.break_id: one.decision for one in rows}
    return Imported(desk.by.file_sha256, decided, repeated, done.said, is_dry=False)


def _decided(
    session: Session, page: Page, checked: Checked, done: Mapping[str, str]
) -> tuple[list[_Row], int]:
    """Rows that decide something new, and how many decide what was carried out before."""
    rows, repeated = [], 0
    for row in checked.rows:
        item = session.get(Break, row.break_id, with_for_update=True)
        if item is None:
            checked.refusals.append((row.row, working.AT["Break"], "no such break is known here"))
            continue
        decision, wrong = read_decision(page, row.row, item.currency)
        checked.refusals += [(row.row, COLUMN_OF[name], text) for name, text in wrong]
        sha256 = digest(list(in_words(decision)))
        if done.get(row.break_id) == sha256:
            repeated += 1
        elif not decision.is_empty:
            rows.append(_Row(row, item, decision, sha256))
    return rows, repeated


def _check_row(checked: Checked, one: _Row, desk: Desk) -> None:
    refusals = [
        (one.row.row, COLUMN_OF[name], text)
        for name, text in mistakes(one.item, one.decision, desk)
    ]
    if one.item.version != one.row.version:
        text = "the break has changed since the export; export anew and look at it again"
        refusals.append((one.row.row, _VERB, text))
    known = {(row, at) for row, at, _ in checked.refusals}
    for row, at, text in refusals:  # one refusal a cell: the first says most
        if (row, at) not in known:
            checked.refusals.append((row, at, text))
            known.add((row, at))


def _refuse(page: Page, checked: Checked) -> None:
    if checked.refusals:
        told = [f"{page.ref(row, at)}: {text}" for row, at, text in sorted(checked.refusals)]
        raise AskFinanceError("\n".join([f"nothing was applied; {len(told)} refused:", *told]))


def _note(session: Session, export: Export, rows: Sequence[_Row], desk: Desk) -> None:
    made = {one.item.break_id: one.sha256 for one in rows}
    by = desk.by
    break_imports.put(
        session, export.export_id, made, file_sha256=by.file_sha256, who=by.who, at=by.at
    )
    detail = {"export_id": export.export_id, "run_id": export.run_id, "decisions": len(made)}
    audit.append(
        session, at=by.at, who=by.who, action="import_decisions", subject=by.file_sha256,
        detail=detail,
    )  # fmt: skip
