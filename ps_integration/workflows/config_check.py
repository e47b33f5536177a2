"""Checks a firm file with everything the layers above settings know: vendors and rules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ps_integration.connectors import registry
from ps_integration.connectors.setup import Vendor
from ps_integration.domain.invoice_dates import LEAVES_THE_MONTH, InvoiceDatePolicy
from ps_integration.errors import FixConfigError
from ps_integration.reconciliation.rule import load_rules
from ps_integration.settings.firm import Firm, LegalEntity, System
from ps_integration.settings.load import FirmFile, Problem, load_firm
from ps_integration.workflows.calendars import holidays_of

_DATED_THERE: Final[frozenset[InvoiceDatePolicy]] = frozenset({"last_work_day", "day_of_sending"})
"""Policies an ERP that dates invoices itself is left with: the default, and what it does."""


def load_checked(path: Path) -> FirmFile:
    """Load a firm file and check vendors' options and rule codes too.

    Raises:
        FixConfigError: Every mistake, one line each.
    """
    return load_firm(path, (_systems, _books, _companies, _accounts, _rules, _calendars))


def _systems(firm: Firm) -> Iterator[Problem]:
    known = registry.VENDORS
    for index, system in enumerate(firm.systems):
        if system.vendor not in known:
            names = ", ".join(sorted(known))
            yield ("systems", index, "vendor"), f"{system.vendor!r} is not one of: {names}"
            continue
        yield from _options(index, system)


def _options(index: int, system: System) -> Iterator[Problem]:
    try:
        registry.options_model(system.vendor).model_validate(system.options)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield ("systems", index, "options", *detail["loc"]), str(detail["msg"])


def _books(firm: Firm) -> Iterator[Problem]:
    """Whether what a legal entity posts can be posted where it is routed, to the same cent."""
    places = {system.id: at for at, system in enumerate(firm.systems)}
    entities = {entity.id: (at, entity) for at, entity in enumerate(firm.legal_entities)}
    seen: set[tuple[str, str]] = set()
    for route in firm.routing.erp:
        if route.system not in places or (route.legal_entity, route.system) in seen:
            continue
        seen.add((route.legal_entity, route.system))
        system = firm.systems[places[route.system]]
        known = registry.VENDORS.get(system.vendor)
        if known is None or route.legal_entity not in entities:
            continue
        for name in known.lacks_to_post(system):
            said = f"is missing, and {route.legal_entity} posts to {system.id} (routing.erp)"
            yield ("systems", places[system.id], "options", name), said
        at, entity = entities[route.legal_entity]
        if known.rounding not in (None, entity.rounding):
            said = (
                f"{system.id} ({system.vendor}) rounds {known.rounding}, so {entity.rounding} "
                f"would make other amounts; set {known.rounding}"
            )
            yield ("legal_entities", at, "rounding"), said
        if refused := _dating(entity, system, known):
            yield ("legal_entities", at, "invoice_date"), refused


def _dating(entity: LegalEntity, system: System, vendor: Vendor) -> str:
    """Why an ERP cannot date a legal entity's invoices by its policy; empty when it can."""
    policy, name = entity.invoice_date, f"{system.id} ({system.vendor})"
    try:
        dates = vendor.dates(system)
    except ValidationError:  # the options themselves are told as wrong
        return ""
    if dates == "one" and policy in LEAVES_THE_MONTH:
        return (
            f"{name} has one date, by which revenue is counted too, so {policy} could move revenue "
            "into another month; set last_work_day or end_of_period"
        )
    if dates == "own" and policy not in _DATED_THERE:
        return (
            f"{name} dates invoices itself, on the day they are posted, so {policy} would not "
            "hold; let it take our date (options.invoice_date: document) or set day_of_sending"
        )
    return ""


def _companies(firm: Firm) -> Iterator[Problem]:
    """Whether each route to an ERP names one of the companies that are read and written there."""
    systems = {system.id: (at, system) for at, system in enumerate(firm.systems)}
    for at, route in enumerate(firm.routes("erp")):
        index, system = systems.get(route.system, (0, None))
        if system is None or not system.companies or route.company in system.companies.values():
            continue
        if route.company:
            said = f"options.companies of {system.id} has no company {route.company!r}"
            yield ("routing", "erp", at, "company"), f"{said}: it is neither read nor written"
        else:
            said = f"names no company for {route.legal_entity}, which posts to {system.id}"
            yield ("systems", index, "options", "companies"), f"{said} (routing.erp)"


def _accounts(firm: Firm) -> Iterator[Problem]:
    """Whether the revenue account of the firm file is one that each ERP is set up for."""
    account = firm.posting.revenue_account
    posted_to = {route.system for route in firm.routing.erp} if account else set()
    for at, system in enumerate(firm.systems):
        known = registry.VENDORS.get(system.vendor)
        if system.id not in posted_to or known is None or known.revenue_option is None:
            continue
        told = system.options.get(known.revenue_option)
        if not isinstance(told, list | tuple | dict) or account not in told:
            said = f"lacks {account}, the account that posting.revenue_account books time on"
            yield ("systems", at, "options", known.revenue_option), said


def _calendars(firm: Firm) -> Iterator[Problem]:
    for index, entity in enumerate(firm.legal_entities):
        try:
            holidays_of(entity.holiday_calendar)
        except FixConfigError as error:
            yield ("legal_entities", index, "holiday_calendar"), str(error)


def _rules(firm: Firm) -> Iterator[Problem]:
    codes = {rule.code for rule in load_rules(firm.rules_path)}
    for code in firm.rules:
        if code not in codes:
            yield ("rules", code), f"there is no rule {code}; known: {', '.join(sorted(codes))}"
    for index, line in enumerate(firm.breaks.assign):
        if line.rule and line.rule not in codes:
            yield ("breaks", "assign", index, "rule"), f"there is no rule {line.rule}"
