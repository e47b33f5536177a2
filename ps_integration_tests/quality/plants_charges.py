"""Work that others bill us for: people of another entity, and of suppliers."""

from collections import Counter
from decimal import Decimal
from functools import partial

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.clean import OLD, minor, price_of
from ps_integration_tests.quality.firm import ENTITIES
from ps_integration_tests.quality.planter import Planter, mail, number_of, project_of
from ps_integration_tests.quality.world import World

COSTS = ("not_synced_yet", "wrong_project", "wrong_date", "unapproved", "unknown", "whole month")
CAUSES = ("not_synced_yet", "wrong_project", "wrong_date", "")
HOMES = {0: "UK", 1: "US"}
"""Whose a person becomes, by the entity it was of; both keep their time in one system."""


def charges(planter: Planter) -> None:
    """BL07; every fourth is charged as it should be and quiet."""
    works = _moved(planter)
    for turn, (home, entity, key) in enumerate(sorted(works)):
        cause = CAUSES[turn % len(CAUSES)]
        planter.begin()
        if cause:
            planter.label("BL07", f"{home}|{key}|{ENTITIES[entity]}", cause, "bc")
        if cause != "not_synced_yet":
            planter.world.put(
                "intercompany_charges", "bc", f"charge-{turn}", from_legal_entity=home,
                to_legal_entity=entity, is_posted=True, currency=ENTITIES[entity],
                amount_minor=works[home, entity, key],
                project_key="gone" if cause == "wrong_project" else key.upper(),
                period="2026-02" if cause == "wrong_date" else "2026-03",
            )  # fmt: skip


def _moved(planter: Planter) -> Counter[tuple[str, str, str]]:
    """Some people move to another entity: what is owed, by (its home, the projects', project)."""
    world, works = planter.world, Counter[tuple[str, str, str]]()
    for person in [planter.person() for _ in range(8)]:
        home = HOMES.get(person % 3)
        if home is None:
            continue
        for system in ("hr", "psa"):
            world["resources"][system, f"{system}-R{person}"]["home_legal_entity"] = home
        for entry in filter(planter.is_charged, planter.entries_of(person)):
            project = world.one("projects", system="psa", match_key=project_of(entry))
            hours = Decimal(int(str(entry["seconds"]))) / 3600
            works[home, str(project["legal_entity"]), str(project["match_key"])] += minor(
                hours, price_of(world, entry)
            )
    return works


def costs(planter: Planter) -> None:
    """BL10; people of a supplier, each with a fault of another kind on the newest project."""
    for turn in range(2 * len(COSTS)):
        works: dict[str, list[Row]] = {}
        while not any(number_of(entries[0]) >= OLD for entries in works.values()):
            person = planter.person()
            works = {}
            for entry in filter(planter.is_charged, planter.entries_of(person)):
                works.setdefault(project_of(entry), []).append(entry)
        for system in ("hr", "psa"):
            resource = planter.world["resources"][system, f"{system}-R{person}"]
            resource["supplier_key"] = f"V-{turn}"
        _invoice(planter, person, works, COSTS[turn % len(COSTS)])


def _invoice(planter: Planter, person: int, works: dict[str, list[Row]], fault: str) -> None:
    newest = max(works)
    currency = str(planter.world.one("projects", system="psa", match_key=newest)["currency"])
    label = partial(planter.label, "BL10", f"{mail(person)}|{newest}|{currency}")
    cost = partial(_cost, planter.world, currency=currency, resource_key=mail(person))
    if fault == "whole month":
        cost(works[newest], project_key=None)
        return
    for key in works.keys() - {newest}:
        cost(works[key], project_key=key.upper())
    if fault == "not_synced_yet":
        label(fault, "bc")
    elif fault == "wrong_project":
        cost(works[newest], project_key="gone")
        label(fault, "bc")
    elif fault == "wrong_date":
        cost(works[newest], project_key=newest, period="2026-02")
        label(fault, "bc")
    elif fault == "unapproved":
        for entry in works[newest]:
            entry |= {"approval_state": "draft", "approved_at": None}
        made = cost(works[newest], project_key=newest)
        planter.label("BL10", f"bc|{made}", "not_synced_yet", works[newest][0]["system"])
    else:
        cost(works[newest], project_key=newest)
        planter.label("BL10", f"bc|{cost(works[newest], project_key='gone')}", fault, "bc")


def _cost(world: World, entries: list[Row], **values: object) -> str:
    external_id = f"cost-{len(world['subcontractor_costs'])}"
    world.put(
        "subcontractor_costs", "bc", external_id, is_posted=True,
        **{"period": "2026-03", "amount_minor": 90_000} | values,
        seconds=sum(int(str(entry["seconds"])) for entry in entries),
    )  # fmt: skip
    return external_id
