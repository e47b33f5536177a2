"""Publishes a finished warehouse for readers, so that reading never waits for a writer."""

import os
import shutil
from pathlib import Path

SNAPSHOT_NAME = "snapshot.duckdb"


def publish(warehouse_path: Path) -> Path:
    """Copy the closed warehouse file beside itself and rename the copy into place.

    A reader that holds the previous snapshot keeps it; a new one sees the new night whole.
    """
    target = warehouse_path.with_name(SNAPSHOT_NAME)
    partial = target.with_suffix(".partial")
    shutil.copyfile(warehouse_path, partial)
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    return target
