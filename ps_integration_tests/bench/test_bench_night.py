from pathlib import Path

from ps_integration_tests.bench.bench_night import bench


def test_a_generated_night_balances_and_plans_what_is_queued(tmp_path: Path):
    notes = {one.stage: one.note for one in bench(2_000, tmp_path)}
    assert notes["account"] == "both equations hold in 3 groups"
    assert notes["reconcile"].startswith("0 found")
    queued = notes["classify"].split(" queued")[0].rsplit(" ", 1)[-1]
    assert notes["plan"].startswith(f"{queued} lines")
    assert notes["why"].startswith("20 ERP lines to their payloads")
