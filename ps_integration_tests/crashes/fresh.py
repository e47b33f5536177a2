"""Cases whose lives are fresh processes of the command line, on the wall clock.

Each life is `ps-integration post` with a firm file. The warehouse holds nothing of its own here
and is removed between lives: it is derived, and the ledger equation would miss the entries that
these documents were never planned from.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import yaml

import ps_integration
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.night import WAREHOUSE_NAME
from ps_integration_tests.crashes import books
from ps_integration_tests.crashes.clock import SharedClock
from ps_integration_tests.crashes.proxy import proxied
from ps_integration_tests.crashes.spec import Kill, Spec
from ps_integration_tests.crashes.stores import KEY, Stores
from ps_integration_tests.crashes.world import Case, Result, World
from ps_integration_tests.posting.targets import Target

DELAY_SECONDS: Final = 1.0
HOLD_SECONDS: Final = 0.1
WAIT_SECONDS_MAX: Final = 1.2
LIFE_SECONDS: Final = 2.5
COMMAND = (
    sys.executable,
    "-c",
    "import sys; from ps_integration.cli.main import main; sys.exit(main())",
    "post",
)
DONE = frozenset({0, 1})
"""Exit codes of a run that came to its end; 1 says that finance has something to look at."""


def slowed(spec: Spec) -> Spec:
    """The same case with delays that can be waited for."""
    faults = {
        at: replace(
            fault,
            hold_seconds=HOLD_SECONDS,
            late_seconds=fault.late_seconds / spec.delay_seconds * DELAY_SECONDS,
        )
        for at, fault in spec.faults.items()
    }
    gaps = tuple(gap / spec.delay_seconds * DELAY_SECONDS for gap in spec.gaps_seconds)
    return replace(
        spec, faults=faults, gaps_seconds=gaps, delay_seconds=DELAY_SECONDS, drift_seconds=0.0
    )


class RealClock(SharedClock):
    """The wall's."""

    def now(self) -> datetime:
        """The instant it is."""
        return datetime.now(UTC)


@dataclass
class FreshWorld(World):
    """A world whose time is real."""

    life_seconds: float = LIFE_SECONDS

    def play(self, spec: Spec) -> Result:
        """Run one case."""
        result = super().play(slowed(spec))
        result.mode = "fresh"
        return result

    def pass_time(self, seconds: float) -> dict[str, int]:
        """Wait, but not for hours."""
        time.sleep(min(seconds, WAIT_SECONDS_MAX))
        return self.proxy.advance(0.0)

    def case(self, spec: Spec, result: Result) -> Case:
        """A case with its firm file."""
        return _FreshCase(self, spec, result, self.store())


class _FreshCase(Case):
    def settle_firm(self) -> None:
        journal = self.store.journal
        assert journal is not None
        told = {
            **books.firm_file(self.world.target, self.world.proxy.origin, self.spec.delay_seconds),
            "audit": {"key": f"env:{KEY[0]}"},
            "stores": {
                "folder": str(self.world.folder),
                "operational": self.store.engine.url.render_as_string(hide_password=False),
                "journal": str(journal.path),
            },
        }
        self.path = self.world.folder / "firm.yaml"
        self.path.write_text(yaml.safe_dump(told), "utf-8")
        file = load_checked(self.path)
        self.firm, self.config_hash = file.firm, file.config_hash

    def begin(self, kill: Kill) -> int:
        (self.world.folder / WAREHOUSE_NAME).unlink(missing_ok=True)
        environ = {**os.environ, **self.world.target.environ, KEY[0]: KEY[1]}
        environ["PS_CRASHPOINT_HARNESS"] = "1"
        environ["PYTHONPATH"] = str(Path(ps_integration.__file__).parent.parent)
        if kill.place:
            environ["PS_CRASHPOINT"] = f"{kill.place}@{kill.passage}"
        output = (str(self.world.folder / "error"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        actions = [(os.POSIX_SPAWN_OPEN, 1, *output), (os.POSIX_SPAWN_DUP2, 1, 2)]
        command = (*COMMAND, "--firm", str(self.path))
        return os.posix_spawn(sys.executable, command, environ, file_actions=actions)

    def is_error(self, code: int) -> bool:
        return code not in DONE


@contextmanager
def opened(target: Target, stores: Stores, folder: Path) -> Iterator[FreshWorld]:
    """Start an ERP with a proxy before it, on the wall clock."""
    clock = RealClock()
    with (
        target.serve(folder, clock.now) as server,
        proxied(target, server.origin, clock, is_real=True) as proxy,
    ):
        yield FreshWorld(target, server, proxy, clock, stores, folder)
