"""A firm whose staff list, plan and clock are files of their own, by number alone."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from ps_integration_tests.identity.grid import Cell, Kind, View, entries
from ps_integration_tests.regressions.firm import PLACES

FIRM: Final = "studio"
KNOWS: Final[dict[Kind, tuple[str, ...]]] = {
    "customer": ("psa", "erp"),
    "project": ("psa", "time", "erp"),
    "resource": ("hr", "psa", "time"),
    "task": ("psa", "time"),
}


def firm_file() -> dict[str, Any]:
    """Studio's, with customers and tasks, and a file for each system."""
    told: dict[str, Any] = yaml.safe_load((PLACES / FIRM / "firm.yaml").read_text("utf-8"))
    plan, clock = (told["systems"][at]["options"]["streams"] for at in (1, 2))
    for streams, system in ((plan, "plan"), (clock, "clock")):
        for stream in streams:
            if stream["name"] in {"projects", "people"}:
                stream["path"] = f"{system}-{stream['name']}.csv"
        task = {"match_key": "Task", "project_external_id": "Project", "name": "Name"}
        streams.append(
            {"name": "tasks", "table": "tasks", "path": f"{system}-tasks.csv", "id": ["Task"],
             "columns": {**task, "is_billable": {"const": True}, "is_active": {"const": True}}}
        )  # fmt: skip
    clock[0]["columns"]["task_external_id"] = "Task"
    plan.append(
        {"name": "customers", "table": "customers", "path": "plan-customers.csv",
         "id": ["Customer"], "columns": {"match_key": "Customer", "name": "Name"}}
    )  # fmt: skip
    return told


def write(folder: Path, cells: Sequence[Cell], views: Mapping[str, View]) -> None:
    """Write every drop as its system now has it."""
    hr, psa, time = views["hr"], views["psa"], views["time"]
    _write(folder, "people", "Person,Name,Home,Active,Left", [
        (hr.key("resource", cell, side), hr.name("resource", cell, side), "NL", "Y", "")
        for cell in cells for side in hr.sides("resource", cell)
    ])  # fmt: skip
    for name, view in (("plan", psa), ("clock", time)):
        _write(folder, f"{name}-people", "Person,Name", [
            (view.key("resource", cell, side), view.name("resource", cell, side))
            for cell in cells for side in view.sides("resource", cell)
        ])  # fmt: skip
        _write(folder, f"{name}-tasks", "Task,Project,Name", [
            (view.key("task", cell, side), view.key("project", cell, view.side("project", cell)),
             view.name("task", cell, side))
            for cell in cells for side in view.sides("task", cell)
        ])  # fmt: skip
        _write(folder, f"{name}-projects", "Project,Name,Entity,Currency,Status,Billing,Customer", [
            (view.key("project", cell, side), view.name("project", cell, side), "NL", "GBP",
             "active", "time_and_materials",
             view.key("customer", cell, view.side("customer", cell)))
            for cell in cells for side in view.sides("project", cell)
        ])  # fmt: skip
    _write(folder, "plan-customers", "Customer,Name", [
        (psa.key("customer", cell, side), psa.name("customer", cell, side))
        for cell in cells for side in psa.sides("customer", cell)
    ])  # fmt: skip
    _write(folder, "rates", "No,Scope,Project,Person,Currency,Price,From,To", [
        (f"R{cell.number}{side}", "project", psa.key("project", cell, side), "", "GBP", "100.00",
         "2026-01-01", "")
        for cell in cells for side in psa.sides("project", cell)
    ])  # fmt: skip
    _write(folder, "hours", "EntryNo,Person,Project,Task,Day,Hours,Billable,Status", [
        (number, *(time.key(kind, cell, time.side(kind, cell))
         for kind in ("resource", "project", "task")), day, hours, "Y", "RELEASED")
        for cell in cells for number, hours, day in entries(cell, time)
    ])  # fmt: skip


def _write(folder: Path, name: str, header: str, rows: Sequence[Sequence[object]]) -> None:
    with (folder / "drops" / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(","), *rows])
