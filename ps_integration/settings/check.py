"""What one key cannot show alone: references between parts of a firm file, gaps and overlaps."""

from collections.abc import Iterable, Iterator
from datetime import date

from ps_integration.settings.approval import check_approval
from ps_integration.settings.breaks import check_breaks
from ps_integration.settings.business import check_business
from ps_integration.settings.firm import Firm, Route
from ps_integration.settings.yaml_source import KeyPath

Problem = tuple[KeyPath, str]


def cross_check(firm: Firm) -> Iterator[Problem]:
    """Yield every mistake that needs more than one key to be seen."""
    yield from _duplicates("systems", [system.id for system in firm.systems])
    yield from _duplicates("legal_entities", [entity.id for entity in firm.legal_entities])
    yield from _references(firm)
    yield from _routes(firm)
    yield from check_approval(firm.approval)
    yield from check_breaks(firm.breaks, frozenset(entity.id for entity in firm.legal_entities))
    currencies = {entity.id: entity.currency for entity in firm.legal_entities}
    yield from check_business(firm.business, currencies)
    for index, entity in enumerate(firm.legal_entities):
        if (entity.invoice_date == "billing_calendar") != (entity.billing_day is not None):
            said = "belongs to invoice_date billing_calendar, which needs it"
            yield ("legal_entities", index, "billing_day"), said
    for index, system in enumerate(firm.systems):
        if system.valid_from >= system.valid_to:
            yield ("systems", index, "valid_to"), "must be after valid_from"


def _duplicates(section: str, ids: list[str]) -> Iterator[Problem]:
    for index, value in enumerate(ids):
        if value in ids[:index]:
            yield (section, index, "id"), f"{value!r} is used twice"


def _references(firm: Firm) -> Iterator[Problem]:
    systems = {system.id for system in firm.systems}
    entities = {entity.id for entity in firm.legal_entities}
    uses: list[tuple[KeyPath, str, set[str], str]] = []
    for index, live in enumerate(firm.going_live):
        uses.append((("going_live", index, "time_system"), live.time_system, systems, "system"))
        uses.append(
            (("going_live", index, "legal_entity"), live.legal_entity, entities, "legal entity")
        )
    uses += [
        (("ownership", index, "system"), owner.system, systems, "system")
        for index, owner in enumerate(firm.ownership)
    ]
    uses += [
        (("crosswalk", index, "system"), row.system, systems, "system")
        for index, row in enumerate(firm.crosswalk)
    ]
    if firm.rates.source is not None:
        uses.append((("rates", "source"), firm.rates.source, systems, "system"))
    for index, system in enumerate(firm.systems):
        uses += [
            (("systems", index, "legal_entities", at), entity, entities, "legal entity")
            for at, entity in enumerate(system.legal_entities)
        ]
    for key_path, value, known, kind in uses:
        if value not in known:
            yield key_path, f"{value!r} is no {kind} of this file ({', '.join(sorted(known))})"


def _routes(firm: Firm) -> Iterator[Problem]:
    systems = {system.id: system for system in firm.systems}
    entities = {entity.id for entity in firm.legal_entities}
    for role in ("time", "psa", "erp", "hr", "crm"):
        routes: tuple[Route, ...] = getattr(firm.routing, role)
        for index, route in enumerate(routes):
            at: KeyPath = ("routing", role, index)
            if route.system not in systems:
                yield (*at, "system"), f"{route.system!r} is no system of this file"
            elif role not in systems[route.system].roles:
                yield (*at, "system"), f"{route.system!r} does not have the role {role!r}"
            if route.legal_entity not in entities:
                yield (*at, "legal_entity"), f"{route.legal_entity!r} is no legal entity here"
            if route.valid_from >= route.valid_to:
                yield (*at, "valid_to"), "must be after valid_from"
        yield from _overlaps(role, routes)


def _overlaps(role: str, routes: Iterable[Route]) -> Iterator[Problem]:
    seen: list[tuple[str, date, date]] = []
    for index, route in enumerate(routes):
        for entity, start, end in seen:
            if entity == route.legal_entity and route.valid_from < end and start < route.valid_to:
                yield (
                    ("routing", role, index),
                    f"{entity} has two {role} systems on the same date; one must end first",
                )
        seen.append((route.legal_entity, route.valid_from, route.valid_to))
