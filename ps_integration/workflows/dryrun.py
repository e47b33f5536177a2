"""A dry run's surroundings: copies of both stores, and a place for its report."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ps_integration.stores.operational.clone import clone
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME
from ps_integration.workflows.night import Night, sqlite_path
from ps_integration.workflows.outcome import REPORT_KINDS, Outcome

FOLDER = "dry_runs"


@contextmanager
def copies(night: Night) -> Iterator[Night]:
    """The same night on copies that are gone afterwards.

    The warehouse is the one the last finished night published, so a night that runs meanwhile is
    neither disturbed nor seen half.

    Raises:
        FixConfigError: The operational store is of another version of this program.
    """
    with tempfile.TemporaryDirectory(prefix="ps-integration-dry-") as name:
        folder = Path(name)
        published = night.folder / SNAPSHOT_NAME
        if published.exists():
            shutil.copyfile(published, folder / night.warehouse_path.name)
        target = OperationalStore(f"sqlite:///{sqlite_path(folder)}")
        try:
            target.migrate()
            if night.firm.stores.operational or sqlite_path(night.folder).exists():
                _copy(night.operational_url, target)
        finally:
            target.close()
        yield night.moved(folder)


def _copy(url: str, target: OperationalStore) -> None:
    source = OperationalStore(url)
    try:
        source.check()
        clone(source, target)
    finally:
        source.close()


def keep_report(night: Night, copied: Night, outcome: Outcome) -> Outcome:
    """Move the report out of the copies to `<folder>/dry_runs/<run id>`; nights never read it."""
    kept = night.folder / FOLDER / night.run_id
    shutil.copytree(copied.folder / "reports" / night.run_id, kept)
    reports = {kind: str(kept / f"report.{kind}") for kind in REPORT_KINDS}
    return replace(outcome, data={**outcome.data, "is_dry": True, "reports": reports})
