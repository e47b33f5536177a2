"""Draws a report of many breaks, opens it in Chromium, and prints what each takes.

Run by `make bench-report`; `--breaks N` takes another number.
"""

import argparse
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from ps_integration.reports.html import NAME, render_html
from ps_integration.reports.night_paper import render_pdf
from ps_integration.reports.pages import FIRST, pages_of, render_pages
from ps_integration.reports.xlsx import render_xlsx
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reports import world

BREAKS = 50_000
_PROBE = """<!doctype html><body><iframe width="1280" height="900"></iframe><script>
const frame = document.querySelector("iframe"), began = performance.now();
frame.onload = () => {{ frame.contentDocument.body.offsetHeight;
  document.title = "took " + Math.round(performance.now() - began); }};
frame.src = "{name}";
</script></body>"""


def report_of(breaks, folder):
    """The tests' small night, with so many open breaks."""
    with Warehouse(folder / "w.duckdb") as filled:
        world.fill(filled)
        report = world.make_report(filled)
    kinds = report.exceptions
    lines = tuple(
        replace(kinds[number % len(kinds)], break_id=f"b{number}", root_break_id=None,
                record_key=f"clockify:{number}")
        for number in range(breaks)
    )  # fmt: skip
    return replace(report, exceptions=lines)


def opened(folder, name):
    """Milliseconds until Chromium has loaded and laid out one file; None without Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        return None
    (folder / "probe.html").write_text(_PROBE.format(name=name), "utf-8")
    done = subprocess.run(
        [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--timeout=20000",
         "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}", "--dump-dom",
         f"file://{folder}/probe.html"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    found = re.search(r"<title>took (\d+)</title>", done.stdout.decode())
    return int(found.group(1)) if found else None


def measure(breaks):
    """(what, seconds or bytes as text), in order."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        report = report_of(breaks, folder)
        began = time.perf_counter()
        (folder / NAME).write_text(render_html(report), "utf-8")
        yield "draw the page", f"{time.perf_counter() - began:.2f} s"
        began = time.perf_counter()
        for name, text in render_pages(report):
            (folder / name).write_text(text, "utf-8")
        yield (
            f"draw {len(pages_of(report))} pages of breaks",
            f"{time.perf_counter() - began:.2f} s",
        )
        began = time.perf_counter()
        render_xlsx(report)
        yield "draw the workbook", f"{time.perf_counter() - began:.2f} s"
        began = time.perf_counter()
        render_pdf(report)
        yield "draw the paper", f"{time.perf_counter() - began:.2f} s"
        for name in (NAME, FIRST):
            size = (folder / name).stat().st_size // 1024
            took = opened(folder, name)
            said = "no chromium here" if took is None else f"{took / 1000:.2f} s"
            yield f"open {name} ({size} KiB)", said


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--breaks", type=int, default=BREAKS)
    breaks = parser.parse_args().breaks
    print(f"{breaks:,} open breaks")  # noqa: T201 # the table is what it is for
    for what, took in measure(breaks):
        print(f"{what:36} {took}")  # noqa: T201 # the table is what it is for


if __name__ == "__main__":
    main()
