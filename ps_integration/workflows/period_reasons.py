"""What keeps a period from being clean, or from being known to be, with numbers and money."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from ps_integration.domain.breaks import SEVERITIES
from ps_integration.domain.money import hours, money_text
from ps_integration.domain.ports import Queries
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import breaks, periods, quarantine_decisions
from ps_integration.stores.operational.models import Break
from ps_integration.stores.operational.store import Session
from ps_integration.workflows import quarantine_work
from ps_integration.workflows.statements import sql_text

Weight = Literal["wrong", "unknown", "note"]
WEIGHTS: Final = ("wrong", "unknown", "note")
"""It is not clean; it cannot be told; it is good to know."""
_ROLES: Final = ("time", "psa", "erp", "hr", "crm")


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is so, with how many and how much money by currency, where that is known."""

    kind: str
    weight: Weight
    text: str
    count: int = 0
    minor_by_currency: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """One period of one legal entity; `night` is the date of the books."""

    firm: Firm
    legal_entity: str
    period: str
    night: date

    @property
    def systems(self) -> frozenset[str]:
        """The systems that serve the legal entity, at any time."""
        routed = (
            route.system
            for role in _ROLES
            for route in getattr(self.firm.routing, role)
            if route.legal_entity == self.legal_entity
        )
        return frozenset(routed)

    @property
    def params(self) -> dict[str, object]:
        """As the SQL names it."""
        return {"legal_entity": self.legal_entity, "period": self.period}


def of_calendar(scope: Scope, last_day: date) -> Iterator[Reason]:
    """A month that the last night did not see the end of cannot be judged."""
    if scope.night <= last_day:
        text = f"the month ends on {last_day}, and the last night is of {scope.night}"
        yield Reason("calendar", "unknown", text)


def of_breaks(session: Session, scope: Scope) -> Iterator[Reason]:
    """Open breaks by severity and money, and what finance has accepted."""
    found = [
        item for item in breaks.open_breaks(session, with_accepted=True) if _concerns(item, scope)
    ]
    is_open = [item for item in found if item.state == "open"]
    open_ids = {item.break_id for item in is_open}
    for severity in SEVERITIES:
        group = [item for item in is_open if item.severity == severity]
        if group:
            weight: Weight = "note" if severity in scope.firm.breaks.period_ignores else "wrong"
            holding = any(item.blocked_kind for item in group)
            yield _of_group(severity, group, "wrong" if holding else weight, open_ids)
    accepted = [item for item in found if item.state == "accepted"]
    if accepted:
        money = _sums((item.currency, item.accepted_minor) for item in accepted)
        text = f"{_count(len(accepted), 'break')} accepted{_worth(money)}"
        yield Reason("accepted", "note", text, len(accepted), money)


def _of_group(severity: str, group: Sequence[Break], weight: Weight, open_ids: set[str]) -> Reason:
    """Money counts once, at the root."""
    roots = [
        item
        for item in group
        if item.root_break_id not in open_ids or item.root_break_id == item.break_id
    ]
    money = _sums((item.currency, item.at_risk_minor) for item in roots)
    rules = ", ".join(
        f"{rule} {count}" for rule, count in sorted(Counter(i.rule for i in group).items())
    )
    snoozed = sum(item.snoozed_until is not None for item in group)
    put_off = f"; {snoozed} of them put off" if snoozed else ""
    text = f"{_count(len(group), f'{severity} break')} open{_worth(money)}: {rules}{put_off}"
    return Reason(f"breaks_{severity}", weight, text, len(group), money)


def _concerns(item: Break, scope: Scope) -> bool:
    """Whether a break is of the period, or of master data or systems that the period rests on."""
    if item.period not in ("", scope.period):
        return False
    entity = item.facts.get("legal_entity")
    if entity and entity != "unassigned":
        return bool(entity == scope.legal_entity)
    named = {
        item.facts.get("left_system"),
        item.facts.get("right_system"),
        item.facts.get("system"),
    }
    if item.blocked_kind == "system":
        named.add(item.blocked_id)
    known = named - {None, ""}
    return not known or bool(known & scope.systems)


def of_documents(session: Session, scope: Scope) -> Iterator[Reason]:
    """Documents that are not settled: waiting, on their way, unknown, held or dead."""
    for one in periods.open_documents(session, scope.legal_entity, scope.period):
        money = {one.currency: one.amount_minor}
        text = f"{_count(one.count, 'document')} {one.state}{_worth(money)}"
        kind = f"documents_{one.state.replace(' ', '_')}"
        yield Reason(kind, "wrong", text, one.count, money)


def of_books(queries: Queries, scope: Scope) -> Iterator[Reason]:
    """Both equations, corrections owed, time that nobody has approved, and what is deferred."""
    (row,) = queries.rows(sql_text("period_books"), scope.params)
    books = {name: int(str(value)) for name, value in row.items()}
    if books["incomplete"]:
        yield Reason("completeness", "wrong", "approved time is not accounted for", 1)
    if books["untied"]:
        yield Reason("ledger", "wrong", "the ledger does not tie to the ERP", 1)
    if books["owed"]:
        text = f"{_count(books['owed'], 'correction')} owed"
        yield Reason("corrections", "wrong", text, books["owed"])
    if books["unapproved"]:
        spent = hours(books["unapproved_seconds"], 2)
        text = f"{_count(books['unapproved'], 'billable entry')} not approved, {spent} hours"
        yield Reason("unapproved", "wrong", text, books["unapproved"])
    if books["unassigned"]:
        text = f"{_count(books['unassigned'], 'approved entry')} of no legal entity, maybe of it"
        yield Reason("unassigned", "unknown", text, books["unassigned"])
    if books["deferred"]:
        spent = hours(books["deferred_seconds"], 2)
        text = f"{_count(books['deferred'], 'part')} deferred, {spent} hours"
        yield Reason("deferred", "note", text, books["deferred"])


_GAPS: Final = {
    "unread": ("unread", "{0} could not be read whole within its limit"),
    "never_read": ("never_read", "{0} was never read"),
    "records": ("records", "the records of {0} do not add up to what was received"),
    "links": ("links", "{1} of the {0} equation not made of what they should be"),
    "rule": ("rule_could_not_run", "rule {0} could not run"),
}


def of_gaps(queries: Queries, scope: Scope) -> Iterator[Reason]:
    """What the night could not look at; finding nothing there means nothing."""
    rows = queries.rows(sql_text("period_gaps"), {"legal_entity": scope.legal_entity})
    for row in rows:
        kind, text = _GAPS[str(row["gap"])]
        count = int(str(row["record_count"]))
        yield Reason(kind, "unknown", text.format(row["subject"], _count(count, "record")), count)


def of_quarantine(
    queries: Queries, session: Session, scope: Scope, days: tuple[date, date]
) -> Iterator[Reason]:
    """Records in quarantine that may be of the period; what is set aside is only counted.

    Args:
        queries: The warehouse.
        session: The operational store; what people have decided since the last night counts.
        scope: The period.
        days: Its first and last day.
    """
    quarantine_work.require_told(queries)
    closing = periods.closed_by(session, scope.legal_entity, scope.period)
    rows = queries.rows(
        sql_text("period_quarantine"),
        {
            "legal_entity": scope.legal_entity,
            "first_day": days[0],
            "last_day": days[1],
            "closed_at": closing.at if closing else None,
        },
    )
    decided = quarantine_decisions.standing(session)
    found: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        place = (
            str(row["system"]),
            str(row["stream"]),
            str(row["record_id"]),
            str(row["content_sha256"]),
        )
        if not row["is_asked_for"]:
            kind = "" if row["has_period"] else "of_no_period"
        elif place in decided and decided[place].decision == "set_aside":
            kind = "set_aside"
        else:
            kind = "quarantined"
        found.setdefault(place[:2], Counter())[kind] += 1
    for (system, stream), kinds in found.items():
        for kind, (weight, text) in _QUARANTINE.items():
            if count := kinds[kind]:
                said = text.format(f"{_count(count, 'record')} of {system} {stream}")
                yield Reason(kind, weight, said, count)


_QUARANTINE: Final[Mapping[str, tuple[Weight, str]]] = {
    "quarantined": ("unknown", "{0} in quarantine, maybe of it"),
    "set_aside": ("note", "{0} in quarantine set aside"),
    "of_no_period": ("note", "{0} in quarantine, of no period"),
}


def _sums(amounts: Iterable[tuple[str | None, int | None]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for currency, minor in amounts:
        if currency is not None and minor:
            sums[currency] = sums.get(currency, 0) + abs(minor)
    return dict(sorted(sums.items()))


def _worth(money: Mapping[str, int]) -> str:
    if not money:
        return ""
    return ", " + " and ".join(money_text(minor, currency) for currency, minor in money.items())


def _count(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
