"""Drives a million time entries through a night and prints what each stage takes.

Seconds and peak resident memory per stage, beside the bare DuckDB join of the same tables.
Run by `make bench`; `--entries N` takes fewer.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ps_integration.billing.completeness import completeness_groups
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import (
    bill,
    configure,
    conform,
    connect,
    mirror,
    reconcile,
    resolve,
    why,
)
from ps_integration.workflows.night import Night, StepResult
from ps_integration_tests.bench.firm import ENVIRON, firm, night, sign_openings

ENTRIES = 1_000_000
ENTRIES_OF_ONE = 100
"""Entries of a person in a month, where there are more than a million."""
ENTRIES_PER_GB = 1_250_000
NOT_OF_THE_NIGHT = ("generate raw", "post (given)", "why", "bare join")
WALKS = 20
CHAPTERS = {"received", "versions", "rated", "posting lines", "approval", "posting", "ERP lines"}
_BARE_JOIN = """
select count(*) as entries, sum(en.seconds) as seconds, count(ra.unit_price) as priced
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
    cpu_seconds: float
    peak_mib: int
    note: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What the stages work on."""

    night: Night
    warehouse: Warehouse
    store: OperationalStore
    entries: int


Stage = tuple[str, Callable[[Bench], str]]


def bench(entries: int, folder: Path) -> list[Measure]:
    """Measure every stage on a fresh warehouse in a folder."""
    measures = []
    store = OperationalStore(f"sqlite:///{folder / 'operational.sqlite'}")
    store.migrate()
    sign_openings(store)
    with opened(folder, entries) as warehouse:
        made = Bench(night(folder), warehouse, store, entries)
        refer(made)
        for name, stage in STAGES:
            _reset_peak()
            started, started_cpu = time.perf_counter(), time.process_time()
            note = stage(made)
            seconds = time.perf_counter() - started
            cpu_seconds = time.process_time() - started_cpu
            measures.append(Measure(name, seconds, cpu_seconds, _peak_mib(), note))
    store.close()
    return measures


def opened(folder: Path, entries: int) -> Warehouse:
    """A fresh warehouse with memory for so many entries."""
    memory_gb = max(2, entries // ENTRIES_PER_GB)
    return Warehouse(folder / "warehouse.duckdb", memory_gb=memory_gb)


def refer(made: Bench) -> None:
    """Fill in the firm's settings and its people, customers and projects."""
    configure.configure(made.night, made.warehouse)
    people = max(10_000, made.entries // ENTRIES_OF_ONE)
    made.warehouse.execute(f"set variable people = {people}")
    made.warehouse.execute(text("reference"))


def text(name: str) -> str:
    return files("ps_integration_tests.bench").joinpath(f"{name}.sql").read_text("utf-8")


def _generate(made: Bench) -> str:
    made.warehouse.execute(text("payloads"), {"entries": made.entries})
    made.warehouse.execute(
        "update raw.reads set records_changed = $n where stream = 'time_entries'",
        {"n": made.entries},
    )
    return _count(made.warehouse, "raw.records")


def _conform(made: Bench) -> str:
    connectors = connect.connectors(firm(), ENVIRON, only=("harvest",))
    conform.conform(made.night, made.warehouse, connectors)
    return _count(made.warehouse, "canonical.entry_versions")


def _count(warehouse: Warehouse, table: str) -> str:
    return f"{warehouse.value(f'select count(*) from {table}'):,} {table}"


def _made(made: Bench, result: StepResult, table: str) -> str:
    failed = [check.name for check in result.checks if not check.passed]
    return _count(made.warehouse, table) + (f"; failed: {', '.join(failed)}" if failed else "")


def _reconcile(made: Bench) -> str:
    result = reconcile.reconcile(made.night, made.warehouse, made.store)
    slow = made.warehouse.rows(
        "select rule, seconds from reconciliation.rule_runs order by seconds desc limit 3"
    )
    slowest = ", ".join(f"{row['rule']} {row['seconds']:.2f} s" for row in slow)
    [all_of] = made.warehouse.rows(
        "select count(*) as rules, sum(seconds) as seconds from reconciliation.rule_runs"
    )
    told = f"{all_of['rules']} rules in {all_of['seconds']:.2f} s"
    return f"{result.row_count:,} found by {told}; slowest {slowest}"


def _classify(made: Bench) -> str:
    bill.classify(made.night, made.warehouse)
    rows = made.warehouse.rows(
        "select disposition, count(*) as parts from billing.dispositions group by all order by all"
    )
    return ", ".join(f"{row['parts']:,} {row['disposition']}" for row in rows)


def _account(made: Bench) -> str:
    result = bill.account(made.night, made.warehouse)
    broken = [check.description for check in result.checks if not check.passed]
    groups = len(completeness_groups(made.warehouse))
    return "; ".join(broken) or f"both equations hold in {groups} groups"


def _plan(made: Bench) -> str:
    batches = bill.plan(made.night, made.warehouse)
    documents = sum(len(batch.documents) for batch in batches)
    return f"{sum(b.line_count for b in batches):,} lines, {documents:,} documents"


def _post(made: Bench) -> str:
    made.warehouse.execute(text("posted"))
    return _count(made.warehouse, "ops.posting_lines")


def _why(made: Bench) -> str:
    """Walk back from lines of the ERP; the stage's seconds are those of all walks together."""
    asked = made.warehouse.rows(
        "select dc.erp_number || '/' || pl.line_no as line from ops.posting_lines as pl"
        " inner join ops.documents as dc on pl.document_ref = dc.document_ref"
        " order by hash(pl.line_key) limit $walks", {"walks": WALKS}
    )  # fmt: skip
    seconds = []
    for row in asked:
        started = time.perf_counter()
        story = why.why(made.warehouse, str(row["line"]))
        seconds.append(time.perf_counter() - started)
        missing = CHAPTERS - set(story.chapters)
        if missing:
            raise SystemExit(f"why {row['line']} knows nothing of {', '.join(sorted(missing))}")
    median, worst = sorted(seconds)[len(seconds) // 2], max(seconds)
    return f"{len(seconds)} ERP lines to their payloads: median {median:.2f} s, worst {worst:.2f} s"


STAGES: tuple[Stage, ...] = (
    ("generate raw", _generate),
    ("conform", _conform),
    ("resolve", lambda b: _made(b, resolve.resolve(b.night, b.warehouse), "billing.entries")),
    ("mirror", lambda b: _made(b, mirror.mirror(b.night, b.warehouse, b.store), "ops.openings")),
    ("rate", lambda b: _made(b, bill.rate(b.night, b.warehouse), "billing.rated_entries")),
    ("reconcile", _reconcile),
    ("classify", _classify),
    ("account", _account),
    ("plan", _plan),
    ("post (given)", _post),
    ("why", _why),
    ("bare join", lambda b: f"{b.warehouse.rows(_BARE_JOIN)[0]['entries']:,} rows"),
)


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
    out(f"{'stage':<16}{'seconds':>9}{'cpu':>9}{'peak MiB':>10}  made\n")
    for one in measures:
        figures = f"{one.seconds:>9.2f}{one.cpu_seconds:>9.2f}{one.peak_mib:>10}"
        out(f"{one.stage:<16}{figures}  {one.note}\n")
    night_only = [one for one in measures if one.stage not in NOT_OF_THE_NIGHT]
    seconds = sum(one.seconds for one in night_only)
    cpu_seconds = sum(one.cpu_seconds for one in night_only)
    peak = max(one.peak_mib for one in night_only)
    out(f"{'the night':<16}{seconds:>9.2f}{cpu_seconds:>9.2f}{peak:>10}  {entries:,} entries\n")


if __name__ == "__main__":
    main()
