"""Plays the demonstration: the world moves on, the night runs, finance signs the next morning.

Every part is done once ever and goes on where it was stopped: the world by its own event log, a
night by its run, a morning by its run. A demonstration played before is only looked at again.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from ps_integration.domain.identity import SCHEDULE, SYSTEM, current_user
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.world import harvest
from ps_integration.sandbox.world.business_central import SYSTEM as BC
from ps_integration.sandbox.world.clockify import SYSTEM as CLOCKIFY
from ps_integration.sandbox.world.documents import CREDENTIALS
from ps_integration.sandbox.world.events import NIGHTS, WorldNight, prepare
from ps_integration.sandbox.world.kantata import SYSTEM as KANTATA
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import approvals, installed, reversals, runs
from ps_integration.workflows import approve, demo_manifest
from ps_integration.workflows.nightly import (
    Progress,
    new_night,
    nightly,
    operational_store,
    post_approved,
    snapshot,
    state_folder,
)
from ps_integration.workflows.opening import opening_lists, sign
from ps_integration.workflows.outcome import Outcome

BC_ENVIRONMENT: Final = "v2.0/halden.example/Production"
SANDBOX_NAME: Final = "sandbox.sqlite"
MORNING: Final = timedelta(hours=9)
"""After the night, finance signs."""
ALONE_NAME: Final = "sandbox-alone.sqlite"
"""The world as of the last night, for those who have not played the demonstration."""


class Books(Protocol):
    """An ERP that is no part of the sandbox, and moves on with the world."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Addresses and credentials by the names the firm file uses."""

    @property
    def left_out(self) -> Mapping[str, str]:
        """How faults of the manifest begin that cannot happen there, and why."""

    def prepare(self, night: WorldNight) -> None:
        """Bring it to a night; called again for the same one, it changes nothing."""


class Listener(Protocol):
    """Who is told how the demonstration goes."""

    def night(self, night: WorldNight) -> AbstractContextManager[Progress]:
        """Around a night; what it gives hears of each step."""

    def ended(self, night: WorldNight, outcome: Outcome) -> None:
        """After a night."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demonstration came to.

    Attributes:
        last: The last night.
        nights: How each night ended, by date.
        comparison: What was found against what the manifest says.
    """

    last: Outcome
    nights: Mapping[str, Mapping[str, object]]
    comparison: demo_manifest.Comparison


def run_id_of(night: WorldNight) -> str:
    """The run of a night: always the same, so that it is played once."""
    return f"demo-{night.day}"


def environment(server: SandboxServer, firm_folder: Path) -> dict[str, str]:
    """Addresses and credentials of the local servers, by the names the firm file uses."""
    return {
        "HALDEN_KANTATA_URL": f"{server.url(KANTATA)}/api/v1",
        "HALDEN_HARVEST_URL": f"{server.url(harvest.SYSTEM)}/v2",
        "HALDEN_CLOCKIFY_URL": f"{server.url(CLOCKIFY)}/api/v1",
        "HALDEN_BC_URL": f"{server.url(BC)}/{BC_ENVIRONMENT}",
        "HALDEN_BC_TOKEN_URL": f"{server.url(BC)}/oauth2/v2.0/token",
        "HALDEN_HR_FOLDER": str(firm_folder.resolve() / "hr"),
        **CREDENTIALS,
    }


@contextmanager
def served_state(file: FirmFile) -> Iterator[SandboxState]:
    """The demonstration's sandbox as it is; not played yet, one as of the last night."""
    folder = state_folder(file)
    is_played = (folder / SANDBOX_NAME).exists()
    with _state(folder, SANDBOX_NAME if is_played else ALONE_NAME) as state:
        if not is_played:
            for night in NIGHTS:
                prepare(state, night)
        yield state


@contextmanager
def _state(folder: Path, name: str) -> Iterator[SandboxState]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    state = SandboxState(folder / name)
    try:
        yield state
    finally:
        state.close()


def play(
    file: FirmFile, environ: Mapping[str, str], listener: Listener, books: Books | None = None
) -> Demo:
    """Play what is left of the demonstration, or one more night when nothing is.

    Args:
        file: The firm file; its manifest lies beside it.
        environ: What is set already.
        listener: Who is told.
        books: The ERP, where it is not the sandbox's.

    Raises:
        PsIntegrationError: A night could not run.
    """
    folder = state_folder(file)
    with _state(folder, SANDBOX_NAME) as state, SandboxServer(state) as server:
        known = {**environ, **environment(server, file.source.path.parent)}
        known |= {} if books is None else books.environment
        last = None
        with operational_store(file) as store, store.session() as session:
            installed.accept_as_shipped(session, file.config_hash, SYSTEM, NIGHTS[0].instant)
        for night in NIGHTS:
            if not is_done(file, run_id_of(night)):
                prepare(state, night)
                if books is not None:
                    books.prepare(night)
                last = _play_night(file, night, known, listener)
            if night.signs_openings:
                _sign_openings(file, night)
            if night.is_approved:
                _approve(file, night, known)
        if last is None:
            last = _once_more(file, known, listener)
    return Demo(last, demo_nights(file), demo_manifest.compare(file))


def is_done(file: FirmFile, run_id: str) -> bool:
    """Whether a run came to its end."""
    with operational_store(file) as store, store.session() as session:
        run = runs.find(session, run_id)
        return run is not None and run.status == "done"


def demo_nights(file: FirmFile) -> dict[str, Mapping[str, object]]:
    """How each night ended."""
    found: dict[str, Mapping[str, object]] = {}
    with operational_store(file) as store, store.session() as session:
        for night in NIGHTS:
            run = runs.find(session, run_id_of(night))
            if run is not None and run.result is not None:
                names = ("verdict", "failed_checks", "breaks", "posted")
                found[str(night.day)] = {name: run.result[name] for name in names}
    return found


def _sign_openings(file: FirmFile, night: WorldNight) -> None:
    """Finance signs the opening lists, as the person at this machine; from now on is posted."""
    with operational_store(file) as store:
        with store.session() as session:
            signed = approvals.openings(session)
        with snapshot(file) as warehouse:
            lists = opening_lists(file.firm, warehouse)
        for listed in lists:
            if (listed.legal_entity, listed.time_system) in signed:
                continue
            sign(store, listed, current_user(), night.instant + MORNING)


def _approve(file: FirmFile, night: WorldNight, environ: Mapping[str, str]) -> None:
    """Finance approves what waits, as the person at this machine, and it is posted."""
    run_id = f"{run_id_of(night)}-morning"
    if is_done(file, run_id):
        return
    at, who = night.instant + MORNING, current_user()
    with operational_store(file) as store:
        for batch in approve.list_batches(store, ("planned",)):
            if batch.currency not in night.leaves_waiting:
                approve.approve(store, batch.batch_id, who, at, "Checked against the report.", file)
    morning = new_night(file, at, trigger="person", maker=who, run_id=run_id)
    post_approved(morning, environ, lambda _step, _result: None)


def _play_night(
    file: FirmFile, night: WorldNight, environ: Mapping[str, str], listener: Listener
) -> Outcome:
    run_id = run_id_of(night)
    run = new_night(file, night.instant, trigger="schedule", maker=SCHEDULE, run_id=run_id)
    with listener.night(night) as progress:
        outcome = nightly(run, environ, progress)
    listener.ended(night, outcome)
    return outcome


def _once_more(file: FirmFile, environ: Mapping[str, str], listener: Listener) -> Outcome:
    """A night with nothing new, at the last night's instant."""
    last = NIGHTS[-1]
    quiet = replace(last, story="Everything was played before; one more night, with nothing new.")
    run = new_night(file, last.instant, trigger="schedule", maker=SCHEDULE)
    with listener.night(quiet) as progress:
        outcome = nightly(run, environ, progress)
    listener.ended(quiet, outcome)
    return outcome


def example_entry(file: FirmFile) -> str:
    """An entry whose whole story is worth reading: one that was posted, and corrected since."""
    with operational_store(file) as store, store.session() as session:
        found = reversals.corrected(session, "time_entry")
    return found[0] if found else "ENTRY"
