"""Takes the stated causes of breaks of master data away."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.firm import REVENUE
from ps_integration_tests.quality.world import World

Remedy = Callable[[World, World, Row], None]
BILLING = {
    "tax_code": "S20", "revenue_account": REVENUE, "cost_centre": "CC1", "billing_rule": "MONTHLY",
    "purchase_order": "PO-1", "has_billing_attributes": True,
}  # fmt: skip
_COLUMN = {"customer": "customer_key"}


def _put_new(world: World, table: str, system: str, model: Row, **values: object) -> None:
    """The same record in another system."""
    world.put_like(table, system, world.unused(system, table), model, **values)


def _in_erp(world: World, _clean: World, found: Row) -> None:
    model = world["projects"]["psa", found["left_id"]]
    _put_new(world, "projects", "bc", model, company=f"{model['legal_entity']} Ltd", **BILLING)


def _mapped_to_erp(world: World, _clean: World, found: Row) -> None:
    world["projects"]["bc", found["right_id"]]["match_key"] = found["project_id"]


def _mapped_to_psa(world: World, _clean: World, found: Row) -> None:
    key = world["projects"]["psa", found["right_id"]]["match_key"]
    world["projects"]["bc", found["left_id"]]["match_key"] = key


def _in_psa(world: World, _clean: World, found: Row) -> None:
    _put_new(world, "projects", "psa", world["projects"]["bc", found["left_id"]])


def _filled(world: World, _clean: World, found: Row) -> None:
    theirs = world["projects"]["bc", found["right_id"]]
    ours = world.one("projects", system="psa", match_key=found["project_id"])
    for name in str(found["right_value"]).removeprefix("missing: ").split(", "):
        column = _COLUMN.get(name, name.replace(" ", "_"))
        theirs[column] = BILLING.get(column, ours.get(column))


def _as_the_owner_has_it(world: World, _clean: World, found: Row) -> None:
    kind, _, field, *_ = str(found["record_key"]).split("|")
    table, column = f"{kind}s", _COLUMN.get(field, field)
    owner = world[table][found["left_system"], found["left_id"]]
    world[table][found["right_system"], found["right_id"]][column] = owner[column]


def _never_edited(world: World, clean: World, found: Row) -> None:
    """Nobody changed the copy, then or now."""
    kind, _, field, *_ = str(found["record_key"]).split("|")
    world.drop(
        "reconciliation.field_history",
        lambda row: (
            (row["object_kind"], row["system"], row["external_id"], row["field"])
            == (kind, found["right_system"], found["right_id"], field)
        ),
    )
    _as_the_owner_has_it(world, clean, found)


def _merged(world: World, _clean: World, found: Row) -> None:
    kind, left, right = str(found["record_key"]).split("|")
    table = f"{kind}s"
    known = {row["system"] for row in world.rows(table, match_key=left)}
    for row in world.rows(table, match_key=right):
        if row["system"] in known:
            world.drop(table, lambda other, row=row: other is row)
        else:
            row["match_key"] = left


def _copied(world: World, _clean: World, found: Row) -> None:
    table = "tasks" if str(found["record_key"]).startswith("task|") else "assignments"
    model = world[table]["psa", found["left_id"]]
    homes = world.rows("projects", system=found["right_system"], match_key=found["project_id"])
    values: Row = {"project_external_id": homes[0]["external_id"]}
    if table == "assignments":
        person = str(model["resource_external_id"]).rpartition("-")[2]
        values["resource_external_id"] = f"{found['right_system']}-{person}"
    _put_new(world, table, str(found["right_system"]), model, **values)


def _copy_of(world: World, found: Row) -> tuple[Row, Row]:
    table = "tasks" if str(found["record_key"]).startswith("task|") else "assignments"
    copy = world[table][found["right_system"], found["right_id"]]
    return copy, world[table]["psa", found["left_id"]]


def _active(world: World, _clean: World, found: Row) -> None:
    _copy_of(world, found)[0]["is_active"] = True


def _edit_undone(world: World, _clean: World, found: Row) -> None:
    copy, ours = _copy_of(world, found)
    for name in ("is_billable", "starts_on", "ends_on"):
        if name in ours:
            copy[name] = ours[name]


def _known_and_active(world: World, _clean: World, found: Row) -> None:
    if found["right_value"] == "unknown":
        for system in ("hr", str(found["left_system"])):
            world.put(
                "resources", system, str(found["left_id"]), match_key=str(found["left_id"]),
                name="New", is_active=True, home_legal_entity=found["legal_entity"],
            )  # fmt: skip
        return
    for row in world.rows("resources", match_key=found["right_id"]):
        row |= {"ends_on": None, "is_active": True}


def _one_home(world: World, _clean: World, found: Row) -> None:
    home = world.one("resources", system="hr", match_key=found["right_id"])["home_legal_entity"]
    world.one("resources", system="psa", match_key=found["right_id"])["home_legal_entity"] = home


def _one_rate(world: World, clean: World, found: Row) -> None:
    entry = clean["time_entries"][tuple(str(found["entry_id"]).split(":", 1))]
    number = str(entry["project_external_id"]).rpartition("-")[2]
    person = str(entry["resource_external_id"]).rpartition("-")[2]
    role = world["resources"]["psa", f"psa-{person}"]["role"]
    mine = world.rows("rates", system="psa", project_external_id=f"psa-{number}", role=role)
    if found["right_value"] == "no rate":
        if not mine:
            project = world["projects"]["psa", f"psa-{number}"]
            world.put(
                "rates", "psa", f"new-{number}-{role}", scope="project_role", role=role,
                project_external_id=f"psa-{number}", currency=project["currency"],
                unit_price=Decimal(100), valid_from=date(2026, 1, 1),
            )  # fmt: skip
    else:
        world.drop("rates", lambda row: any(row is other for other in mine[1:]))


def _erp_price(world: World, _clean: World, found: Row) -> None:
    ours = world["rates"]["psa", found["left_id"]]
    world["rates"]["bc", found["right_id"]]["unit_price"] = ours["unit_price"]


def _mapped(world: World, clean: World, found: Row) -> None:
    project = clean["time_entries"][tuple(str(found["entry_id"]).split(":", 1))]
    number = str(project["project_external_id"]).rpartition("-P")[2]
    world["crosswalk"]["mapped", found["left_id"]] = {
        "object_kind": "project", "canonical_id": f"p-{number}", "system": found["left_system"],
        "external_id": found["left_id"], "valid_from": date(2026, 1, 1),
        "valid_to": date(9999, 12, 31), "how": "configured",
    }  # fmt: skip


def _mapped_once(world: World, _clean: World, found: Row) -> None:
    rows = [
        (key, row) for key, row in world["crosswalk"].items()
        if row["external_id"] == found["left_id"]
    ]  # fmt: skip
    for key, _ in rows if found["entry_id"] is None else rows[1:]:
        del world["crosswalk"][key]


def _won_project(world: World, _clean: World, found: Row) -> None:
    model = world.rows("projects", system="psa")[0]
    _put_new(world, "projects", "psa", model, match_key=found["project_id"], name="Won")


def _sale_mapped(world: World, _clean: World, found: Row) -> None:
    world["opportunities"]["crm", found["left_id"]]["project_key"] = "p-000"


def _as_it_was_posted(world: World, clean: World, found: Row) -> None:
    """Customer, billing type and flags of the project are set back."""
    before = {row["system"]: row for row in clean.rows("projects", match_key=found["project_id"])}
    for row in world.rows("projects", match_key=found["project_id"]):
        row.update(before[row["system"]])


MASTER_REMEDIES: dict[tuple[str, str], Remedy] = {
    ("MD01", "not_synced_yet"): _in_erp,
    ("MD01", "mapping_missing"): _mapped_to_erp,
    ("MD02", "mapping_missing"): _mapped_to_psa,
    ("MD02", "master_data_incomplete"): _in_psa,
    ("MD03", "master_data_incomplete"): _filled,
    ("MD04", "manual_edit_in_copy"): _as_the_owner_has_it,
    ("MD05", "manual_edit_in_copy"): _never_edited,
    ("MD06", "master_data_incomplete"): _merged,
    ("MD07", "not_synced_yet"): _copied,
    ("MD07", "sync_failed"): _active,
    ("MD07", "manual_edit_in_copy"): _edit_undone,
    ("MD08", "master_data_incomplete"): _known_and_active,
    ("MD08", "manual_edit_in_copy"): _one_home,
    ("MD09", "master_data_incomplete"): _one_rate,
    ("MD09", "rate_changed_late"): _erp_price,
    ("MD10", "mapping_missing"): _mapped,
    ("MD10", "mapping_wrong"): _mapped_once,
    ("MD11", "not_synced_yet"): _won_project,
    ("MD11", "mapping_missing"): _sale_mapped,
    ("MD12", "edited_after_posting"): _as_it_was_posted,
}
