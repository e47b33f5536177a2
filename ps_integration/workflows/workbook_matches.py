"""Carries out what people filled into the sheet Matches, as `ps-integration matches` would.

The caller owns the transaction and applies all of the workbook or nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ps_integration.domain.ports import Queries
from ps_integration.domain.seal import digest
from ps_integration.errors import AskFinanceError
from ps_integration.reports import working_matches
from ps_integration.stores.operational import match_decisions, match_reading
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.stores.operational.models import MatchDecision
from ps_integration.stores.operational.store import Session
from ps_integration.workflows import match_work
from ps_integration.workflows.break_work import unprintable
from ps_integration.workflows.match_offers import (
    DECISION_VERBS,
    OFFER_VERBS,
    PROPOSAL_VERBS,
    Offer,
    decision_key,
    offered,
)
from ps_integration.workflows.match_work import Asked
from ps_integration.workflows.workbook_check import Checked, WorkRow

_VERB: Final = working_matches.FORM.at("Decision")
_NOTE: Final = working_matches.FORM.at("Note")
_STALE: Final = "since the export; export anew and look at it again"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided about one match."""

    verb: str
    note: str

    @property
    def sha256(self) -> str:
        """Names what is decided."""
        return digest([self.verb, self.note])


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One row that decides something new."""

    row: WorkRow
    choice: Choice


@dataclass
class Matches:
    """The sheet that came back, and what it is held against.

    Attributes:
        session: The caller's transaction.
        queries: The warehouse as the last night left it.
        checked: The sheet; refusals are added to it.
        by: Who imports; the note is each row's.
    """

    session: Session
    queries: Queries
    checked: Checked
    by: Decider
    rows: list[MatchRow] = field(default_factory=list)

    def read(self, done: Mapping[str, str]) -> int:
        """Read what is decided; how much of it an earlier import has carried out already."""
        repeated = 0
        for row in self.checked.rows:
            choice = self._choice(row)
            if choice is None:
                continue
            if done.get(row.key) == choice.sha256:
                repeated += 1
            else:
                self.rows.append(MatchRow(row, choice))
        return repeated

    def look(self) -> None:
        """Refuse rows that are not as they were, and rows that contradict each other."""
        taken: dict[str, int] = {}
        refused = {row for row, _, _ in self.checked.refusals}
        for one in self.rows:
            if one.row.row in refused:
                continue
            if text := self._stale(one.row):
                self._refuse(one.row, _VERB, text)
            elif one.choice.verb == "accept":
                offer = self._offers[one.row.key]
                names = [*offer.lines, *offer.entries]
                rows = [taken[name] for name in names if name in taken]
                if rows:
                    told = f"row {rows[0] + 1} accepts a match with the same line or entry"
                    self._refuse(one.row, _VERB, told)
                taken.update(dict.fromkeys(names, one.row.row))

    def carry_out(self) -> None:
        """Decide; what is taken back first, so that its line and entries are free again."""
        for one in sorted(self.rows, key=lambda one: (one.choice.verb != "withdraw", one.row.row)):
            try:
                self._decide(one)
            except AskFinanceError as error:
                self._refuse(one.row, _VERB, str(error))

    def _decide(self, one: MatchRow) -> None:
        by = Decider(self.by.who, self.by.at, one.choice.note, self.by.rules, self.by.file_sha256)
        if one.choice.verb == "withdraw":
            match_decisions.withdraw(self.session, one.row.version, by)
            return
        if one.choice.verb == "confirm":
            match_work.confirm_in(self.session, self.queries, one.row.version, by)
            return
        offer = self._offers[one.row.key]
        if one.choice.verb == "accept":
            match = match_work.to_accept(self.queries, Asked(offer.lines, offer.entries))
            match_decisions.accept(self.session, match, by)
            return
        for line in offer.lines:
            for match in match_work.to_reject(self.queries, Asked((line,), offer.entries)):
                match_decisions.reject(self.session, match, by)

    @cached_property
    def _offers(self) -> Mapping[str, Offer]:
        return {offer.key: offer for offer in offered(self.queries)}

    @cached_property
    def _standing(self) -> Mapping[str, MatchDecision]:
        standing = match_reading.standing(self.session)
        return {decision_key(one.decision_id): one for one in standing}

    def _choice(self, row: WorkRow) -> Choice | None:
        """What a row decides; None when nothing, or nothing that can be read."""
        verb, note = (self.checked.page.value(row.row, at) for at in (_VERB, _NOTE))
        choice = Choice(str(verb).strip().casefold(), str(note).strip())
        wrong = list(_wrong(self._verbs(row), verb, note, choice))
        for at, text in wrong:
            self._refuse(row, at, text)
        return None if wrong or choice == Choice("", "") else choice

    def _verbs(self, row: WorkRow) -> tuple[str, ...]:
        """What may be decided of a row."""
        if not row.key.startswith("decision "):
            return OFFER_VERBS
        standing = self._standing.get(row.key)
        is_waiting = standing is None or standing.decision == "proposed"
        return PROPOSAL_VERBS if is_waiting else DECISION_VERBS

    def _stale(self, row: WorkRow) -> str:
        if row.key.startswith("decision "):
            return "" if row.key in self._standing else f"it was taken back or confirmed {_STALE}"
        offer = self._offers.get(row.key)
        if offer is None:
            return (
                f"the line or its entries have changed {_STALE}: the last night offers it no more"
            )
        if offer.version != row.version:
            return f"the line, its entries or what else it may bill have changed {_STALE}"
        return ""

    def _refuse(self, row: WorkRow, at: int, text: str) -> None:
        self.checked.refuse(row.row, at, text)


def _wrong(
    verbs: tuple[str, ...], verb: object, note: object, choice: Choice
) -> Iterator[tuple[int, str]]:
    is_known = choice.verb in ("", *verbs)
    if not is_known:
        yield _VERB, f"{verb!r} is no decision here; choose {', '.join(verbs)} or nothing"
    if not isinstance(note, str):
        yield _NOTE, f"{note!r} is not text"
        return
    if choice.verb and is_known and not choice.note:
        yield _NOTE, f"say why: {choice.verb} needs a note"
    if choice.note and not choice.verb:
        yield _VERB, "a note goes with a decision; choose one, or empty the note"
    if len(choice.note) > match_decisions.TEXT_MAX:
        told = f"has {len(choice.note):,} characters"
        yield _NOTE, f"{told}, at most {match_decisions.TEXT_MAX:,} are kept"
    if told := unprintable(choice.note):
        yield _NOTE, told
