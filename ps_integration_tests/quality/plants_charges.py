"""People of one entity on projects of another: with a charge for it, a wrong one, or none."""

from ps_integration_tests.quality.firm import ENTITIES
from ps_integration_tests.quality.planter import Planter, project_of

CAUSES = ("not_synced_yet", "wrong_project", "wrong_date", "")
HOMES = {0: "UK", 1: "US"}
"""Whose a person becomes, by the entity it was of; both keep their time in one system."""


def charges(planter: Planter) -> None:
    """BL07; every fourth is charged as it should be and quiet."""
    for turn, (home, entity, key) in enumerate(sorted(_moved(planter))):
        cause = CAUSES[turn % len(CAUSES)]
        if cause:
            planter.label("BL07", f"{home}|{key}|{ENTITIES[entity]}", cause, "bc")
        if cause != "not_synced_yet":
            planter.world.put(
                "intercompany_charges", "bc", f"charge-{turn}", from_legal_entity=home,
                to_legal_entity=entity, is_posted=True, currency="USD",
                amount_minor=planter.world.rng.randint(1, 10**6),
                project_key="gone" if cause == "wrong_project" else key.upper(),
                period="2026-02" if cause == "wrong_date" else "2026-03",
            )  # fmt: skip


def _moved(planter: Planter) -> set[tuple[str, str, str]]:
    """Some people move to another entity; (its home, the projects' entity, project)."""
    world, works = planter.world, set()
    for person in [planter.person() for _ in range(8)]:
        home = HOMES.get(person % 3)
        if home is None:
            continue
        for system in ("hr", "psa"):
            world["resources"][system, f"{system}-R{person}"]["home_legal_entity"] = home
        for entry in filter(planter.is_charged, planter.entries_of(person)):
            project = world.one("projects", system="psa", match_key=project_of(entry))
            works.add((home, str(project["legal_entity"]), str(project["match_key"])))
    return works
