"""When a project was first seen active, and first seen ready to bill."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ps_integration.metrics.setups import note_setups
from ps_integration.stores.warehouse.warehouse import Warehouse

NIGHTS = [datetime(2026, 3, day, 4, tzinfo=UTC) for day in (1, 2, 3, 4)]


@pytest.fixture
def warehouse():
    with Warehouse(Path(":memory:")) as made:
        yield made


def night(warehouse, number, **projects):
    """Play one night: projects by id, with what they are like."""
    for table in ("config.run", "billing.projects", "reconciliation.found"):
        warehouse.execute(f"delete from {table}")
    warehouse.insert("config.run", [{"run_id": f"n{number}", "as_of": NIGHTS[number]}])
    for name, (status, erp_id, is_held) in projects.items():
        project = {"project_id": name, "legal_entity": "UK", "is_billable": name != "internal"}
        row = {**project, "status": status, "erp_external_id": erp_id}
        warehouse.insert("billing.projects", [row])
        if is_held:
            held = {"rule": "MD03", "record_key": name, "period": "", "blocked_kind": "project"}
            warehouse.insert("reconciliation.found", [{**held, "blocked_id": name}])
    note_setups(warehouse)
    rows = warehouse.rows("select * from metrics.project_setups order by project_id")
    return {row["project_id"]: (row["active_at"], row["ready_at"]) for row in rows}


def test_a_project_is_set_up_once_it_is_in_its_erp_and_nothing_holds_it(warehouse):
    night(warehouse, 0, old=("active", "1", False))
    late = {"old": ("active", "1", False)}
    assert night(warehouse, 1, **late, new=("active", None, False))["new"] == (NIGHTS[1], None)
    assert night(warehouse, 2, **late, new=("active", "7", True))["new"] == (NIGHTS[1], None)
    done = night(warehouse, 3, **late, new=("active", "7", False))
    assert done["new"] == (NIGHTS[1], NIGHTS[3])


def test_what_was_noted_once_never_changes(warehouse):
    night(warehouse, 0, old=("active", "1", False))
    night(warehouse, 1, new=("active", "7", False))
    found = night(warehouse, 2, new=("active", None, True))
    assert found["new"] == (NIGHTS[1], NIGHTS[1])


def test_what_was_ready_on_the_first_night_counts_in_no_figure(warehouse):
    found = night(warehouse, 0, ready=("active", "1", False), waits=("active", None, False))
    assert found == {"ready": (None, NIGHTS[0]), "waits": (NIGHTS[0], None)}


def test_internal_and_closed_projects_are_not_waited_for(warehouse):
    old = night(warehouse, 0, old=("active", "1", False))
    found = night(warehouse, 1, internal=("active", None, False), gone=("closed", None, False))
    assert found == old
