"""The results file: one line a case, appended; and the table that adds invocations up."""

import json
import os
import platform
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ps_integration import __version__
from ps_integration_tests.crashes.world import Result

COUNTED = ("kills", "met", "documents", "lines", "lost", "doubled", "stuck", "escalated", "refused")
HEADS = ("ERP", "store", "fault", "cases", *COUNTED, "ambiguous", "landed", "unclear", "s/case")
_TEXTS = 3


def append(path: Path, record: dict[str, Any]) -> None:
    """Add one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def run_record(arguments: Iterable[str]) -> dict[str, Any]:
    """What an invocation notes of itself."""
    return {
        "run": {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
            f" {platform.release()}, Python {platform.python_version()}",
            "version": __version__,
            "arguments": " ".join(arguments),
        }
    }


def record(result: Result) -> dict[str, Any]:
    """One case's line."""
    return asdict(result)


def read(path: Path) -> tuple[list[Result], list[dict[str, str]]]:
    """Every case and every invocation of a file; a case that was run twice counts once."""
    known = {one.name for one in fields(Result)}
    cases: dict[tuple[str, ...], Result] = {}
    runs = []
    for text in path.read_text("utf-8").splitlines():
        line = json.loads(text)
        if "run" in line:
            runs.append(line["run"])
            continue
        case = Result(**{name: value for name, value in line.items() if name in known})
        key = (case.mode, case.erp, case.store, case.kind, str(case.seed), case.place)
        cases[key] = case
    return list(cases.values()), runs


def table(cases: Iterable[Result], runs: Iterable[dict[str, str]] = ()) -> str:
    """Cases by ERP, store and fault, with a line for all."""
    groups: defaultdict[tuple[str, str, str], list[Result]] = defaultdict(list)
    everything = list(cases)
    for case in everything:
        groups[case.erp, case.store, case.kind].append(case)
    rows = [HEADS, *(_row(key, groups[key]) for key in sorted(groups))]
    rows.append(_row(("all", "", ""), everything))
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADS))]
    lines = [
        "  ".join(
            text.ljust(width) if at < _TEXTS else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    fresh = sum(case.mode == "fresh" for case in everything)
    notes = [f"{one['date']}  {one['machine']}  {one['arguments']}" for one in runs]
    note = f"{fresh} of {len(everything)} cases were fresh processes of the command line."
    return "\n".join([*lines, "", note, *notes])


def _row(key: tuple[str, str, str], cases: list[Result]) -> tuple[str, ...]:
    ambiguous = sum(case.ambiguous for case in cases)
    landed = sum(case.landed for case in cases)
    unclear = sum(case.verdict == "inconclusive" for case in cases)
    seconds = sum(case.seconds for case in cases) / max(len(cases), 1)
    counts = [str(sum(getattr(case, name) for case in cases)) for name in COUNTED]
    share = f"{100 * landed / ambiguous:.0f} %" if ambiguous else "-"
    return (*key, str(len(cases)), *counts, str(ambiguous), share, str(unclear), f"{seconds:.2f}")
