"""Drives a million time entries through a night and prints what each stage takes.

Seconds and peak resident memory per stage, beside the bare DuckDB join of the same tables.
Run by `make bench`; `--entries N` takes fewer.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ps_integration.billing.account import account, broken_counts, broken_groups, broken_ledger
from ps_integration.billing.classify import classify
from ps_integration.billing.plan import plan
from ps_integration.billing.rate import rate
from ps_integration.stores.warehouse.warehouse import Warehouse

ENTRIES = 1_000_000
_BARE_JOIN = """
select count(*), sum(en.seconds), count(ra.unit_price)
from billing.entries as en
inner join canonical.entry_versions as ev on en.entry_id = ev.entry_id
left join billing.rated_entries as ra on en.entry_id = ra.entry_id
left join billing.dispositions as di on en.entry_id = di.entry_id
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one stage took."""

    stage: str
    seconds: float
    peak_mib: int
    note: str


Stage = tuple[str, Callable[[Warehouse], str]]


def stages(entries: int) -> Iterator[Stage]:
    """The stages in the order of a night; each returns a note on what it made."""
    yield "generate raw", lambda w: _run(w, "payloads", "raw.records", entries=entries)
    yield "conform, resolve (stand-in)", lambda w: _run(w, "stand_in", "billing.entries")
    yield "rate", _rate
    yield "classify", _classify
    yield "account", _account
    yield "plan", _plan
    yield "bare join", lambda w: f"{w.rows(_BARE_JOIN)[0]['count_star()']:,} rows"


def bench(entries: int, folder: Path) -> list[Measure]:
    """Measure every stage on a fresh warehouse in a folder."""
    measures = []
    with Warehouse(folder / "warehouse.duckdb") as warehouse:
        warehouse.execute(_text("reference"))
        for name, stage in stages(entries):
            _reset_peak()
            started = time.perf_counter()
            note = stage(warehouse)
            seconds = time.perf_counter() - started
            measures.append(Measure(name, seconds, _peak_mib(), note))
    return measures


def _text(name: str) -> str:
    return files("ps_integration_tests.bench").joinpath(f"{name}.sql").read_text("utf-8")


def _run(warehouse: Warehouse, name: str, table: str, **params: int) -> str:
    warehouse.execute(_text(name), params or None)
    return _count(warehouse, table)


def _count(warehouse: Warehouse, table: str) -> str:
    return f"{warehouse.value(f'select count(*) from {table}'):,} {table}"


def _rate(warehouse: Warehouse) -> str:
    rate(warehouse)
    return _count(warehouse, "billing.rated_entries")


def _classify(warehouse: Warehouse) -> str:
    classify(warehouse)
    return _count(warehouse, "billing.dispositions")


def _account(warehouse: Warehouse) -> str:
    account(warehouse)
    broken = broken_groups(warehouse) or broken_counts(warehouse) or broken_ledger(warehouse)
    return f"does not hold: {broken[0]}" if broken else "both equations hold"


def _plan(warehouse: Warehouse) -> str:
    batches = plan(warehouse)
    documents = sum(len(batch.documents) for batch in batches)
    return f"{sum(b.line_count for b in batches):,} lines, {documents:,} documents"


def _reset_peak() -> None:
    # Linux starts the high-water mark of resident memory anew on writing 5.
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def _peak_mib() -> int:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise LookupError("/proc/self/status has no VmHWM")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        measures = bench(entries, Path(folder))
    out = sys.stdout.write
    out(f"{'stage':<30}{'seconds':>9}{'peak MiB':>10}  made\n")
    for measure in measures:
        out(f"{measure.stage:<30}{measure.seconds:>9.2f}{measure.peak_mib:>10}  {measure.note}\n")
    total = sum(measure.seconds for measure in measures if measure.stage != "bare join")
    peak = max(measure.peak_mib for measure in measures)
    out(f"{'whole':<30}{total:>9.2f}{peak:>10}  {entries:,} entries\n")


if __name__ == "__main__":
    main()
