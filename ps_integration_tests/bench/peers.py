"""One comparison of two files by a peer, in an environment of its own.

Prints one JSON object: seconds, peak memory in MiB, and rows that differ. Usage:
`python peers.py datacompy|reladiff|duckdb FOLDER`, where FOLDER holds `ours.parquet` and
`theirs.parquet` with the columns key, seconds and amount_minor.
"""

import json
import sys
import time
from pathlib import Path


def datacompy(folder):
    """Both files as pandas frames, joined and compared."""
    import datacompy as peer  # noqa: PLC0415 # each peer is measured without the other
    import pandas as pd  # noqa: PLC0415

    began = time.perf_counter()
    ours, theirs = (pd.read_parquet(folder / f"{name}.parquet") for name in ("ours", "theirs"))
    compared = peer.PandasCompare(ours, theirs, join_columns="key")
    differ = len(compared.all_mismatch())
    return time.perf_counter() - began, differ


def reladiff(folder):
    """Both files as tables of one database, compared by its join."""
    import duckdb as database  # noqa: PLC0415
    import reladiff as peer  # noqa: PLC0415

    file = folder / "peer.duckdb"
    with database.connect(str(file)) as connection:
        for name in ("ours", "theirs"):
            connection.execute(
                f"create table {name} as from read_parquet('{folder / name}.parquet')"
            )
    began = time.perf_counter()
    tables = [
        peer.connect_to_table(f"duckdb:///{file}", name, "key") for name in ("ours", "theirs")
    ]
    columns = ("seconds", "amount_minor")
    found = peer.diff_tables(*tables, key_columns=("key",), extra_columns=columns)
    differ = len({row[0] for _, row in found})
    return time.perf_counter() - began, differ


def duckdb(folder):
    """The bare join: both files keyed, every difference counted."""
    import duckdb as database  # noqa: PLC0415

    began = time.perf_counter()
    ours, theirs = (f"read_parquet('{folder / name}.parquet')" for name in ("ours", "theirs"))
    differ = database.sql(
        f"select count(*) from {ours} as a full join {theirs} as b on a.key = b.key"
        " where a.seconds is distinct from b.seconds"
        " or a.amount_minor is distinct from b.amount_minor"
    ).fetchall()[0][0]
    return time.perf_counter() - began, differ


PEERS = {"datacompy": datacompy, "reladiff": reladiff, "duckdb": duckdb}

if __name__ == "__main__":
    seconds, differ = PEERS[sys.argv[1]](Path(sys.argv[2]))
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    peak = next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))
    print(json.dumps({"seconds": seconds, "mib": peak, "differ": differ}))  # noqa: T201 # its answer
