"""Nights of one small firm after mutations, beside the same night of a twin without any."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from ps_integration_tests.between.mutation import Mutation, apply
from ps_integration_tests.regressions.firm import Firm, served
from ps_integration_tests.upgrades.packed import unpack

STATE: Final = Path("data") / "northlight"
LAST, TONIGHT = "2026-04-09", "2026-04-10"
EXEMPT: Final = {
    "alembic_version": "the version of the tables; another one is refused at the start",
}
"""Operational tables, or columns of them, that may differ without being named; why."""
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
        audit: What the audit trail's check found.
    """

    said: str
    alerts: tuple[str, ...]
    failed: tuple[str, ...]
    figures: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    sent: tuple[tuple[Any, ...], ...] = ()
    audit: str = ""


@dataclass(frozen=True)
class Verdict:
    """What became of one mutation: repaired, equal, named, refused, exempt, lost or sent."""

    mutation: Mutation
    state: str
    how: str = ""


class Trial:
    """A firm as the night before left it, and its twin's night."""

    def __init__(self, place: Path) -> None:
        """Lay the firm, play its last night and the twin's."""
        self._place = place
        self.base = place / "base"
        unpack("northlight", self.base)
        with served(self.base) as firm:
            firm.night(LAST)
        self.twin = self._night([], audit=True)
        self.nights = 0

    @property
    def state(self) -> Path:
        """Where the stores are that mutations are generated from."""
        return self.base / STATE

    def judge(self, mutations: Sequence[Mutation], together: int) -> Iterator[Verdict]:
        """Play them in groups; a group whose night differs is halved until one is alone."""
        tried: list[Mutation] = []
        for one in mutations:
            reason = EXEMPT.get(one.table) or EXEMPT.get(f"{one.table}.{one.what}")
            if reason:
                yield Verdict(one, "exempt", reason)
            else:
                tried.append(one)
        for start in range(0, len(tried), together):
            yield from self._group(tried[start : start + together])

    def _group(self, group: Sequence[Mutation]) -> Iterator[Verdict]:
        night = self._night(list(group), audit=group[0].store == "operational")
        if self._is_equal(night):
            for one in group:
                is_told = any(one.table in alert for alert in night.alerts)
                yield Verdict(one, "repaired" if is_told else "equal")
        elif len(group) > 1:
            half = len(group) // 2
            yield from self._group(group[:half])
            yield from self._group(group[half:])
        else:
            yield self._alone(group[0], night)

    def _alone(self, one: Mutation, night: Night) -> Verdict:
        if set(night.sent) - set(self.twin.sent):
            return Verdict(one, "sent", str(set(night.sent) - set(self.twin.sent)))
        how = self._named(night)
        if how.startswith("unexpected"):
            return Verdict(one, "lost", how)
        return Verdict(one, "named" if how else "lost", how or self._difference(night))

    def _named(self, night: Night) -> str:
        if night.said:
            return night.said
        if night.audit != self.twin.audit:
            return "audit verify"
        if night.failed != self.twin.failed:
            return f"check {', '.join(night.failed)}"
        more = set(night.figures["breaks"]) - set(self.twin.figures["breaks"])
        return f"break {min(more)[0]}" if more else " ".join(night.alerts)

    def _difference(self, night: Night) -> str:
        names = [
            name for name, rows in self.twin.figures.items() if night.figures.get(name) != rows
        ]
        return f"{', '.join(names)} differ from the twin's"

    def _is_equal(self, night: Night) -> bool:
        twin = self.twin
        return (
            not night.said
            and (night.failed, night.figures, night.sent) == (twin.failed, twin.figures, twin.sent)
            and (not night.audit or night.audit == twin.audit)
        )

    def _night(self, mutations: list[Mutation], *, audit: bool) -> Night:
        folder = self._place / "night"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.base, folder)
        apply(folder / STATE, mutations)
        with served(folder) as firm:
            verified = _verified(firm) if audit else ""
            return _played(firm, verified)


def _verified(firm: Firm) -> str:
    answer = firm.run("audit", "verify")
    return f"{answer.code} {answer.text[:2000] if answer.code else ''}"


def _played(firm: Firm, audit: str) -> Night:
    answer = firm.run("nightly", "--as-of", TONIGHT, "--json")
    data = answer.data if answer.text.strip() else {}
    if "verdict" not in data:
        said = str(data.get("message") or answer.errors or f"ended {answer.code} without a word")
        is_known = data.get("error") and not said.startswith("unexpected")
        sent = tuple(sorted(firm.documents()))
        return Night(said if is_known else f"unexpected: {said}", (), (), {}, sent, audit)
    with duckdb.connect(firm.folder / STATE / "snapshot.duckdb", read_only=True) as copy:
        figures = {name: copy.execute(query).fetchall() for name, query in _FIGURES.items()}
    return Night(
        "",
        tuple(data["alerts"]),
        tuple(data["failed_checks"]),
        figures,
        tuple(sorted(firm.documents())),
        audit,
    )
