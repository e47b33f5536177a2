"""Nights of one small firm after mutations, beside the same night of a twin without any."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from ps_integration.stores.operational.kinds import UNWITNESSED
from ps_integration_tests.between.mutation import Mutation, apply, grouped
from ps_integration_tests.between.trail import REFUSED, told
from ps_integration_tests.regressions.firm import Firm, served
from ps_integration_tests.upgrades.packed import unpack

STATE: Final = Path("data") / "northlight"
LAST, TONIGHT = "2026-04-09", "2026-04-10"
_FIGURES: Final = {
    "parts": "select entry_id, part, disposition, reason, amount_minor, seconds, document_ref"
    " from billing.dispositions order by all",
    "owed": "select entry_id, owed_minor, reason, state from billing.corrections_owed order by all",
    "balance": "from billing.ledger_equation order by all",
    "complete": "from billing.completeness order by all",
    "records": "from billing.record_counts order by all",
    "documents": "select document_ref, state, amount_minor from ops.documents order by all",
    "breaks": "select rule, record_key, period, cause, at_risk_minor"
    " from reconciliation.found order by all",
}


@dataclass(frozen=True)
class Night:
    """How one night ended.

    Attributes:
        said: The sentence it ended with instead of a report; empty = it has a report.
        alerts: What the report puts first.
        failed: Blocking checks that failed.
        figures: Rows of every table of `_FIGURES`.
        sent: The ERP's documents.
    """

    said: str
    alerts: tuple[str, ...]
    failed: tuple[str, ...]
    figures: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    sent: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What became of one mutation: repaired, equal, named, refused, exempt, lost or sent.

    `stopped`: the audit trail names it, and the night that it shared ended with a sentence.
    """

    mutation: Mutation
    state: str
    how: str = ""


class Trial:
    """A firm as the night before left it, and its twin's night."""

    def __init__(self, place: Path, nights_at_most: int = 100) -> None:
        """Lay the firm, play its last night and the twin's.

        Args:
            place: An empty folder.
            nights_at_most: Nights after which groups that ended with a sentence are not halved.
        """
        self._place = place
        self.base = place / "base"
        unpack("northlight", self.base)
        with served(self.base) as firm:
            firm.night(LAST)
        self.nights = 0
        self.twin = self._night([])
        self.nights_at_most = nights_at_most

    @property
    def state(self) -> Path:
        """Where the stores are that mutations are generated from."""
        return self.base / STATE

    def judge(self, mutations: Sequence[Mutation], together: int) -> Iterator[Verdict]:
        """Say what became of each: of the trail one by one, of nights in groups.

        What the trail does not notice must leave the night as its twin's, be repaired or named.
        What it notices must not send a document. A group that does otherwise is halved until one
        is alone.
        """
        silent = [one for one in mutations if one.store == "warehouse"]
        witnessed: dict[Mutation, str] = {}
        store = [one for one in mutations if one.store == "operational"]
        for one, how in told(self.state, store, self._place / "mutated.sqlite"):
            if how == REFUSED:
                yield Verdict(one, "refused", how)
            elif how.startswith("unexpected"):
                yield Verdict(one, "lost", how)
            elif how:
                witnessed[one] = how
            else:
                silent.append(one)
        for group in grouped(silent, together):
            yield from self._silent(group)
        for group in grouped([*witnessed], together):
            yield from self._witnessed(group, witnessed)

    def _silent(self, group: Sequence[Mutation]) -> Iterator[Verdict]:
        night = self._night(group)
        if self._is_equal(night):
            for one in group:
                is_told = any(one.table in alert for alert in night.alerts)
                yield Verdict(one, "repaired" if is_told else "equal")
        elif len(group) > 1:
            for half in _halves(group):
                yield from self._silent(half)
        else:
            yield self._alone(group[0], night)

    def _witnessed(
        self, group: Sequence[Mutation], told: Mapping[Mutation, str]
    ) -> Iterator[Verdict]:
        night = self._night(group)
        is_bad = bool(self._more(night)) or night.said.startswith("unexpected")
        is_stopped = bool(night.said) and len(group) > 1
        if len(group) > 1 and (is_bad or (is_stopped and self.nights < self.nights_at_most)):
            for half in _halves(group):
                yield from self._witnessed(half, told)
            return
        for one in group:
            if is_bad:
                state = "sent" if self._more(night) else "lost"
                yield Verdict(one, state, night.said or str(self._more(night)))
            else:
                how = f"{told[one]}; {night.said}" if night.said else told[one]
                yield Verdict(one, "stopped" if is_stopped else "named", how)

    def _more(self, night: Night) -> Counter[tuple[Any, ...]]:
        """Documents of the ERP that the twin's night did not send."""
        return Counter(night.sent) - Counter(self.twin.sent)

    def _alone(self, one: Mutation, night: Night) -> Verdict:
        if self._more(night):
            return Verdict(one, "sent", str(self._more(night)))
        how = self._named(night)
        if how.startswith("unexpected"):
            return Verdict(one, "lost", how)
        if how:
            return Verdict(one, "named", how)
        reason = reason_of(one)
        return Verdict(one, "exempt" if reason else "lost", reason or self._difference(night))

    def _named(self, night: Night) -> str:
        if night.said:
            return night.said
        if night.failed != self.twin.failed:
            return f"check {', '.join(night.failed)}"
        more = set(night.figures["breaks"]) - set(self.twin.figures["breaks"])
        new = [alert for alert in night.alerts if alert not in self.twin.alerts]
        return f"break {min(more)[0]}" if more else " ".join(new)

    def _difference(self, night: Night) -> str:
        names = [
            name for name, rows in self.twin.figures.items() if night.figures.get(name) != rows
        ]
        return f"{', '.join(names)} differ from the twin's"

    def _is_equal(self, night: Night) -> bool:
        twin = self.twin
        return not night.said and (night.failed, night.figures, night.sent) == (
            twin.failed,
            twin.figures,
            twin.sent,
        )

    def _night(self, mutations: Sequence[Mutation]) -> Night:
        self.nights += 1
        folder = self._place / "night"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.base, folder)
        apply(folder / STATE, [*mutations])
        with served(folder) as firm:
            return _played(firm)


def reason_of(one: Mutation) -> str:
    """Why a column or table of the operational store is not witnessed; empty when it is."""
    names = (one.table, f"{one.table}.{one.what}", f"{one.table} seen")
    return next((UNWITNESSED[name] for name in names if name in UNWITNESSED), "")


def _halves(group: Sequence[Mutation]) -> tuple[Sequence[Mutation], Sequence[Mutation]]:
    middle = len(group) // 2
    return group[:middle], group[middle:]


def _played(firm: Firm) -> Night:
    answer = firm.run("nightly", "--as-of", TONIGHT, "--json")
    data = answer.data if answer.text.strip() else {}
    sent = tuple(sorted(firm.documents()))
    if "verdict" not in data:
        said = str(data.get("message") or answer.errors or f"ended {answer.code} without a word")
        is_known = data.get("error") and not said.startswith("unexpected")
        return Night(said if is_known else f"unexpected: {said}", (), (), {}, sent)
    with duckdb.connect(firm.folder / STATE / "snapshot.duckdb", read_only=True) as copy:
        figures = {name: copy.execute(query).fetchall() for name, query in _FIGURES.items()}
    return Night("", tuple(data["alerts"]), tuple(data["failed_checks"]), figures, sent)
