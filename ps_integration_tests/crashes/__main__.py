"""The crash matrix from the command line: `python -m ps_integration_tests.crashes --help`."""

import argparse
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast, get_args

from ps_integration_tests.crashes import fresh, results, stores, world
from ps_integration_tests.crashes.faults import MATRIX, Kind
from ps_integration_tests.crashes.spec import Spec, draw
from ps_integration_tests.posting.targets import targets

CASES_A_SERVER = 200
"""An ERP starts anew after so many cases, so that its books stay small."""
KINDS_OF_STORE = ("sqlite", "postgresql")


def main(arguments: Sequence[str]) -> int:
    """Run cases or print a table; 0 when no case was violated."""
    asked = _parser().parse_args(arguments)
    if asked.table:
        cases, runs = results.read(asked.table)
        print(results.table(cases, runs))  # noqa: T201 - a command's output
        return int(any(case.verdict == "violated" for case in cases))
    specs = [_replayed(text) for text in asked.only] or _planned(asked)
    if asked.out:
        results.append(asked.out, results.run_record(arguments))
    found = []
    for result in run(specs, is_fresh=asked.fresh):
        found.append(result)
        if asked.out:
            results.append(asked.out, results.record(result))
        if result.verdict != "ok":
            print(complaint(result), flush=True)  # noqa: T201 - a command's output
    print(results.table(found))  # noqa: T201 - a command's output
    return int(any(result.verdict == "violated" for result in found))


def run(specs: Sequence[Spec], *, is_fresh: bool = False) -> Iterator[world.Result]:
    """Run cases, those of one ERP and store together."""
    opened = fresh.opened if is_fresh else world.opened
    groups: defaultdict[tuple[str, str], list[Spec]] = defaultdict(list)
    for spec in specs:
        groups[spec.erp, spec.store].append(spec)
    known = {target.name: target for target in targets()}
    for (erp, store), group in groups.items():
        with folder() as home, stores.serve(store, home) as made:
            for start in range(0, len(group), CASES_A_SERVER):
                with folder() as place, opened(known[erp], made, place) as running:
                    for spec in group[start : start + CASES_A_SERVER]:
                        yield running.play(spec)


def complaint(result: world.Result) -> str:
    """What is wrong with a case, and how to see it again."""
    name = "/".join((result.erp, result.store, result.kind, str(result.seed), result.place))
    said = "; ".join(result.problems)
    return (
        f"{result.verdict}: {name} lost {result.lost}, doubled {result.doubled}, stuck"
        f" {result.stuck}: {said}\n"
        f"  replay: python -m ps_integration_tests.crashes --only '{name.rstrip('/')}'"
        f"{' --fresh' if result.mode == 'fresh' else ''}"
    )


def _planned(asked: argparse.Namespace) -> list[Spec]:
    cells = [(erp, store, kind) for erp in asked.erps for store in asked.stores for kind in MATRIX]
    return [
        draw(*cells[(asked.seed + number) % len(cells)], asked.seed + number)
        for number in range(asked.cases)
    ]


def _replayed(text: str) -> Spec:
    erp, store, kind, seed, *place = text.split("/")
    assert kind in get_args(Kind), f"{kind!r} is none of {', '.join(get_args(Kind))}"
    return draw(erp, store, cast("Kind", kind), int(seed), *place)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder in memory where the machine allows: a kill leaves the page cache alone."""
    memory = Path("/dev/shm")  # noqa: S108 - only a place for files
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("ps_integration_tests.crashes", description=__doc__)
    known = [target.name for target in targets()]
    able = [store for store in KINDS_OF_STORE if stores.is_available(store)]

    def names(text: str) -> list[str]:
        return text.split(",")

    parser.add_argument("--cases", type=int, default=100, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="of the first case; each adds one")
    parser.add_argument(
        "--fresh", action="store_true", help="every life a new process of the command line"
    )
    parser.add_argument("--erps", type=names, default=known, help=f"of {','.join(known)}")
    parser.add_argument("--stores", type=names, default=able, help=f"of {','.join(able)}")
    parser.add_argument("--out", type=Path, help="results file to append to")
    parser.add_argument("--only", action="append", default=[], help="erp/store/fault/seed[/place]")
    parser.add_argument("--table", type=Path, help="add up a results file instead")
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # servers stop, too
    sys.exit(main(sys.argv[1:]))
