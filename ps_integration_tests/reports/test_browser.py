"""The page in a real browser: it needs no network and never scrolls sideways."""

import os
import re
import shutil
import subprocess

import pytest

from ps_integration.reports.business.page import render_page
from ps_integration.reports.html import render_html
from ps_integration_tests.reports.business_firm import firm, reported
from ps_integration_tests.reports.hostile import poisoned

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")

# Reads the page in a frame of one width and writes down what a reader would meet.
_PROBE = """<!doctype html><body style="margin:0"><iframe src="report.html" width="{width}"
height="900" style="border:0"></iframe><script>
const frame = document.querySelector("iframe");
frame.onload = () => {{
  const page = frame.contentDocument.documentElement;
  document.title = [page.scrollWidth, frame.contentWindow.innerWidth,
    frame.contentWindow.performance.getEntriesByType("resource").length,
    frame.contentDocument.scripts.length].join(" ");
}};
</script></body>"""


def look(folder, *arguments):
    done = subprocess.run(
        [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu",
            "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}",
            *arguments,
        ],
        check=True, capture_output=True, timeout=120, env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    return done.stdout.decode()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("text", ["plain", "w" * 300, "<img src=http://127.0.0.1:9/x>"])
def test_the_page_fits_its_width_and_fetches_nothing(report, tmp_path, width, text):
    (tmp_path / "report.html").write_text(render_html(poisoned(report, text)), "utf-8")
    (tmp_path / "probe.html").write_text(_PROBE.format(width=width), "utf-8")
    dom = look(
        tmp_path, "--virtual-time-budget=3000", "--dump-dom", f"file://{tmp_path}/probe.html"
    )
    seen = re.search(r"<title>(\d+) (\d+) (\d+) (\d+)</title>", dom)
    assert seen, dom[:400]
    page, window, fetched, scripts = map(int, seen.groups())
    assert page <= window
    assert (fetched, scripts) == (0, 0)


# Names every table of the page that is wider than its place.
_CUT_OFF = """<!doctype html><body style="margin:0"><iframe src="business.html" width="{width}"
height="900" style="border:0"></iframe><script>
const frame = document.querySelector("iframe");
frame.onload = () => {{
  const tables = [...frame.contentDocument.querySelectorAll(".scroll")];
  const cut = tables.filter(one => one.scrollWidth > one.clientWidth);
  document.title = tables.length + ":" + cut.map(one => one.getAttribute("aria-label")).join(",");
}};
</script></body>"""


@pytest.mark.parametrize("width", [1440, 1920])
def test_no_table_of_the_business_report_is_cut_off_on_a_desk(tmp_path, width):
    (tmp_path / "business.html").write_text(render_page(reported(firm(4))), "utf-8")
    (tmp_path / "probe.html").write_text(_CUT_OFF.format(width=width), "utf-8")
    dom = look(
        tmp_path, "--virtual-time-budget=3000", "--dump-dom", f"file://{tmp_path}/probe.html"
    )
    seen = re.search(r"<title>(\d+):(.*?)</title>", dom)
    assert seen, dom[:400]
    assert int(seen[1]) > 10
    assert seen[2] == ""


def test_the_page_prints(report, tmp_path):
    (tmp_path / "report.html").write_text(render_html(report), "utf-8")
    target = tmp_path / "report.pdf"
    look(tmp_path, f"--print-to-pdf={target}", f"file://{tmp_path}/report.html")
    assert target.read_bytes().startswith(b"%PDF")
