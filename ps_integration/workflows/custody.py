"""How the firm file wants open breaks worked: whose, by when, and who is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ps_integration.domain.money import exact_minor
from ps_integration.settings.breaks import Assign, Breaks
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational.break_tending import Alert
from ps_integration.stores.operational.models import Break
from ps_integration.workflows import alerts
from ps_integration.workflows.calendars import Calendars, calendars
from ps_integration.workflows.night import Night

NAME_MAX = 128
"""Characters of a name that the store keeps."""
MANAGER = "project_manager"
"""The owner role whose breaks go to the manager of their project, where one is known."""


@dataclass(frozen=True, slots=True)
class FirmCustodian:
    """The firm's settings, as the life of a break asks for them."""

    today: date
    rules: Breaks
    owners: Mapping[str, str]
    calendars: Calendars

    def assignee(self, item: Break) -> str:
        """The first line of `breaks.assign` that fits, else the project's manager or the role."""
        for line in self.rules.assign:
            if _fits(line, item):
                return line.to
        project = str(item.facts.get("project_id") or "")
        if item.owner == MANAGER and project in self.rules.project_managers:
            return self.rules.project_managers[project]
        return self.owners.get(item.owner, item.owner)[:NAME_MAX]

    def due_on(self, item: Break) -> date:
        """Business days by severity, or fewer for much money, after the episode's first day."""
        days = self.rules.due_business_days.of(item.severity)
        amount, currency = abs(item.at_risk_minor or 0), item.currency or ""
        for sooner in self.rules.due_sooner:
            above = sooner.above.get(currency)
            if above is not None and amount > exact_minor(Decimal(above), currency):
                days = min(days, sooner.business_days)
        calendar = self.calendars.of(item.facts.get("legal_entity"))
        return calendar.after(calendar.day(item.episode_at or item.opened_at), days)

    def is_alerted(self, item: Break) -> bool:
        """Whether its severity is told of at once."""
        return item.severity in self.rules.alert_severities

    def is_much_worse(self, item: Break) -> bool:
        """Whether the money at risk has grown past the threshold since the alert before."""
        before, now = item.alerted_minor or 0, abs(item.at_risk_minor or 0)
        percent = self.rules.alert_growth_percent.of(item.severity)
        return now > before and now * 100 > before * (100 + percent)


def _fits(line: Assign, item: Break) -> bool:
    pairs = (
        (line.owner, item.owner),
        (line.rule, item.rule),
        (line.legal_entity, item.facts.get("legal_entity")),
        (line.project, item.facts.get("project_id")),
    )
    return all(wanted in ("", value) for wanted, value in pairs)


def custodian(firm: Firm, today: date) -> FirmCustodian:
    """The custodian of a firm on one day.

    Raises:
        FixConfigError: A holiday calendar is not known.
    """
    return FirmCustodian(today, firm.breaks, firm.owners, calendars(firm))


def put_alerts(night: Night, due: list[Alert]) -> None:
    """Write the night's alerts about breaks where others look for alerts."""
    for one in due:
        alerts.put(night.folder, _line(one, night))


def _line(one: Alert, night: Night) -> dict[str, object]:
    return {
        "at": night.as_of.isoformat(),
        "alert": f"break_{one.why}",
        "run_id": night.run_id,
        "break_id": one.break_id,
        "rule": one.rule,
        "record_key": one.record_key,
        "severity": one.severity,
        "assigned_to": one.assigned_to,
        "at_risk_minor": one.at_risk_minor,
        "currency": one.currency,
        "due_on": None if one.due_on is None else one.due_on.isoformat(),
    }


def owner_choices(firm: Firm, roles: frozenset[str]) -> tuple[str, ...]:
    """Everybody a break can be given to: people, queues of the firm file, and owner roles.

    Args:
        firm: The firm file.
        roles: Owner roles of the rules.
    """
    named = {firm.owners.get(role, role)[:NAME_MAX] for role in roles | {MANAGER}}
    named |= {line.to for line in firm.breaks.assign} | set(firm.breaks.project_managers.values())
    return tuple(sorted(named | set(firm.approval.people)))
