"""A sandbox on a free port with one system per vendor under test."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState

NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SandboxState]:
    state = SandboxState(tmp_path / "sandbox.sqlite")
    yield state
    state.close()


@pytest.fixture
def server(state: SandboxState) -> Iterator[SandboxServer]:
    with SandboxServer(state) as server:
        yield server
