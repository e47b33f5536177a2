"""`make regressions BASE=<commit>`: every case on an older commit and on this one, as a table.

A case counts as seen to fail only where an assertion about what the product did failed; an error
of any other kind is shown as `could not run`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Verdict:
    """How one case ended on one commit."""

    case: str
    kind: str
    places: str
    state: str
    why: str


def main() -> int:
    """Run both, print the table; 0 when every case holds here and failed on the older commit."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--base", default="91bbdd3", help="the older commit")
    asked.add_argument("-k", default="", help="only cases whose test fits this expression")
    told = asked.parse_args()
    now = _run(None, told.k)
    if not _is_here(told.base):
        _say(f"commit {told.base} is not in this clone: only the present one is shown")
        before = {}
    else:
        with _checkout(told.base) as product:
            before = _run(product, told.k)
    return _show(now, before)


def _show(now: dict[str, Verdict], before: dict[str, Verdict]) -> int:
    good = 0
    for name, verdict in sorted(now.items(), key=lambda item: (item[1].kind, item[1].case)):
        old = before.get(name)
        was = old.state if old else "not run"
        good += verdict.state == "holds" and (old is None or was == "failed")
        _say(f"{verdict.kind}: {verdict.case}")
        _say(f"    before: {was}; now: {verdict.state}; places: {verdict.places}")
        if old and old.why:
            _say(f"    before: {old.why}")
        if verdict.why:
            _say(f"    now:    {verdict.why}")
    kinds = len({verdict.kind for verdict in now.values()})
    _say(f"{good} of {len(now)} cases of {kinds} kinds: hold now, failed before")
    return 0 if now and good == len(now) else 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _run(product: Path | None, chosen: str) -> dict[str, Verdict]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cases.xml"
        environ = dict(os.environ)
        environ.pop("PS_PRODUCT", None)
        if product:
            environ["PS_PRODUCT"] = str(product)
        words = [
            "-q",
            "-n",
            "2",
            "--timeout",
            "900",
            f"--junitxml={out}",
            *(("-k", chosen) if chosen else ()),
        ]
        subprocess.run(
            [sys.executable, "-m", "pytest", *words, str(Path(__file__).parent)],
            cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return dict(_verdicts(ET.parse(out)))  # noqa: S314 - pytest wrote it just now


def _verdicts(
    tree: "ET.ElementTree[ET.Element]",
) -> Iterator[tuple[str, Verdict]]:
    for test in tree.iter("testcase"):
        told = {one.get("name"): one.get("value", "") for one in test.iter("property")}
        state, why = "holds", ""
        for bad in (*test.iter("failure"), *test.iter("error")):
            why = (bad.get("message") or "").splitlines()[0][:160]
            state = "failed" if why.startswith(("AssertionError", "assert")) else "could not run"
        key = f"{test.get('classname')}::{test.get('name')}"
        yield (
            key,
            Verdict(
                told.get("case", key), told.get("kind", "?"), told.get("places", ""), state, why
            ),
        )


def _is_here(commit: str) -> bool:
    asked = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, check=False).returncode == 0


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", commit, "ps_integration", "data/demo", "pyproject.toml"],
            cwd=ROOT, stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
