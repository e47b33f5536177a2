"""Plays the demonstration and writes what it says into the README, and the table of rules.

Run from the repository: `python -m ps_integration_tests.docs.refresh`. The demonstration is played
in a temporary folder. The picture is made where Chromium is installed, else left as it is.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ps_integration.reconciliation.catalog import markdown_table
from ps_integration_tests.docs.guides import ROOT

WIDTH = 118
_CALL = (
    "import sys; sys.argv[0] = 'ps-integration'; from ps_integration.cli.main import main; main()"
)


def played(folder, *words):
    """What one command prints, with its lines cut to the page's width."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PS_LOG": "CRITICAL"}
    done = subprocess.run(
        [sys.executable, "-c", _CALL, *words],
        cwd=folder, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in {0, 1}:
        raise SystemExit(f"ps-integration {' '.join(words)}: {done.stderr}")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in lines]


def chapters(lines, *dropped):
    """Without the chapters whose rule line begins with one of these words."""
    kept, is_dropped = [], False
    for line in lines:
        if "──" in line:
            is_dropped = line.startswith(dropped)
            line_shown = "…" if is_dropped else line.partition("──")[0] + "─" * 12
            if not is_dropped or kept[-1] != "…":
                kept.append(line_shown)
        elif not is_dropped:
            kept.append(line)
    return kept


def put(text, name, body):
    """Replace what stands between the markers of that name."""
    marked = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return marked.sub(lambda found: found[1] + body + found[2], text, count=1)


def shortened(lines):
    """What the demonstration says of its first and last night, without its table of batches."""
    firm, first, *_, last, end = "\n".join(lines).split("\n\n")
    money, _, rest = end.partition("\nPosting batches\n")
    said = rest[rest.index("Open breaks:") :]
    return "\n\n".join((firm, first, "…", last, f"{money}\n…\n{said}")).splitlines()


def sessions(folder):
    """The sessions of the README."""
    demo = played(folder, "demo")
    entry = next(line.split()[-1] for line in demo if line.startswith("  ps-integration why"))
    dropped = ("received", "versions", "resolved", "approval", "posting", "documents")
    why = chapters(played(folder, "why", entry), *dropped)
    calls = (("make demo", shortened(demo)), (f"ps-integration why {entry}", why))
    return {
        name.split()[1]: "\n".join(["```console", f"$ {name}", *lines, "```\n"])
        for name, lines in calls
    }


def picture(folder):
    """The first screen of the report, as a picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return
    place = folder / "data/halden/reports"
    report = max(place.glob("demo-*/report.html"))
    subprocess.run(
        [
            chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={folder / 'chromium'}", "--window-size=1360,1080",
            f"--screenshot={ROOT / 'docs/report.png'}", report.as_uri(),
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def main():
    """Play, and write; with the word `rules`, only the table of rules."""
    if sys.argv[1:] == ["rules"]:
        write("docs/rules.md", {"rules": markdown_table()})
        return
    with tempfile.TemporaryDirectory(prefix="ps-integration-docs-") as name:
        folder = Path(name)
        shutil.copytree(ROOT / "data/demo", folder / "data/demo")
        texts = sessions(folder)
        picture(folder)
    write("README.md", texts)
    write("docs/rules.md", {"rules": markdown_table()})


def write(name, texts):
    """Put the texts where the markers of a page stand."""
    page = (ROOT / name).read_text("utf-8")
    for marker, body in texts.items():
        page = put(page, marker, body)
    (ROOT / name).write_text(page, "utf-8")


if __name__ == "__main__":
    main()
