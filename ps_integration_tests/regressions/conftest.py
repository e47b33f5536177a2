"""Firms for the cases: fresh, or with their first invoice posted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ps_integration_tests.regressions.firm import Firm, lay, served


@pytest.fixture(autouse=True)
def told(request: pytest.FixtureRequest, record_property) -> None:
    """Say in the test's result which case it shows, of which kind, found in which places."""
    marker = request.node.get_closest_marker("case")
    assert marker is not None, "name the case: @pytest.mark.case(words, kind=..., places=(...))"
    record_property("case", marker.args[0])
    record_property("kind", marker.kwargs["kind"])
    record_property("places", " ".join(marker.kwargs["places"]))


@pytest.fixture(scope="session")
def posted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Northlight after its first invoice of 933.88 GBP: nights of 31 March and 1 April 2026."""
    folder = tmp_path_factory.mktemp("posted")
    lay("northlight", folder)
    with served(folder) as firm:
        firm.night("2026-03-31")
        firm.sign()
        assert firm.night("2026-04-01")["posted"] == {"new": 2, "total": 2}
    return folder


@pytest.fixture
def northlight(tmp_path: Path) -> Iterator[Firm]:
    """Northlight in an empty folder; no night has run."""
    lay("northlight", tmp_path)
    with served(tmp_path) as firm:
        yield firm


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Firm]:
    """Studio in an empty folder: HR, PSA and time tool are drops of their own; no night has run."""
    lay("studio", tmp_path)
    with served(tmp_path) as firm:
        yield firm


@pytest.fixture(scope="session")
def studio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studio after its first invoices of 933.88 and 570.00 GBP: nights of 31 March and 1 April."""
    folder = tmp_path_factory.mktemp("studio_posted")
    lay("studio", folder)
    with served(folder) as firm:
        firm.night("2026-03-31")
        firm.sign()
        assert firm.night("2026-04-01")["posted"] == {"new": 3, "total": 3}
    return folder


@pytest.fixture
def studio_posted(studio_folder: Path, tmp_path: Path) -> Iterator[Firm]:
    """Studio after its first invoices; the next night is that of 2 April 2026."""
    shutil.copytree(studio_folder, tmp_path, dirs_exist_ok=True)
    with served(tmp_path) as firm:
        yield firm


@pytest.fixture
def posted(posted_folder: Path, tmp_path: Path) -> Iterator[Firm]:
    """Northlight after its first invoice; the next night is that of 2 April 2026."""
    shutil.copytree(posted_folder, tmp_path, dirs_exist_ok=True)
    with served(tmp_path) as firm:
        yield firm


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Firm]:
    """A firm on Xero in an empty folder: 933.88 and 190.00 GBP are to be billed."""
    lay("harbour", tmp_path)
    with served(tmp_path) as firm:
        yield firm
