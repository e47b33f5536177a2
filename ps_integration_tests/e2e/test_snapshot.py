"""The published warehouse: whole, and never copied while another run writes."""

import subprocess
import sys
from pathlib import Path

from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME, publish
from ps_integration.stores.warehouse.warehouse import Warehouse

HOLD = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"


def test_a_snapshot_is_left_to_the_run_that_is_writing(tmp_path: Path):
    path = tmp_path / "warehouse.duckdb"
    Warehouse(path).close()
    publish(path)
    before = (tmp_path / SNAPSHOT_NAME).stat().st_ino
    writer = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    writer.stdout.readline()
    publish(path)
    writer.communicate("\n")
    assert (tmp_path / SNAPSHOT_NAME).stat().st_ino == before
    publish(path)
    assert (tmp_path / SNAPSHOT_NAME).stat().st_ino != before
