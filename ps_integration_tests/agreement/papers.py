"""What each paper of a night says of money: value, page, workbook, PDF, and the command line.

Every paper is read by itself, as somebody who has only that one; amounts are in minor units.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdfium2
from lxml import html
from python_calamine import CalamineWorkbook

NOTHING = {"\N{EN DASH}", ""}
MINUS = "\N{MINUS SIGN}"
Amounts = Mapping[tuple[str, ...], int]
"""Minor units by table, legal entity, month and column."""

COLUMNS = {
    "Completeness": ("Approved", "Posted", "Queued", "Written off", "Excepted", "Deferred"),
    "Ledger": ("Confirmed", "In flight", "Owed", "Target", "ERP documents"),
    "Posted by month": ("Confirmed", "ERP documents"),
}
_VALUE = {
    "Completeness": ("completeness", "period", {"Approved": "approved_minor"}),
    "Ledger": (
        "ledger",
        "period",
        {
            "Confirmed": "confirmed_minor",
            "In flight": "in_flight_minor",
            "Owed": "owed_minor",
            "Target": "target_minor",
            "ERP documents": "erp_minor",
        },
    ),
    "Posted by month": (
        "posted_months",
        "month",
        {"Confirmed": "confirmed_minor", "ERP documents": "erp_minor"},
    ),
}
_PAGE = {
    "Completeness": ("Entity, period", "Queued"),
    "Ledger": ("Entity, period", "In flight"),
    "Posted by month": ("Entity, posting month", "Confirmed"),
}


@dataclass(frozen=True)
class Night:
    """A night's papers: its folder, and what `nightly --json` printed."""

    folder: Path
    told: Mapping[str, Any]

    @property
    def value(self) -> Any:
        """The report as a value."""
        return json.loads((self.folder / "value.json").read_text("utf-8"))

    def from_value(self) -> Amounts:
        """The three tables of the value."""
        found = {}
        for table, (name, month, columns) in _VALUE.items():
            for row in self.value[name]:
                by_name = {column: row[field] for column, field in columns.items()}
                for part in row.get("by_disposition", ()):
                    by_name[part["disposition"].replace("_", " ").capitalize()] = part["minor"]
                for column in COLUMNS[table]:
                    found[table, row["legal_entity"], row[month], column] = by_name[column]
        return found

    def from_page(self) -> Amounts:
        """The three tables of the page."""
        page = html.fromstring((self.folder / "report.html").read_text("utf-8"))
        found = {}
        for drawn in page.iter("table"):
            heads = [head.text_content().strip() for head in drawn.findall("thead//th")]
            for table, of_it in _PAGE.items():
                for row in drawn.findall("tbody/tr") if set(of_it) <= set(heads) else ():
                    cells = [" ".join(cell.itertext()).strip() for cell in row]
                    told = dict(zip(heads, cells, strict=True))
                    entity, month = _place(told[of_it[0]])
                    for column in COLUMNS[table]:
                        found[table, entity, month, column] = _minor(told[column])
        return found

    def from_workbook(self) -> Amounts:
        """The three sheets of the workbook."""
        book = CalamineWorkbook.from_path(str(self.folder / "report.xlsx"))
        found = {}
        for table, columns in COLUMNS.items():
            _, _, heads, *rows = book.get_sheet_by_name(table).to_python()
            names = [str(head).lower() for head in heads]
            month = names.index("posting month" if table == "Posted by month" else "period")
            for row in rows:
                for column in columns:
                    cell = row[names.index(column.lower())]
                    amount = Decimal(str(cell or 0))
                    found[table, str(row[0]), str(row[month]), column] = round(amount * 100)
        return found

    def from_command(self) -> Amounts:
        """What `nightly --json` says of completeness."""
        found = {}
        for row in self.told["completeness"]["groups"]:
            for column in COLUMNS["Completeness"]:
                amount = Decimal(row[f"{column.lower().replace(' ', '_')}_amount"])
                place = (row["legal_entity"], row["period"], column)
                found["Completeness", *place] = int(amount * 100)
        return found

    def figures(self) -> dict[str, int]:
        """The headline figures, in the reporting currency."""
        return {one["name"]: one["reporting_minor"] for one in self.value["figures"]}

    def sentences(self) -> dict[str, str]:
        """The verdict's sentence on every paper, its blanks made one."""
        page = (self.folder / "report.html").read_text("utf-8")
        document = pypdfium2.PdfDocument(self.folder / "report.pdf")
        sheet = CalamineWorkbook.from_path(str(self.folder / "report.xlsx"))
        said = {
            "command": self.told["sentence"],
            "value": self.value["verdict"]["sentence"],
            "page": re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)[1],  # type: ignore[index]
            "workbook": str(sheet.get_sheet_by_name("Summary").to_python()[2][1]),
            "pdf": document[0].get_textpage().get_text_range(),
        }
        return {name: " ".join(text.split()) for name, text in said.items()}


def _place(text: str) -> tuple[str, str]:
    entity, *_, month = text.split()
    return entity, month


def _minor(text: str) -> int:
    if text in NOTHING:
        return 0
    found = re.match(r"-?[\d,]+\.\d\d", text.replace(MINUS, "-"))
    assert found, text
    return int(Decimal(found[0].replace(",", "")) * 100)
