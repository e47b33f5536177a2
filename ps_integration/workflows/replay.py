"""Plans a past run again from what it had recorded, and says where its batches differ.

Nothing outside is read or written: raw records and the append-only tables are taken as they stood
at the run's high-water marks, on a temporary copy, and the night's own steps are walked up to its
plan.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ps_integration import __version__
from ps_integration.billing.planned import PlannedBatch
from ps_integration.contracts.registry import CANONICAL
from ps_integration.errors import CouldNotRunError
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import runs
from ps_integration.stores.operational.models import Run
from ps_integration.stores.operational.rewind import Marks, rewind
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import bill, connect, inputs
from ps_integration.workflows.night import Night
from ps_integration.workflows.nightly import (
    new_night,
    open_warehouse,
    operational_store,
    state_folder,
)
from ps_integration.workflows.replay_differences import differences
from ps_integration.workflows.statements import sql_text
from ps_integration.workflows.steps import STEPS, Workbench

AGAIN: Final = (
    *("configuration", "canonical", "entries", "ledger_copy", "rated_entries"),
    *("breaks", "dispositions", "equations"),
)
"""The steps between raw and the plan, none of which touches the outside."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """How a plan made again compares with what the run planned.

    Attributes:
        same: Every batch came out byte for byte.
        differences: Where and how not, one plain sentence each.
    """

    same: bool
    differences: tuple[str, ...]


def replay(file: FirmFile, run_id: str, environ: Mapping[str, str]) -> ReplayResult:
    """Plan a past night again and compare the batches.

    Args:
        file: The firm file, as it was for that run.
        run_id: The run.
        environ: Where addresses and secrets of the connectors are; none of them is called.

    Raises:
        CouldNotRunError: There is no such run, or it planned nothing.
    """
    with operational_store(file) as store:
        with store.session() as session:
            run = runs.find(session, run_id)
            later = [] if run is None else runs.later(session, run)
        if run is None:
            raise CouldNotRunError(f"run {run_id}: there is none of that id")
        if run.inputs is None:
            raise CouldNotRunError(
                f"run {run_id}: it planned nothing, so there is nothing to compare"
            )
        if run.config_hash != file.config_hash:
            return ReplayResult(same=False, differences=(_other_configuration(run, file),))
        recorded = inputs.read(run.inputs)
        with _past(file, run, later, store, environ) as bench:
            planned = _plan_again(bench)
            found = differences(recorded.batches, planned, store)
    if found and run.code_version != __version__:
        found = (f"the run was made by version {run.code_version}, not {__version__}", *found)
    return ReplayResult(same=not found, differences=found)


def _other_configuration(run: Run, file: FirmFile) -> str:
    return (
        f"configuration: the run had {run.config_hash[:12]}, the firm file now is "
        f"{file.config_hash[:12]}; replay with the firm file of that night"
    )


def _plan_again(bench: Workbench) -> tuple[PlannedBatch, ...]:
    for step in STEPS:
        if step.name in AGAIN:
            step.run(bench)
    return bill.plan(bench.night, bench.warehouse)


@contextmanager
def _past(
    file: FirmFile,
    run: Run,
    later: list[str],
    store: OperationalStore,
    environ: Mapping[str, str],
) -> Iterator[Workbench]:
    with tempfile.TemporaryDirectory(prefix="ps-integration-replay-") as name:
        night = _night(file, run, Path(name))
        shutil.copyfile(_published(file), night.warehouse_path)
        past = OperationalStore(night.operational_url)
        try:
            past.migrate()
            rewind(store, past, _marks(run))
            with open_warehouse(night) as warehouse:
                _rewind_warehouse(warehouse, run, later)
                known = {**connect.unreachable(night.firm), **environ}
                connectors = connect.connectors(night.firm, known)
                yield Workbench(night, warehouse, past, connectors)
        finally:
            past.close()


def _published(file: FirmFile) -> Path:
    path = state_folder(file) / SNAPSHOT_NAME
    if not path.exists():
        raise CouldNotRunError(f"{path}: no night has been published")
    return path


def _night(file: FirmFile, run: Run, folder: Path) -> Night:
    trigger: Literal["schedule", "person"] = "schedule" if run.trigger == "schedule" else "person"
    night = new_night(
        file, run.as_of, trigger=trigger, maker=run.maker, run_id=run.run_id, is_dry=True
    )
    return night.moved(folder)


def _marks(run: Run) -> Marks:
    recorded = inputs.read(run.inputs or {})
    return Marks(
        run_id=run.run_id,
        as_of=run.as_of,
        ledger_seq=recorded.ledger_seq,
        break_seq=recorded.break_seq,
        decision_id=recorded.decision_id,
        match_decision_id=recorded.match_decision_id,
        link_id=recorded.link_id,
        day_decision_id=recorded.day_decision_id,
        openings=frozenset(recorded.openings),
    )


def _rewind_warehouse(warehouse: Warehouse, run: Run, later: list[str]) -> None:
    recorded = inputs.read(run.inputs or {})
    params = {"raw_seq": recorded.raw_seq, "later_runs": later, "as_of": run.as_of}
    with warehouse.transaction():
        for name in CANONICAL:
            warehouse.execute(f"delete from canonical.{name}")
        for statement in sql_text("rewind").split(";"):
            used = {key: value for key, value in params.items() if f"${key}" in statement}
            if statement.strip():
                warehouse.execute(statement, used)
