"""All rules over N entries and N ERP lines, beside the bare join and two peers' one comparison.

One ERP line in a thousand is a cent off. Run by `make bench-rules`; `--entries 100000 1000000`
takes several sizes in turn. The peers live in an environment of their own, from `peers.lock`;
they and the bare join read the same two Parquet files.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ps_integration.reconciliation.engine import run_rules
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.bench import bench_night
from ps_integration_tests.bench.firm import night, sign_openings

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[1] / "data" / "peers"
PEER_MAX = 2_000_000
"""Peers are asked up to so many rows a side."""
_OFF = """
update canonical.erp_lines set amount_minor = amount_minor + 1 where hash(external_id) % 1000 = 0
"""
_OURS = """
copy (
    select pl.document_ref || '-' || pl.line_no as key, pl.seconds, pl.amount_minor
    from ops.posting_lines as pl order by hash(pl.line_key)
) to '{folder}/ours.parquet' (format parquet)
"""
_THEIRS = """
copy (
    select
        ed.reference || '-' || el.line_no as key,
        cast(el.quantity * 3600 as bigint) as seconds,
        el.amount_minor
    from canonical.erp_lines as el
    inner join canonical.erp_documents as ed
        on el.system = ed.system and el.document_external_id = ed.external_id
    order by hash(el.external_id)
) to '{folder}/theirs.parquet' (format parquet)
"""
_UNTIL = "post (given)"
_NOT_READ = ("account", "plan")
"""Stages of whose results rules see nothing."""


def measure(entries, folder):
    """(what, seconds, MiB, found) of one size, the rules first."""
    store = OperationalStore(f"sqlite:///{folder / 'operational.sqlite'}")
    store.migrate()
    sign_openings(store)
    with bench_night.opened(folder, entries) as warehouse:
        made = bench_night.Bench(night(folder), warehouse, store, entries)
        bench_night.refer(made)
        for name, stage in bench_night.STAGES:
            if name not in _NOT_READ:
                stage(made)
            if name == _UNTIL:
                break
        warehouse.execute(_OFF)
        lines = warehouse.value("select count(*) from canonical.erp_lines")
        warehouse.execute(_OURS.format(folder=folder))
        warehouse.execute(_THEIRS.format(folder=folder))
        bench_night._reset_peak()
        began = time.perf_counter()
        runs = run_rules(warehouse, load_rules(None))
        seconds = time.perf_counter() - began
    store.close()
    broken = [f"{run.rule.code} ({run.message})" for run in runs if run.status == "could_not_run"]
    found = sum(run.found_count for run in runs)
    slowest = ", ".join(
        f"{run.rule.code} {run.seconds:.2f} s"
        for run in sorted(runs, key=lambda run: -run.seconds)[:4]
    )
    note = f"{found:,} breaks over {lines:,} ERP lines; slowest {slowest}"
    if broken:
        note += f"; could not run: {', '.join(broken)}"
    yield f"all {len(runs)} rules", seconds, bench_night._peak_mib(), note
    yield from _peers(entries, folder)


def _peers(entries, folder):
    for name in ("duckdb", "reladiff", "datacompy"):
        if entries > PEER_MAX and name != "duckdb":
            continue
        done = subprocess.run(
            [_python(), HERE / "peers.py", name, folder], check=True, stdout=subprocess.PIPE
        )
        said = json.loads(done.stdout.splitlines()[-1])
        what = "bare join" if name == "duckdb" else f"{name}, one comparison"
        yield what, said["seconds"], said["mib"], f"{said['differ']:,} rows differ"


def _python():
    """The peers' own interpreter; made on first use."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        install = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", HERE / "peers.lock"]
        subprocess.run([python, *install], check=True)
        (ENVIRONMENT / "made").touch()
    return python


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[100_000, 1_000_000])
    for entries in parser.parse_args().entries:
        print(f"{entries:,} entries", flush=True)  # noqa: T201 # the table is what it is for
        took = {}
        with tempfile.TemporaryDirectory() as folder:
            for what, seconds, mib, note in measure(entries, Path(folder)):
                took[what] = seconds
                line = f"  {what:28} {seconds:8.2f} s {mib:8,} MiB  {note}"
                print(line, flush=True)  # noqa: T201 # the table is what it is for
        rules = next(seconds for what, seconds in took.items() if what.startswith("all"))
        times = rules / took["bare join"]
        print(f"  all rules take {times:.1f} times the bare join", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
