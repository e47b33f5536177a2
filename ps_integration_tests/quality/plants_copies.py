"""Fields that differ between their system of record and a copy, and how they came to."""

from datetime import timedelta

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.clean import word
from ps_integration_tests.quality.firm import AS_OF
from ps_integration_tests.quality.planter import (
    Planter,
    another_entity,
    free_customer,
    time_system,
)


def copies_edited(planter: Planter) -> None:
    """MD04 in each system that has a copy; case and blanks at the ends are no difference."""
    world = planter.world
    changes = (
        ("time", "name", lambda row: f"{row['name']} {word(world.rng)}"),
        ("time", "customer_key", lambda row: f"{row['customer_key']}{world.rng.randrange(9)}"),
        ("time", "billing_type", lambda row: "fixed_fee"),
        ("time", "status", lambda row: "closed"),
        ("time", "ends_on", lambda row: row["ends_on"] + timedelta(days=31)),
        ("time", "currency", lambda row: "CHF"),
        ("bc", "name", lambda row: word(world.rng, 5)),
        ("bc", "currency", lambda row: "SEK"),
        ("bc", "legal_entity", lambda row: another_entity(planter, row["legal_entity"])),
        ("bc", "starts_on", lambda row: row["starts_on"] - timedelta(days=10)),
    )
    for remembered, (role, name, change) in enumerate(changes * 2):
        project = planter.project()
        system = time_system(project) if role == "time" else role
        copy = world.one("projects", system=system, match_key=project["match_key"])
        before, copy[name] = copy[name], change(copy)
        field = "customer" if name == "customer_key" else name
        key = f"project|{project['match_key']}|{field}|{system}|{copy['external_id']}"
        if remembered % 2:
            _remember(planter, "project", field, (copy, before, 4), (copy, copy[name], 1))
            planter.label("MD05", key, "manual_edit_in_copy", system)
        planter.label("MD04", key, "manual_edit_in_copy", system)
    for turn in range(4):
        customer = free_customer(planter)
        customer["currency" if turn % 2 else "name"] = "NOK" if turn % 2 else word(world.rng, 6)
        field = "currency" if turn % 2 else "name"
        key = f"customer|{customer['match_key']}|{field}|bc|{customer['external_id']}"
        planter.label("MD04", key, "manual_edit_in_copy", "bc")
        planter.keep_apart("customer", customer["match_key"])
    for row in world.rng.sample(world.rows("projects", system="bc", status="active"), 20):
        row["name"] = f" {str(row['name']).upper()} "


def circles(planter: Planter) -> None:
    """MD05: an edit of a copy went back into the PSA; a copy that lags behind is no edit."""
    world = planter.world
    for turn in range(8):
        project = planter.project()
        system = time_system(project) if turn % 2 else "bc"
        copy = world.one("projects", system=system, match_key=project["match_key"])
        before, after = str(project["name"]), word(world.rng, 5)
        for row in world.rows("projects", match_key=project["match_key"]):
            row["name"] = after
        first, second = ((copy, 3), (project, 2)) if turn < 6 else ((project, 3), (copy, 2))
        for row, nights in (first, second):
            _remember(planter, "project", "name", (row, before, 9), (row, after, nights))
        if turn < 6:
            key = f"project|{project['match_key']}|name|{system}|{copy['external_id']}"
            planter.label("MD05", key, "manual_edit_in_copy", system)


def _remember(planter: Planter, kind: str, field: str, *seen: tuple[Row, object, int]) -> None:
    """Nights ago, a record's field was first seen with a value."""
    for row, value, nights in seen:
        name = (row["system"], row["external_id"], field, nights)
        planter.world["reconciliation.field_history"][name] = {
            "object_kind": kind, "system": row["system"], "external_id": row["external_id"],
            "field": field, "value": str(value), "seen_at": AS_OF - timedelta(days=nights),
            "run_id": f"night-{nights}",
        }  # fmt: skip
