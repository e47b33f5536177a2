"""Posted work never moves because master data changed; a person decides."""

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ps_integration_tests.regressions.firm import Firm, lay, served

POSTED = Decimal("1500.00")  # 15 hours at 100.00
PLACES = (
    "workflows/sql/entries.sql",
    "workflows/sql/resources.sql",
    "workflows/sql/projects.sql",
    "billing/sql/rate_keys.sql",
    "billing/sql/chargeable.sql",
    "billing/sql/milestones.sql",
    "billing/sql/correction_cells.sql",
    "billing/sql/own_count.sql",
)


@pytest.fixture(scope="module")
def billed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two legal entities with a time system each, staff in a file of HR; 1,500.00 GBP posted."""
    folder = tmp_path_factory.mktemp("halves")
    lay("halves", folder)
    with served(folder) as firm:
        firm.night("2026-03-31")
        firm.sign()
        firm.night("2026-04-01")
        assert firm.billed() == POSTED
    return folder


@pytest.fixture
def billed(billed_folder: Path, tmp_path: Path) -> Iterator[Firm]:
    shutil.copytree(billed_folder, tmp_path, dirs_exist_ok=True)
    with served(tmp_path) as firm:
        yield firm


def listed(firm: Firm) -> dict[str, dict[str, Any]]:
    """What waits for a decision, by what changed."""
    return {row["what"]: row for row in firm.said("corrections", "list")["causes"]}


@pytest.mark.case(
    "one cell of the staff file, home entity or title, moves nothing that was posted",
    kind="master data of posted work",
    places=PLACES,
)
def test_home_entity_and_role_of_posted_work_wait_for_a_person(billed: Firm) -> None:
    billed.edit("drops/people.csv", "P-22,NL", "P-22,DE")
    billed.edit("drops/people.csv", "P-17,NL,Consultant", "P-17,NL,Principal")
    billed.night("2026-04-02")
    waiting = [
        one for one in billed.said("batches", "list")["batches"] if one["status"] == "planned"
    ]
    assert (billed.billed(), waiting) == (POSTED, [])
    found = listed(billed)
    home, role = found["home entity"], found["role"]
    assert (home["subject"], home["from_value"], home["to_value"]) == ("p-22", "NL", "DE")
    assert (home["billed_minor"], home["today_minor"]) == (40_000, 0)
    assert (role["billed_minor"], role["today_minor"]) == (80_000, 120_000)
    breaks = {one["rule"]: one for one in billed.said("breaks", "list")["breaks"]}
    assert breaks["MD08"]["at_risk_minor"] == 40_000
    assert breaks["MD12"]["at_risk_minor"] == 40_000
    answer = billed.run("corrections", "refuse", home["cause_id"], "--note", "transfer", who="olga")
    assert answer.code == 0, answer.text + answer.errors
    answer = billed.run(
        "corrections", "release", role["cause_id"], "--note", "promoted", who="olga"
    )
    assert answer.code == 0, answer.text + answer.errors
    billed.night("2026-04-03")
    assert listed(billed)["home entity"]["states"] == {"refused": 1}
    assert not [one for one in billed.said("breaks", "list")["breaks"] if one["rule"] == "MD08"]
    billed.approve()
    billed.night("2026-04-04")
    billed.night("2026-04-05")
    assert billed.billed() == POSTED + Decimal("400.00")  # 8 hours at 150.00 instead of 100.00
    assert "role" not in listed(billed)


@pytest.mark.case(
    "a posted project that becomes a fixed fee in another currency credits nothing",
    kind="master data of posted work",
    places=PLACES,
)
def test_a_project_of_posted_work_changes_and_nothing_is_credited(billed: Firm) -> None:
    billed.edit(
        "drops/projects.csv",
        "NL-2,NL,GBP,active,time_and_materials,Y",
        "NL-2,NL,EUR,active,fixed_fee,N",
    )
    billed.night("2026-04-02")
    waiting = [
        one for one in billed.said("batches", "list")["batches"] if one["status"] == "planned"
    ]
    assert (billed.billed(), waiting) == (POSTED, [])
    found = listed(billed)
    fee = found["currency, billing type, billable flag of the project"]
    assert (fee["objects"], fee["billed_minor"], fee["today_minor"]) == (2, 30_000, 0)


@pytest.mark.case(
    "a transfer with a first day moves the work from that day on, and nothing before it",
    kind="master data of posted work",
    places=PLACES,
)
def test_a_transfer_moves_the_work_from_its_first_day_on(billed: Firm) -> None:
    billed.offer(
        "firm.yaml",
        "home_legal_entity: Home\n",
        "home_legal_entity: Home\n            home_valid_from: Since\n",
    )
    billed.run("config", "accept", who="olga")
    billed.edit("drops/people.csv", "Person,Home,Title", "Person,Home,Since,Title")
    for person in ("P-17,NL", "P-25,NL", "P-30,DE"):
        billed.edit("drops/people.csv", person, f"{person},2020-01-01")
    billed.edit("drops/people.csv", "P-22,NL", "P-22,DE,2026-03-16")
    # an hour before the transfer and one after it in the old time sheet, two after it in the new
    billed.edit(
        "drops/hours-2026-03.csv",
        "1003,P-25,NL-2,Review,2.0,Y,RELEASED\n",
        "1003,P-25,NL-2,Review,2.0,Y,RELEASED\n1004,P-22,NL-1,Review,1.0,Y,RELEASED\n"
        "1005,P-22,NL-1,Review,1.0,Y,RELEASED\n",
    )
    billed.edit("drops/worked-on.csv", "1004,05/03/2026\n", "1004,05/03/2026\n1005,20/03/2026\n")
    billed.edit(
        "drops/zeit-2026-03.csv",
        "1,P-30,NL-2,2026-03-04,1.0\n",
        "1,P-30,NL-2,2026-03-04,1.0\n2,P-22,NL-1,2026-03-17,2.0\n",
    )
    billed.night("2026-04-02")
    billed.approve()
    billed.night("2026-04-03")
    assert billed.billed() == POSTED + Decimal("300.00")  # 1 h and 2 h at 100.00
    assert listed(billed) == {}
    assert not [one for one in billed.said("breaks", "list")["breaks"] if one["rule"] == "MD08"]


@pytest.mark.case(
    "a person who left without a leaving date: work before that was first seen is billed",
    kind="a leaver's earlier work is held",
    places=(
        "workflows/profiles.py",
        "workflows/sql/resources.sql",
        "reconciliation/rules/md08_resource_unknown_or_inactive.sql",
    ),
)
def test_earlier_work_of_a_leaver_without_a_date_is_billed(studio_posted: Firm) -> None:
    firm, hours = studio_posted, "drops/hours.csv"
    firm.edit("drops/people.csv", "P-22,Ben Short,NL,Y,", "P-22,Ben Short,NL,N,")
    for row in (
        "1005,P-22,NL-2,2026-03-30,2.0,Y,RELEASED",
        "1006,P-22,NL-2,2026-04-06,1,Y,RELEASED",
    ):
        firm.path(hours).write_text(f"{firm.path(hours).read_text('utf-8')}{row}\n", "utf-8")
    firm.night("2026-04-06")  # the first night that sees that he is gone
    firm.approve()
    firm.night("2026-04-07")
    held = [one for one in firm.said("breaks", "list")["breaks"] if one["rule"] == "MD08"]
    assert [one["record_key"] for one in held] == ["clock:1006"]
    assert ("salesInvoices", "Open", Decimal("190.00")) in firm.documents()  # 2 h at 95.00
