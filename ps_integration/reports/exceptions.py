"""Open breaks as finance works them: by money at risk, consequences under their root."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from ps_integration.domain.ports import Row
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.lines import BlockedProjectLine, ExceptionLine, Side
from ps_integration.reports.wording import SEVERITY_RANK


class OpenBreak(Protocol):
    """What the report needs of one open break (`stores.operational.models.Break`)."""

    break_id: str
    rule: str
    record_key: str
    period: str
    severity: str
    owner: str
    blocked_kind: str | None
    blocked_id: str | None
    root_break_id: str | None
    opened_at: datetime
    times_seen: int
    facts: dict[str, object]
    at_risk_minor: int | None
    currency: str | None
    assigned_to: str | None
    due_on: date | None


class RuleText(Protocol):
    """What the report needs of one rule's header."""

    @property
    def code(self) -> str:
        """Its code."""

    @property
    def title(self) -> str:
        """What the break is."""

    @property
    def severity(self) -> str:
        """How bad it is by default."""

    @property
    def owner(self) -> str:
        """The role that works it."""

    @property
    def blocks(self) -> bool:
        """Whether it holds posting."""

    @property
    def remedy(self) -> str:
        """What to do."""


def exception_lines(
    found: Iterable[OpenBreak],
    rules: Mapping[str, RuleText],
    owners: Mapping[str, str],
    exchange: Exchange,
    as_of: datetime,
) -> tuple[ExceptionLine, ...]:
    """Every open break; each root is followed by its consequences."""
    breaks = list(found)
    open_ids = {item.break_id for item in breaks}
    lines = [_line(item, rules, owners, exchange, as_of, open_ids) for item in breaks]
    by_root: dict[str, list[ExceptionLine]] = {}
    for line in sorted(lines, key=_by_money):
        by_root.setdefault(line.root_break_id or "", []).append(line)
    ordered = []
    for root in by_root.get("", []):
        ordered.append(root)
        ordered += by_root.get(root.break_id, [])
    return tuple(ordered)


def _by_money(line: ExceptionLine) -> tuple[object, ...]:
    """Most money first; what has no rate after what has one, by its own amount."""
    has_none = line.reporting_minor is None
    return (
        has_none,
        -abs(line.reporting_minor or 0),
        -abs(line.at_risk_minor or 0),
        SEVERITY_RANK.get(line.severity, len(SEVERITY_RANK)),
        line.rule,
        line.record_key,
        line.period,
    )


def _line(
    item: OpenBreak,
    rules: Mapping[str, RuleText],
    owners: Mapping[str, str],
    exchange: Exchange,
    as_of: datetime,
    open_ids: Collection[str],
) -> ExceptionLine:
    rule, facts = rules.get(item.rule), item.facts
    at_risk = None if item.at_risk_minor is None else abs(item.at_risk_minor)
    root = item.root_break_id if item.root_break_id != item.break_id else None
    return ExceptionLine(
        break_id=item.break_id,
        root_break_id=root if root in open_ids else None,
        rule=item.rule,
        title=rule.title if rule else item.rule,
        severity=item.severity,
        owner=owner_name(item.owner, owners),
        remedy=text(facts, "remedy") or (rule.remedy if rule else ""),
        cause=text(facts, "cause") or "unknown",
        detail=text(facts, "detail") or "",
        record_key=item.record_key,
        period=item.period,
        legal_entity=text(facts, "legal_entity"),
        project_id=text(facts, "project_id"),
        customer_key=text(facts, "customer_key"),
        entry_id=text(facts, "entry_id"),
        left=_side(facts, "left"),
        right=_side(facts, "right"),
        difference_seconds=_whole(facts, "difference_seconds"),
        difference_minor=_whole(facts, "difference_minor"),
        at_risk_minor=at_risk,
        currency=item.currency,
        reporting_minor=exchange.minor(at_risk, item.currency),
        opened_at=item.opened_at,
        age_days=max(0, (as_of - item.opened_at).days),
        times_seen=item.times_seen,
        is_new=False,
        blocked_kind=item.blocked_kind,
        blocked_id=item.blocked_id,
        assigned_to=item.assigned_to,
        due_on=item.due_on,
    )


def owner_name(role: str, owners: Mapping[str, str]) -> str:
    """The name people know the owner by, else the role in words."""
    return owners.get(role, role.replace("_", " "))


def text(facts: Mapping[str, object], name: str) -> str | None:
    """One fact of a break as text."""
    value = facts.get(name)
    return None if value is None else str(value)


def _whole(facts: Mapping[str, object], name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) else None


def _side(facts: Mapping[str, object], side: str) -> Side:
    return Side(
        system=text(facts, f"{side}_system"),
        id=text(facts, f"{side}_id"),
        value=text(facts, f"{side}_value"),
    )


def blocked_projects(
    held: Sequence[Row], exceptions: Sequence[ExceptionLine], exchange: Exchange
) -> tuple[BlockedProjectLine, ...]:
    """One line per project and rule that holds it, the most money first."""
    by_id = {line.break_id: line for line in exceptions}
    groups: dict[tuple[str, str, str], list[tuple[Row, ExceptionLine]]] = {}
    for row in held:
        line = by_id.get(str(row["break_id"]))
        if line is not None:
            key = (str(row["project_id"]), line.rule, str(row["currency"] or ""))
            groups.setdefault(key, []).append((row, line))
    lines = [_blocked(key, group, exchange) for key, group in groups.items()]
    return tuple(
        sorted(
            lines,
            key=lambda b: (-abs(b.reporting_minor or 0), -abs(b.held_minor), b.project_id, b.rule),
        )
    )


def _blocked(
    key: tuple[str, str, str], group: Sequence[tuple[Row, ExceptionLine]], exchange: Exchange
) -> BlockedProjectLine:
    project_id, rule, currency = key
    row, line = group[0]
    minor = sum(int(str(item["held_minor"])) for item, _ in group)
    return BlockedProjectLine(
        project_id=project_id,
        name=text(row, "name"),
        legal_entity=text(row, "legal_entity"),
        customer_key=text(row, "customer_key"),
        rule=rule,
        title=line.title,
        break_ids=tuple(sorted({found.break_id for _, found in group})),
        part_count=sum(int(str(item["part_count"])) for item, _ in group),
        seconds=sum(int(str(item["seconds"])) for item, _ in group),
        held_minor=minor,
        currency=currency or None,
        reporting_minor=exchange.minor(minor, currency),
        next_step=line.remedy,
        owner=line.owner,
        since=min(found.opened_at for _, found in group),
    )
