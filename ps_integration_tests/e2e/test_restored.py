"""A firm that goes back to a backup: caught up from journal and ERP, and billed once."""

import shutil
from datetime import UTC, datetime

import pytest

from ps_integration.errors import CouldNotRunError, FixConfigError
from ps_integration.workflows import backup
from ps_integration.workflows.config_check import load_checked
from ps_integration_tests.e2e.conftest import SECOND, THIRD

pytestmark = pytest.mark.e2e
NOW = datetime(2026, 3, 11, tzinfo=UTC)
POSTED = """
select dc.document_ref, dc.amount_minor
from ops.documents as dc
where dc.state = 'posted'
order by dc.document_ref
"""


@pytest.fixture
def restored(north):
    """A night that posted, on a state from before it."""
    file = load_checked(north.firm_path)
    backup.backup(file, north.folder / "kept", NOW)
    posted = north.night(SECOND)
    assert posted.data["posted"]["new"]
    before = north.rows(POSTED), north.invoices()
    backup.restore(file, north.folder / "kept", "maria", NOW)
    return before


def test_a_restored_firm_bills_nothing_twice(north, restored):
    again = north.night(THIRD)
    assert (north.rows(POSTED), north.invoices()) == restored
    assert again.data["failed_checks"] == []


def test_a_restored_firm_without_its_journal_stays_fenced_and_says_what_is_unknown(north, restored):
    (north.folder / "state" / "posting.journal").unlink()
    writes = north.writes()
    again = north.night(THIRD)
    assert "posting_fence" in again.data["failed_checks"]
    assert again.verdict == "blocked"
    assert north.writes() == writes


def test_what_was_there_is_moved_aside(north, restored):
    [aside] = (north.folder / "state").glob("before-restore-*")
    assert {"operational.sqlite", "warehouse.duckdb"} <= {path.name for path in aside.iterdir()}


def test_a_damaged_backup_is_not_restored(north):
    file = load_checked(north.firm_path)
    backup.backup(file, north.folder / "kept", NOW)
    with (north.folder / "kept" / "operational.sqlite").open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xff")
    with pytest.raises(CouldNotRunError, match="not as it was backed up"):
        backup.restore(file, north.folder / "kept", "maria", NOW)


def test_the_backup_of_another_firm_is_refused(north):
    file = load_checked(north.firm_path)
    folder = north.folder / "kept"
    backup.backup(file, folder, NOW)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"north"', '"south"'), "utf-8")
    with pytest.raises(FixConfigError, match="not of this firm"):
        backup.restore(file, folder, "maria", NOW)


def test_a_backup_writes_over_nothing_and_is_readable_by_its_owner_alone(north):
    file = load_checked(north.firm_path)
    folder = north.folder / "kept"
    backup.backup(file, folder, NOW)
    assert folder.stat().st_mode & 0o077 == 0
    with pytest.raises(FixConfigError, match="not empty"):
        backup.backup(file, folder, NOW)
    shutil.rmtree(folder)
