"""Publishes a finished warehouse for readers, so that reading never waits for a writer."""

import os
import shutil
from pathlib import Path

from ps_integration.errors import RetryLaterError
from ps_integration.stores.warehouse.warehouse import Warehouse

SNAPSHOT_NAME = "snapshot.duckdb"


def publish(warehouse_path: Path) -> Path:
    """Copy the closed warehouse file beside itself and rename the copy into place.

    A reader that holds the previous snapshot keeps it; a new one sees the new night whole. The
    file is held open for reading meanwhile, so that no writer changes it under the copy; when a
    writer came first, the snapshot is left to that run.
    """
    target = warehouse_path.with_name(SNAPSHOT_NAME)
    partial = target.with_suffix(".partial")
    try:
        with Warehouse(warehouse_path, read_only=True):
            shutil.copyfile(warehouse_path, partial)
    except RetryLaterError:
        return target
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    return target
