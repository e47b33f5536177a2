"""A firm whose files are as people keep them: clock times, price lists, keys in several spellings.

One firm is played for two nights; each case looks at what became of its rows.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ps_integration_tests.regressions.firm import Firm, lay, served
from ps_integration_tests.regressions.sheets import Shown, write_sheet

ZOE = "Zoë"
HALF_PAST_SEVEN = Shown(7.5 / 24, "[h]:mm")
HOURS = (
    ("EntryNo", "Person", "Project", "Day", "Hours", "Billable", "Status"),
    (Shown(1, "00000"), "P-17", "NL-1 ", date(2026, 3, 2), HALF_PAST_SEVEN, "Y", "RELEASED"),
    (Shown(2, "00000"), "P-17", "NL-1", date(2026, 3, 3), "0:15", "Y", "RELEASED"),
    (Shown(3, "00000"), "P-22", "NL-2\u00a0", date(2026, 3, 3), "06:00:00", "Y", "RELEASED"),
    (Shown(4, "00000"), ZOE, "NL-1", date(2026, 3, 4), "1:00", "Y", "RELEASED"),
    (Shown(5, "00000"), "P-17", "NL-1", date(2026, 3, 4), "-1:15", "Y", "RELEASED"),
    (Shown(6, "00000"), "P-22", "NL-9", date(2026, 3, 4), "2:00", "Y", "RELEASED"),
)  # fmt: skip
RATES = """No,Scope,Project,Person,Currency,Price,From,To
R1,project,NL-1,,GBP,120.50,2026-01-01,
R2,project,NL-2,,GBP,95.00,2026-01-01,
R3,project,NL-1,,GBP,130.00,2026-03-03,
"""


@dataclass(frozen=True)
class Played:
    """The firm after two nights, and what the second one said."""

    firm: Firm
    said: Mapping[str, Any]

    @property
    def amounts(self) -> list[Decimal]:
        """Every line that was invoiced."""
        return sorted(
            Decimal(str(line["netAmount"]))
            for one in self.firm.bc("salesInvoices")
            for line in self.firm.bc(f"salesInvoices({one['id']})/salesInvoiceLines")
        )

    def breaks(self, rule: str) -> list[str]:
        """The open breaks of a rule, by the entry they are about."""
        found = self.firm.said("breaks", "list")["breaks"]
        return sorted(str(one["record_key"]) for one in found if one["rule"] == rule)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Studio with such files, after its first invoices."""
    folder = tmp_path_factory.mktemp("people_files")
    lay("studio", folder)
    with served(folder) as firm:
        firm.edit("firm.yaml", "path: hours.csv", "path: hours.xlsx\n          format: excel")
        firm.offer("firm.yaml", "format: excel", "format: excel\n          shown: [EntryNo]")
        firm.offer("firm.yaml", "{column: Hours, unit: hours}", "{column: Hours, unit: clock}")
        write_sheet(firm.path("drops/hours.xlsx"), HOURS)
        firm.path("drops/rates.csv").write_text(RATES, "utf-8")
        staff = firm.path("drops/people.csv")
        apart = unicodedata.normalize("NFD", ZOE)
        staff.write_text(staff.read_text("utf-8") + f"{apart},Zoe Hall,NL,Y,\n", "utf-8")
        clock = firm.path("drops/clock-people.csv")
        clock.write_text(clock.read_text("utf-8") + f"{ZOE} ,Zoe Hall\n", "utf-8")
        firm.night("2026-03-31")
        firm.sign()
        yield Played(firm, firm.night("2026-04-01"))


@pytest.mark.case(
    "durations as 7:30, 07:30:00 and Excel [h]:mm are hours and minutes",
    kind="number forms",
    places=(
        "connectors/vendors/files/mapping.py",
        "connectors/fields.py",
        "connectors/table_child.py",
    ),
)
def test_clock_times_are_billed_for_what_they_say(played: Played) -> None:
    assert Decimal("903.75") in played.amounts  # 7.5 h at 120.50 on 2 March
    assert Decimal("570.00") in played.amounts  # 6 h at 95.00


@pytest.mark.case(
    "price rows that only say from when: the newest start wins",
    kind="price lists",
    places=("billing/sql/rate.sql", "billing/sql/own_prices.sql", "billing/sql/rate_keys.sql"),
)
def test_the_newest_start_of_a_price_list_wins(played: Played) -> None:
    assert Decimal("32.50") in played.amounts  # a quarter of an hour at 130.00 from 3 March
    assert Decimal("130.00") in played.amounts
    assert played.breaks("MD09") == []


@pytest.mark.case(
    "a key with a blank, a no-break space or a letter in two parts is the key it is",
    kind="keys in several spellings",
    places=(
        "domain/text.py",
        "connectors/rows.py",
        "connectors/vendors/files/__init__.py",
        "workflows/mapping.py",
        "workflows/canonical_ids.py",
    ),
)
def test_spellings_of_a_key_meet_and_what_has_no_place_is_in_the_headline(played: Played) -> None:
    assert played.amounts == [Decimal(one) for one in ("32.50", "130.00", "570.00", "903.75")]
    assert played.breaks("MD08") == []
    assert played.breaks("MD10") != []
    assert "1 held entry has no price" in played.said["sentence"]


@pytest.mark.case(
    "negative time is read, and held until a person says so",
    kind="negative time",
    places=("connectors/fields.py", "reconciliation/rules/tm11_implausible_hours.sql"),
)
def test_negative_time_is_read_and_held(played: Played) -> None:
    assert played.breaks("TM11") == ["clock:00005"]
    assert played.said["quarantined"] == 0


@pytest.mark.case(
    "an Excel number shown as 00001 is the id 00001 where the column is declared as shown",
    kind="leading zeros",
    places=("connectors/sheet_marks.py", "connectors/tables.py", "connectors/table_child.py"),
)
def test_ids_keep_the_zeros_that_the_sheet_shows(played: Played) -> None:
    told = played.firm.run("why", "clock:00001")
    assert told.code == 0
    assert "903.75" in told.text
