from pathlib import Path

import pytest

from ps_integration_tests.bench.bench_posting import LINES_PER_DOCUMENT, Bench


@pytest.mark.parametrize("ledger_lines", [0, 200])
def test_every_line_of_the_benchmark_is_posted_and_read_back(tmp_path: Path, ledger_lines: int):
    bench = Bench(f"sqlite:///{tmp_path}/store.sqlite", tmp_path, ledger_lines)
    one = bench.post(100)
    bench.close()
    assert one.lines == 5 * LINES_PER_DOCUMENT
    assert one.erp_seconds > 0
