"""Faults of master data: each plant names the breaks that must come of it."""

from datetime import date, timedelta
from decimal import Decimal

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.clean import IDLE_TASK, ROLES, external, role_of, word
from ps_integration_tests.quality.firm import AS_OF
from ps_integration_tests.quality.planter import (
    Planter,
    another_entity,
    entry_id,
    free_customer,
    mail,
    number_of,
    person_of,
    time_system,
)
from ps_integration_tests.quality.plants_copies import copies_edited

ATTRIBUTES = (
    "tax_code", "revenue_account", "cost_centre", "billing_rule", "purchase_order", "customer_key",
    "currency",
)  # fmt: skip
LATE = date(2026, 3, 24)


def missing_in_erp(planter: Planter) -> None:
    """MD01; where the ERP has it under a number that nobody maps, MD02 and MD06 see that one."""
    world = planter.world
    for turn in range(6):
        project = planter.project(is_old=False)
        key = str(project["match_key"])
        theirs = world.one("projects", system="bc", match_key=key)
        if turn % 2:
            theirs["match_key"] = f"x{key}"
            planter.label("MD01", key, "mapping_missing", "bc")
            planter.label("MD02", f"x{key}", "mapping_missing", "bc")
            planter.label("MD06", f"project|{key}|x{key}", "master_data_incomplete", "bc")
        else:
            world.drop("projects", lambda row, theirs=theirs: row is theirs)
            planter.label("MD01", key, "not_synced_yet", "bc")


def only_in_erp(planter: Planter) -> None:
    """MD02; one that the ERP has closed is nobody's business."""
    for turn in range(8):
        model = planter.world.rng.choice(planter.world.rows("projects", system="bc"))
        key = f"erp-{turn}"
        planter.world.put_like(
            "projects", "bc", f"bc-{key}", model, match_key=key, is_billable=True,
            name=f"{word(planter.world.rng, 4)} {word(planter.world.rng)}",
            status="closed" if turn == 0 else "active",
        )  # fmt: skip
        planter.begin()
        if turn:
            planter.label("MD02", key, "master_data_incomplete", "bc")


def not_billable(planter: Planter) -> None:
    """MD03, one attribute or two; an internal project needs none."""
    for turn in range(10):
        project = planter.project()
        theirs = planter.world.one("projects", system="bc", match_key=project["match_key"])
        for name in planter.world.rng.sample(ATTRIBUTES, 1 + turn % 2):
            theirs[name] = None
            if name == "customer_key":
                theirs["customer_external_id"] = None
        planter.label("MD03", f"{project['match_key']}|bc", "master_data_incomplete", "bc")
    internal = planter.project(kind="internal")
    planter.world.one("projects", system="bc", match_key=internal["match_key"])["tax_code"] = None


def doubled(planter: Planter) -> None:
    """MD06 for customers and projects; what differs in a number is something else."""
    world, rng = planter.world, planter.world.rng
    for turn in range(9):
        customer = free_customer(planter)
        planter.keep_apart("customer", customer["match_key"])
        key = f"d{customer['match_key']}"
        name = _alike(planter, str(customer["name"]), turn)
        world.put_like("customers", "bc", f"bc-{key}", customer, match_key=key, name=name)
        found = f"customer|{customer['match_key']}|{key}"
        planter.label("MD06", found, "master_data_incomplete", "bc")
    for turn in range(9):
        project = planter.project()
        _twin(planter, project, f"q{project['match_key']}", _alike(planter, project["name"], turn))
        found = f"project|{project['match_key']}|q{project['match_key']}"
        planter.label("MD06", found, "master_data_incomplete", "psa")
    project, name = planter.project(), f"{word(rng)} {word(rng)}"
    for phase in (1, 2, 3):
        _twin(planter, project, f"z{project['match_key']}-{phase}", f"{name} phase {phase}")


def tasks_and_assignments(planter: Planter) -> None:
    """MD07; a task that the PSA has ended need not be anywhere."""
    world = planter.world
    for turn in range(15):
        project = planter.project()
        system = time_system(project)
        if turn % 5 < 3:
            task = world["tasks"][system, f"{task_home(project)}-{IDLE_TASK}"]
            cause = _spoil(planter, "tasks", task, turn % 5, {"is_billable": False})
            subject = f"task|{project['match_key']}|{task['match_key']}"
        else:
            rows = world.rows("assignments", system=system, project_external_id=task_home(project))
            assigned = world.rng.choice(rows)
            change = {"starts_on": date(2026, 1, 15)}
            how = (0, 1, 2)[turn // 5]
            cause = _spoil(planter, "assignments", assigned, how, change)
            subject = f"assignment|{project['match_key']}|{mail(person_of(assigned))}"
        planter.label("MD07", f"{subject}|{system}", cause, system)
    project = planter.project()
    ended = world["tasks"]["psa", f"{project['external_id']}-{IDLE_TASK}"]
    ended["is_active"] = False
    world.drop("tasks", lambda row: row["external_id"] == f"{task_home(project)}-{IDLE_TASK}")


def task_home(project: Row) -> str:
    """The id of a PSA project in its time system."""
    return external(time_system(project), number_of(project))


def _spoil(planter: Planter, table: str, row: Row, how: int, change: Row) -> str:
    if how == 0:
        planter.world.drop(table, lambda other: other is row)
        return "not_synced_yet"
    if how == 1:
        row["is_active"] = False
        return "sync_failed"
    row.update(change)
    return "manual_edit_in_copy"


def resources(planter: Planter) -> None:
    """MD08: nobody knows the person, the person had left, or has two home entities."""
    world = planter.world
    for _ in range(6):
        entry = planter.entry(is_posted=False)
        entry["resource_external_id"] = f"{entry['system']}-ghost-R9{world.rng.randrange(9999):04}"
        planter.label("MD08", entry_id(entry), "master_data_incomplete", entry["system"])
    for turn in range(6):
        person = planter.person()
        entries = planter.waiting(planter.entries_of(person))
        if turn % 2:
            world["resources"]["hr", f"hr-R{person}"]["ends_on"] = LATE
            entries = [entry for entry in entries if entry["work_date"] > LATE]
        else:
            copy = world["resources"]["psa", f"psa-R{person}"]
            copy["home_legal_entity"] = another_entity(planter, copy["home_legal_entity"])
        cause, system = (
            ("master_data_incomplete", "hr") if turn % 2 else ("manual_edit_in_copy", "psa")
        )
        for entry in entries:
            planter.label("MD08", entry_id(entry), cause, system)


def rates(planter: Planter) -> None:
    """MD09: no price, two prices, another price in the ERP."""
    world = planter.world
    for turn in range(6):
        project = planter.project(is_old=False)
        role = world.rng.choice(list(ROLES))
        price = world["rates"]["psa", f"{project['external_id']}-{role}"]
        if turn % 2:
            world.drop("rates", lambda row, price=price: row is price)
        else:
            # both say an end, so that neither replaces the other
            price["valid_to"] = date(2027, 1, 1)
            world.put_like(
                "rates", "psa", f"{price['external_id']}-again", price,
                valid_from=date(2026, 3, 1), unit_price=Decimal(77),
            )  # fmt: skip
        for entry in planter.waiting(planter.entries(project)):
            if role_of(world, entry) == role:
                planter.label("MD09", entry_id(entry), "master_data_incomplete", "psa")
    for _ in range(6):
        project = planter.project(is_old=True, fits=lambda row: number_of(row) % 3 == 0)
        used = sorted({role_of(world, row) for row in planter.entries(project)})
        role = world.rng.choice(used)
        theirs = f"{external('bc', number_of(project))}-{role}"
        world["rates"]["bc", theirs]["unit_price"] += world.rng.randint(1, 20)
        key = f"erp_price|{project['match_key']}|{project['external_id']}-{role}|{theirs}"
        planter.label("MD09", key, "rate_changed_late", "bc")


def mappings(planter: Planter) -> None:
    """MD10: no mapping, two on one day, one of something that is not there."""
    world = planter.world
    for _ in range(6):
        entry = planter.entry(is_posted=False)
        entry["project_external_id"] = f"{entry['system']}-lost-P9{world.rng.randrange(9999):04}"
        key = f"{entry_id(entry)}|project"
        planter.label("MD10", key, "mapping_missing", entry["system"])
    for _ in range(2):
        project = planter.project(is_old=False)
        key = str(project["match_key"])
        for start in (date(2026, 1, 1), date(2026, 3, 1)):
            _cross(planter, ("project", time_system(project), task_home(project)), key, start)
        for entry in planter.waiting(planter.entries(project)):
            planter.label("MD10", f"{entry_id(entry)}|project", "mapping_wrong", entry["system"])
    for turn in range(5):
        kind = ("project", "customer", "resource", "task", "project")[turn]
        _cross(planter, (kind, "harvest", f"gone-{turn}"), "p-001", date(2026, 1, 1))
        planter.begin()
        key = f"orphan|{kind}|harvest|gone-{turn}|2026-01-01"
        planter.label("MD10", key, "mapping_wrong", "harvest")


def sales(planter: Planter) -> None:
    """MD11: won, and no project, or nobody says which."""
    for turn in range(8):
        names_one = turn % 2 == 0
        planter.begin()
        planter.world.put(
            "opportunities", "crm", f"OW{turn}", name=word(planter.world.rng), stage="won",
            legal_entity="US", won_on=AS_OF.date() - timedelta(days=6 + turn), currency="USD",
            amount_minor=900_000, project_key=f"p-8{turn:02}" if names_one else None,
        )  # fmt: skip
        cause = "not_synced_yet" if names_one else "mapping_missing"
        planter.label("MD11", f"crm|OW{turn}", cause, "psa" if names_one else "crm")


def _cross(planter: Planter, what: tuple[str, str, str], canonical: str, start: date) -> None:
    kind, system, external_id = what
    planter.world["crosswalk"][kind, external_id, start] = {
        "object_kind": kind, "canonical_id": canonical, "system": system,
        "external_id": external_id, "valid_from": start, "valid_to": date(9999, 12, 31),
        "how": "configured",
    }  # fmt: skip


def posted_under_others(planter: Planter) -> None:
    """MD12: a project changes its customer, how it is billed, or whether, after work was posted.

    Work that waits and is marked billable contradicts the project then (TM16).
    """
    world = planter.world
    for turn in range(9):
        project = planter.project(is_old=True)
        customer = world.one("customers", system="psa", match_key=project["customer_key"])
        other = world.rng.choice([
            row for row in world.rows("customers", system="psa")
            if row["legal_entity"] == project["legal_entity"] and row is not customer
            and str(row["match_key"]).startswith("c-")
            and not planter.is_taken("customer", row["match_key"])
        ])  # fmt: skip
        what, changed = (
            ("customer", {"customer_key": other["match_key"]}),
            ("billing type", {"billing_type": "fixed_fee"}),
            ("billable flag of the project", {"is_billable": False}),
        )[turn % 3]
        for row in world.rows("projects", match_key=project["match_key"]):
            row.update(changed)
            if what == "customer" and row.get("customer_external_id"):
                number = str(other["external_id"]).rpartition("-C")[2]
                row["customer_external_id"] = f"{row['system']}-C{number}"
        entity, currency = project["legal_entity"], project["currency"]
        key = f"posted|{what}|{project['match_key']}|{entity}|{currency}"
        planter.label("MD12", key, "edited_after_posting", "psa")
        for entry in planter.waiting(planter.entries(project)) if "is_billable" in changed else ():
            planter.label("TM16", entry_id(entry), "wrong_project", entry["system"])


def _alike(planter: Planter, name: object, turn: int) -> str:
    """The same name as another person would have written it."""
    words = str(name).split()
    if turn % 3 == 0:
        return " ".join(reversed(words)) + " GmbH"
    if turn % 3 == 1:
        return f"{name}, Ltd."
    at = planter.world.rng.randrange(1, len(words[0]) - 1)
    swapped = words[0][: at - 1] + words[0][at] + words[0][at - 1] + words[0][at + 1 :]
    return " ".join([swapped.capitalize(), *words[1:]])


def _twin(planter: Planter, project: Row, key: str, name: str) -> None:
    for system in ("psa", "bc"):
        model = planter.world.one("projects", system=system, match_key=project["match_key"])
        planter.world.put_like(
            "projects", system, f"{system}-twin-{key}", model, match_key=key, name=name
        )


MASTER_PLANTS = (
    missing_in_erp, only_in_erp, not_billable, copies_edited, doubled,
    tasks_and_assignments, rates, mappings, sales, posted_under_others,
)  # fmt: skip
PEOPLE_PLANTS = (resources,)
