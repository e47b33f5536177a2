"""What a file cannot say is unknown: it never counts as empty, as deleted, or as something else."""

import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ps_integration_tests.regressions.firm import Firm
from ps_integration_tests.regressions.sheets import Broken, Value, write_sheet

PROJECTS = (
    "Project", "Name", "Entity", "Currency", "Status", "Billing", "Customer", "Cap",
)  # fmt: skip


def _projects(firm: Firm, cap: Value, tunnel: str | Broken = "Tunnel") -> None:
    """The list of projects as a workbook whose cap is a look-up; a tunnel may be lost in errors."""
    rest: tuple[Value, ...] = ("NL", "GBP", "active", "time_and_materials", "10000")
    lost = tuple(Broken("#REF!") for _ in PROJECTS)
    write_sheet(
        firm.path("drops/projects.xlsx"),
        [
            PROJECTS,
            ("NL-1", "Bridge", *rest, cap),
            lost if isinstance(tunnel, Broken) else ("NL-2", tunnel, *rest, None),
        ],
    )


def _with_workbook(firm: Firm) -> None:
    firm.edit("firm.yaml", "path: projects.csv", "path: projects.xlsx\n          format: excel")
    firm.edit("firm.yaml", "path: projects.csv", "path: projects.xlsx\n          format: excel")
    firm.edit(
        "firm.yaml", "customer_key: Customer", "customer_key: Customer\n            cap_minor: Cap"
    )


@pytest.mark.case(
    "a cap whose look-up turned into #N/A stays the cap it was, and the cell is named",
    kind="error cells",
    places=(
        "connectors/tables.py",
        "connectors/table_child.py",
        "connectors/sheet_marks.py",
        "connectors/vendors/files/mapping.py",
    ),
)
def test_an_error_cell_leaves_the_earlier_value_and_lost_rows_are_no_deletion(studio: Firm) -> None:
    _with_workbook(studio)
    _projects(studio, 700.0)
    studio.night("2026-03-31")
    studio.sign()
    _projects(studio, Broken(), Broken())
    hours = studio.path("drops/hours.csv").read_text("utf-8")
    lost = "1003,P-22,NL-2,2026-03-03,6.0,Y,RELEASED"
    studio.edit("drops/hours.csv", lost, "#N/A,#N/A,#N/A,#N/A,#N/A,#N/A,#N/A")
    found = studio.night("2026-04-01")
    assert studio.billed() == Decimal("700.00"), "the cap of 700.00 is not passed"
    page = studio.path(found["reports"]["html"]).read_text("utf-8")
    assert "error_cell" in page
    assert "#N/A" in page
    doubted = studio.said("deletions", "list")["deletions"]
    assert {(one["system"], one["stream"]) for one in doubted} == {
        ("clock", "time_entries"), ("clock", "projects"), ("plan", "projects"),
    }  # fmt: skip
    studio.path("drops/hours.csv").write_text(hours, "utf-8")
    studio.night("2026-04-02")
    assert studio.billed() == Decimal("1270.00"), "the tunnel and its six hours are still known"


@pytest.mark.case(
    "a workbook bomb, a damaged Parquet file and another encoding each end their stream only",
    kind="files that end the night",
    places=(
        "connectors/tables.py",
        "connectors/table_child.py",
        "connectors/vendors/files/__init__.py",
        "connectors/vendors/files/options.py",
        "workflows/pagefiles.py",
        "workflows/doctor.py",
    ),
)
def test_files_that_cannot_be_read_are_named_and_the_night_goes_on(studio: Firm) -> None:
    for old, form in (("rates.csv", "rates.xlsx"), ("clock-people.csv", "clock-people.parquet")):
        kind = "excel" if form.endswith("xlsx") else "parquet"
        studio.edit("firm.yaml", f"path: {old}", f"path: {form}\n          format: {kind}")
    names = ("No", "Scope", "Project", "Person", "Currency", "Price", "From", "To")
    rate = ("R1", "project", "NL-1", None, "GBP", 120.5, date(2026, 1, 1), None)
    prices: list[list[Value]] = [list(names), list(rate), ["R2", "project", "NL-2", *rate[3:]]]
    write_sheet(studio.path("drops/rates.xlsx"), prices)
    people = {"Person": ["P-17", "P-22"], "Name": ["Ada Long", "Ben Short"]}
    pq.write_table(pa.table(people), studio.path("drops/clock-people.parquet"))
    studio.night("2026-03-31")
    studio.sign()
    assert _looked_at(studio) == {
        "staff": "ok: people=2 rows",
        "plan": "ok: projects=2 rows, people=2 rows, rates=2 rows",
        "clock": "ok: time_entries=4 rows, projects=2 rows, people=2 rows",
    }

    write_sheet(studio.path("drops/rates.xlsx"), [*prices, [None] * 16_383 + ["far"]])
    _move_to_the_last_row(studio.path("drops/rates.xlsx"))
    whole = studio.path("drops/clock-people.parquet").read_bytes()
    studio.path("drops/clock-people.parquet").write_bytes(whole[:-9] + b"\xff" + whole[-8:])
    studio.path("drops/people.csv").write_bytes("Person,Name\nP-17,Jos\xe9\n".encode("latin-1"))
    studio.path("drops/projects.csv").unlink()
    studio.path("drops/projects.csv").symlink_to("/mnt/not-mounted/projects.csv")
    said = str(_looked_at(studio))
    found = studio.night("2026-04-01")
    page = studio.path(found["reports"]["html"]).read_text("utf-8")
    for told in (
        "rates.xlsx: its sheet reaches to row 1,048,576",
        "clock-people.parquet: not a Parquet file",
        "people.csv: not utf-8 CSV",
        "no file is projects.csv in the folder",
    ):
        assert told in page
        assert told in said, said
    assert studio.billed() == Decimal("1656.88"), "7.75 h and 6 h at 120.50, as known before"


def _looked_at(firm: Firm) -> dict[str, str]:
    """What `doctor` says of each system of files."""
    return {
        one["target"]: f"{one['state']}: {one['message']}"
        for one in firm.said("doctor")["findings"]
        if one["check"] == "reachability" and one["target"] != "books"
    }


def _move_to_the_last_row(path: Path) -> None:
    """Let the last cell of a small workbook stand in the last row that a sheet can have."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'r="XFD4"', b'r="XFD1048576"').replace(
        b'<row r="4"', b'<row r="1048576"'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
