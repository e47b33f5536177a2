"""The same night again, two at once, and a night that only looks."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ps_integration
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.e2e.conftest import SECOND, THIRD, World

pytestmark = pytest.mark.e2e
ROOT = str(Path(ps_integration.__file__).parents[1])
COMMAND = [sys.executable, "-c", "from ps_integration.cli.main import main; main()", "nightly"]


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    kept = [path for path in files if "dry_runs" not in path.parts]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def process(world: World, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=world.folder,
        env={**os.environ, "PYTHONPATH": ROOT, **world.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_same_night_again_posts_nothing_and_writes_nothing_anywhere(north: World):
    north.night(SECOND)
    written, held = north.writes(), north.invoices()
    outcome = north.night(SECOND)
    assert (outcome.exit_code, north.writes(), north.invoices()) == (0, written, held)
    assert outcome.data["posted"] == {"new": 0, "total": 7}


def test_a_dry_run_changes_no_byte_of_the_stores_and_no_system(north: World):
    before = digests(north.folder / "state")
    held = north.writes()
    outcome = north.night(SECOND, is_dry=True)
    assert digests(north.folder / "state") == before
    assert (north.writes(), north.invoices()) == (held, [])
    assert [batch["lines"] for batch in outcome.data["batches"]] == [2, 5]
    assert all((north.folder / path).exists() for path in outcome.data["reports"].values())


def test_a_dry_run_before_the_first_night_leaves_only_its_report(fresh: World):
    fresh.night(is_dry=True)
    assert digests(fresh.folder / "state") == {}


def test_a_night_beside_another_says_who_is_in_the_way_and_changes_nothing(north: World):
    with Warehouse(north.folder / "state" / "warehouse.duckdb"):
        running = process(north, "--as-of", "2026-03-10", "--json")
        out, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "another process is using it; wait for its run to end" in err
    assert out.splitlines()[-1].startswith('{"error": "RetryLaterError"')
    assert "Traceback" not in out + err
    assert north.invoices() == []


def test_two_nights_at_once_post_every_line_once(north: World, undisturbed):
    north.state.set_clock(SECOND)
    running = [process(north, "--as-of", "2026-03-10") for _ in range(2)]
    said = [one.communicate(timeout=120) for one in running]
    assert sorted(one.returncode for one in running) in ([0, 0], [0, 2]), said
    assert north.night(THIRD).exit_code == 0
    assert north.invoices() == undisturbed


def test_a_damaged_warehouse_is_named_and_the_published_copy_takes_its_place(
    north: World, undisturbed
):
    state = north.folder / "state"
    (state / "warehouse.duckdb").write_bytes(b"x" * 20_000)
    north.state.set_clock(SECOND)
    running = process(north, "--as-of", "2026-03-10")
    out, err = running.communicate(timeout=120)
    assert "The warehouse could not be read" in out
    assert "is in its place now" in out
    assert "Traceback" not in out + err
    assert [path.name for path in state.glob("warehouse.duckdb.damaged-*")]
    assert north.night(THIRD).exit_code == 0
    assert north.invoices() == undisturbed
