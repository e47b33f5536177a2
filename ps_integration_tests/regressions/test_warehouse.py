"""Rows that leave the warehouse between nights, and a warehouse that is gone or damaged."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ps_integration_tests.regressions.firm import Firm

FIRST = Decimal("933.88")
CONFORM = (
    "workflows/mend.py",
    "workflows/conform.py",
    "workflows/sql/entry_versions.sql",
    "stores/warehouse/seals.py",
)


def change(firm: Firm, statement: str) -> None:
    with duckdb.connect(folder(firm) / "warehouse.duckdb") as warehouse:
        warehouse.execute(statement)


def folder(firm: Firm) -> Path:
    return firm.folder / "data" / "northlight"


def received(firm: Firm) -> list[tuple[Any, ...]]:
    """What the published copy has of everything that was ever received."""
    with duckdb.connect(folder(firm) / "snapshot.duckdb", read_only=True) as copy:
        return copy.execute("select raw_seq, run_id from raw.records order by raw_seq").fetchall()


@pytest.mark.case(
    "a canonical row of work to be billed leaves the warehouse: it is billed all the same",
    kind="absence taken for deletion",
    places=CONFORM,
)
def test_a_lost_row_is_billed(northlight: Firm) -> None:
    northlight.night("2026-03-31")
    change(northlight, "delete from canonical.time_entries where external_id = '1002'")
    northlight.sign()
    night = northlight.night("2026-04-01")
    assert northlight.billed() == FIRST
    assert any("1002" in alert for alert in night["alerts"])


@pytest.mark.case(
    "a canonical row of posted work leaves the warehouse: nothing is credited",
    kind="absence taken for deletion",
    places=CONFORM,
)
def test_a_lost_row_is_not_credited(posted: Firm) -> None:
    change(posted, "delete from canonical.time_entries where external_id = '1001'")
    night = posted.night("2026-04-02")
    assert posted.documents() == [("salesInvoices", "Open", FIRST)]
    assert any("1001" in alert for alert in night["alerts"])
    assert posted.night("2026-04-03")["alerts"] == []
    assert posted.billed() == FIRST


@pytest.mark.case(
    "all canonical rows leave the warehouse: they are made from raw again",
    kind="absence taken for deletion",
    places=CONFORM,
)
def test_an_emptied_table_is_made_again(posted: Firm) -> None:
    change(posted, "delete from canonical.time_entries")
    night = posted.night("2026-04-02")
    assert posted.documents() == [("salesInvoices", "Open", FIRST)]
    approved = sum(Decimal(group["approved_amount"]) for group in night["completeness"]["groups"])
    assert approved == FIRST + Decimal("2327.50")


@pytest.mark.case(
    "the warehouse is deleted: the published copy takes its place, and it is said",
    kind="lost warehouse",
    places=("workflows/lost.py", "workflows/nightly.py"),
)
def test_a_deleted_warehouse_comes_back(posted: Firm) -> None:
    before = received(posted)
    (folder(posted) / "warehouse.duckdb").unlink()
    night = posted.night("2026-04-02")
    assert received(posted)[: len(before)] == before
    assert posted.documents() == [("salesInvoices", "Open", FIRST)]
    assert any("The warehouse was gone" in alert for alert in night["alerts"])


@pytest.mark.case(
    "the warehouse is damaged: it is not taken for one that another process uses",
    kind="lost warehouse",
    places=("stores/warehouse/warehouse.py", "workflows/lost.py", "workflows/nightly.py"),
)
def test_a_damaged_warehouse_is_replaced(posted: Firm) -> None:
    path = folder(posted) / "warehouse.duckdb"
    before = received(posted)
    with path.open("rb+") as file:
        for place in (4096 + 100, 8192 + 100):
            file.seek(place)
            file.write(b"not what was written")
    night = posted.night("2026-04-02")
    assert received(posted)[: len(before)] == before
    assert posted.documents() == [("salesInvoices", "Open", FIRST)]
    assert any("could not be read" in alert for alert in night["alerts"])
    assert list(folder(posted).glob("warehouse.duckdb.damaged-*"))


@pytest.mark.case(
    "a store is restored, and work that was posted since is deleted at its source: it is named",
    kind="restored store",
    places=("billing/sql/correction_cells.sql", "billing/sql/ledger.sql", "billing/streaming.py"),
)
def test_unknown_posted_work_after_a_restore(posted: Firm) -> None:
    posted.run("store", "backup", "copy")
    hours = "1006,P-22,NL-2,Review,2,Y,RELEASED\n"
    with posted.path("drops/hours-2026-03.csv").open("a") as file:
        file.write(hours)
    with posted.path("drops/worked-on.csv").open("a") as file:
        file.write("1006,06/03/2026\n")
    posted.night("2026-04-02")
    assert posted.billed() == FIRST + 190
    posted.run("store", "restore", "copy")
    posted.edit("drops/hours-2026-03.csv", hours, "")
    posted.night("2026-04-03")
    night = posted.night("2026-04-06")
    assert posted.billed() == FIRST + 190
    assert night["failed_checks"] == []
    assert is_named(posted, "timesheets:1006")


@pytest.mark.case(
    "the warehouse and its copy are lost, and posted work is deleted at its source: it is named",
    kind="restored store",
    places=("billing/sql/correction_cells.sql", "billing/sql/ledger.sql", "workflows/lost.py"),
)
def test_unknown_posted_work_after_a_loss(posted: Firm) -> None:
    for name in ("warehouse.duckdb", "snapshot.duckdb"):
        (folder(posted) / name).unlink()
    posted.edit("drops/hours-2026-03.csv", "1002,P-17,NL-1,Design,0.25,Y,RELEASED\n", "")
    posted.night("2026-04-02")
    night = posted.night("2026-04-03")
    assert posted.documents() == [("salesInvoices", "Open", FIRST)]
    assert night["failed_checks"] == []
    assert is_named(posted, "timesheets:1002")


def is_named(firm: Firm, entry: str) -> bool:
    """Whether an open break is about an entry."""
    with duckdb.connect(folder(firm) / "snapshot.duckdb", read_only=True) as copy:
        found = copy.execute(
            "select count(*) from reconciliation.found where entry_id = $entry", {"entry": entry}
        ).fetchone()
    return found is not None and found[0] > 0
