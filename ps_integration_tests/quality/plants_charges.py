"""People of one entity on projects of another: with a charge for it, a wrong one, or none."""

from collections import Counter
from decimal import Decimal

from ps_integration_tests.quality.clean import minor, price_of
from ps_integration_tests.quality.firm import ENTITIES
from ps_integration_tests.quality.planter import Planter, project_of

CAUSES = ("not_synced_yet", "wrong_project", "wrong_date", "")
HOMES = {0: "UK", 1: "US"}
"""Whose a person becomes, by the entity it was of; both keep their time in one system."""


def charges(planter: Planter) -> None:
    """BL07; every fourth is charged as it should be and quiet."""
    works = _moved(planter)
    for turn, (home, entity, key) in enumerate(sorted(works)):
        cause = CAUSES[turn % len(CAUSES)]
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
