"""One small firm for every ERP: a project, a customer and an invoice of 100.00 for each state."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from ps_integration.connectors.vendors.business_central.documents import STATES as BC_STATES
from ps_integration.connectors.vendors.netsuite.mapping import STATES as NETSUITE_STATES
from ps_integration.connectors.vendors.tryton.documents import STATES as TRYTON_STATES
from ps_integration.connectors.vendors.xero.documents import STATES as XERO_STATES
from ps_integration.contracts.erp import ErpDocuments
from ps_integration.sandbox.servers.tryton.books import Books, Company, Customer, Work
from ps_integration.sandbox.servers.tryton.server import PASSWORD, serve
from ps_integration_tests.erp_states import people
from ps_integration_tests.regressions.firm import COMPANY, PLACES, Firm, served
from ps_integration_tests.tryton.conftest import OPTIONS as TRYTON_OPTIONS

Reading = tuple[str, bool, bool]
"""Status, was ever posted, counts in the books now."""
DRAFT: Final[Reading] = ("draft", False, False)
OPEN: Final[Reading] = ("open", True, True)
PART: Final[Reading] = ("part_paid", True, True)
PAID: Final[Reading] = ("paid", True, True)
VOID: Final[Reading] = ("cancelled", True, False)
DROPPED: Final[Reading] = ("cancelled", False, False)
UNDONE: Final[Reading] = ("corrective", True, False)


@dataclass(frozen=True)
class Side:
    """One ERP.

    Attributes:
        vendor: Its vendor, and the folder of the firm whose ERP it is.
        place: The firm of the regressions that has it.
        currency: What is billed.
        words: What the connector declares that a document can be.
        meanings: What each word is, from the vendor's pages and not from the connector.
        more: What else people do with an invoice, and what it is then.
        open: The word of a posted invoice that nobody has paid.
        never: What no invoice becomes there, even by an edit of its state, and why.
    """

    vendor: str
    place: str
    currency: str
    words: Sequence[str]
    meanings: Mapping[str, Reading]
    more: Mapping[str, Reading]
    open: str = ""
    never: Mapping[tuple[str, str], str] = field(default_factory=dict)


SETTLED: Final = {"half paid": PART, "half credited": PART, "credited": PAID}
SIDES: Final = (
    Side(
        "business_central", "northlight", "GBP", tuple(BC_STATES),
        {"Draft": DRAFT, "In Review": DRAFT, "Open": OPEN, "Paid": PAID, "Canceled": VOID,
         "Corrective": UNDONE}, SETTLED, "Open",
        dict.fromkeys([("draft", "Corrective"), ("posted", "Corrective")],
            "only a credit memo that cancels an invoice"),
    ),
    Side(
        "xero", "harbour", "GBP", tuple(XERO_STATES),
        {"DRAFT": DRAFT, "SUBMITTED": DRAFT, "AUTHORISED": OPEN, "PAID": PAID, "VOIDED": VOID,
         "DELETED": DROPPED}, SETTLED, "AUTHORISED",
    ),
    Side(
        "netsuite", "hudson", "USD", tuple(NETSUITE_STATES["CustInvc"]),
        {"A": OPEN, "B": PAID, "D": DRAFT, "E": DROPPED, "V": VOID}, SETTLED, "A",
    ),
    Side(
        "tryton", "hudson", "EUR", tuple(TRYTON_STATES),
        {"draft": DRAFT, "validated": DRAFT, "posted": OPEN, "paid": PAID, "cancelled": VOID},
        {}, "posted",
        {("draft", "paid"): "what was never posted has no move to pay",
         ("posted", "draft"): "a move that is posted cannot be taken out",
         ("posted", "validated"): "a move that is posted cannot be taken out"},
    ),
    Side(
        "files", "quayside", "GBP",
        tuple(ErpDocuments.to_schema().columns["status"].checks[0].statistics["allowed_values"]),
        {"draft": DRAFT, "open": OPEN, "part_paid": PART, "paid": PAID, "cancelled": VOID,
         "corrective": UNDONE}, {"rejected before it was posted": DROPPED},
        never={("posted", "corrective"): "only a credit memo that cancels an invoice"},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One invoice: `before` is a draft or posted when people bring it into the state `word`."""

    project: str
    before: str
    word: str


def cases(side: Side) -> list[Case]:
    """Every word from a draft and from a posted document, and what else people do."""
    befores = ("draft", "posted") if side.open else ("posted",)
    asked = [(before, word) for before in befores for word in (*side.words, "gone")]
    asked += [("posted", word) for word in side.more]
    asked = [one for one in asked if one not in side.never]
    return [Case(f"HU-{number}", *one) for number, one in enumerate(asked, 1)]


@contextmanager
def firm_of(side: Side, folder: Path) -> Iterator[tuple[Firm, people.Act]]:
    """The firm of an ERP in an empty folder, and what people do there."""
    keys = [one.project for one in cases(side)]
    _write_hours(folder, keys)
    seed = _yaml(side.place, "books.yaml")
    if side.vendor == "tryton":
        seed = {"environment": {}, "clock": seed["clock"], "systems": {}}
        with serve(folder / "tryton", _tryton_books(keys)) as live:
            _write(folder, side, seed, live.companies["HU"])
            with served(folder) as firm:
                told = {"TRYTON_URL": live.url, "TRYTON_PASSWORD": PASSWORD}
                yield replace(firm, environ={**firm.environ, **told}), people.in_tryton(live)
        return
    if seed["systems"]:
        _grow(side, seed["systems"]["books"], keys)
    company = {"netsuite": "1", "files": "HB"}.get(side.vendor, COMPANY)
    _write(folder, side, seed, company)
    acts = {
        "business_central": people.in_business_central,
        "xero": people.in_xero,
        "netsuite": people.in_netsuite,
    }
    with served(folder) as firm:
        yield firm, acts.get(side.vendor, people.in_netsuite)


def _yaml(place: str, name: str) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((PLACES / place / name).read_text("utf-8"))
    return told


def _write_hours(folder: Path, keys: Sequence[str]) -> None:
    (folder / "drops").mkdir()
    with (folder / "drops/hours.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        header = "EntryNo,Person,Project,Customer,Activity,Hours,Status,Day"
        rows.writerow(header.split(","))
        for number, key in enumerate(keys, 1):
            rows.writerow([number, "P-1", key, _customer(key), "Design", 1, "approved",
                           f"2026-03-{number:02}"])  # fmt: skip
    prices = "".join(f"{key},100.00,2026-01-01\n" for key in keys)
    (folder / "drops/rates.csv").write_text("Project,Price,From\n" + prices, "utf-8")


def _customer(project: str) -> str:
    return project.replace("HU-", "C")


def _write(folder: Path, side: Side, seed: dict[str, Any], company: str) -> None:
    """The firm file of Hudson with this ERP in the place of its own."""
    told = _yaml("hudson", "firm.yaml")
    entity = told["legal_entities"][0]
    entity |= {"currency": side.currency, "voided": "rebill"}
    if side.vendor == "tryton":
        entity["rounding"] = "half_even"
    told["firm"]["reporting_currency"] = side.currency
    text = yaml.safe_dump(told, sort_keys=False).replace("USD", side.currency)
    told = yaml.safe_load(text)
    streams = told["systems"][0]["options"]["streams"]
    streams[1]["columns"]["customer_key"] = "Customer"
    if side.vendor in {"xero", "files"}:
        tax = {"xero": "OUTPUT2", "files": "S20"}[side.vendor]
        more = {"billing_rule": "MONTHLY", "cost_centre": "CC-1", "purchase_order": "PO-1"}
        more |= {"revenue_account": "4000", "tax_code": tax}
        streams[1]["columns"] |= {name: {"const": value} for name, value in more.items()}
    told["systems"][1] = _erp(side, company)
    told["routing"]["erp"] = [{"legal_entity": "HU", "system": "books", "company": company}]
    told["rules"] = {"MD03": {"is_enabled": False}}
    told["posting"] = {"mode": "draft" if side.open else "post"}
    (folder / "firm.yaml").write_text(yaml.safe_dump(told, sort_keys=False), "utf-8")
    (folder / "books.yaml").write_text(yaml.safe_dump(seed, sort_keys=False), "utf-8")


def _erp(side: Side, company: str) -> dict[str, Any]:
    if side.vendor == "tryton":
        return {
            "id": "books", "vendor": "tryton", "roles": ["erp"], "base_url": "env:TRYTON_URL",
            "credentials": {"password": "env:TRYTON_PASSWORD"}, "legal_entities": ["HU"],
            "requests_per_second": 500, "max_commit_delay_seconds": 1.0,
            "options": {**TRYTON_OPTIONS, "companies": {"HU": company},
                        "cost_centres": {"HU": "CC-HU"}},
        }  # fmt: skip
    erp: dict[str, Any] = _yaml(side.place, "firm.yaml")["systems"][1]
    erp["legal_entities"] = ["HU"]
    if "companies" in erp["options"]:
        erp["options"]["companies"] = {"HU": company}
    if side.vendor == "netsuite":
        erp["options"] |= {"invoice_approval": "draft", "credit_memos_post_at_once": True}
    if side.vendor == "xero":
        erp["options"]["draft_first"] = True
    if side.vendor == "files":
        erp["options"].pop("streams")
    return erp


def export(firm: Firm, side: Side, refs: Mapping[Case, str]) -> None:
    """Export every invoice as its case has it, and tell the firm file where exports are."""
    place = firm.path("exports")
    place.mkdir(exist_ok=True)
    with (place / "invoices.csv").open("w", newline="", encoding="utf-8") as invoices:
        rows = csv.writer(invoices)
        rows.writerow(["Id", "Reference", "Status", "Posted", "Customer", "Date", "Net"])
        lines = ["Id,Project,Date\n"]
        for one, ref in refs.items():
            if one.word != "gone":
                status, is_posted, _ = {**side.meanings, **side.more}[one.word]
                day = f"2026-03-{int(one.project.removeprefix('HU-')):02}"  # as it was dropped
                rows.writerow([exported(one), ref, status, "NY"[is_posted],
                               _customer(one.project), day, "100.00"])  # fmt: skip
                lines.append(f"{exported(one)},{one.project},{day}\n")
    (place / "lines.csv").write_text("".join(lines), "utf-8")
    told = yaml.safe_load(firm.path("firm.yaml").read_text("utf-8"))
    shared = {"company": {"const": "HB"}, "currency": {"const": "GBP"}}
    head = {
        "kind": {"const": "invoice"}, "number": "Id", "reference": "Reference", "status": "Status",
        "is_posted": {"column": "Posted", "values": {"Y": "true", "N": "false"}},
        "customer_key": "Customer", "invoice_date": "Date", "posting_date": "Date",
        "amount_minor": "Net",
    }  # fmt: skip
    line = {
        "document_external_id": "Id", "line_no": {"const": "1"}, "line_type": {"const": "account"},
        "object_number": {"const": "4000"}, "project_key": "Project",
        "quantity": {"const": "1"}, "unit_price": {"const": "100.00"},
        "amount_minor": {"const": "100.00"},
    }  # fmt: skip
    told["systems"][1]["options"]["streams"] = [
        {"name": name, "table": f"erp_{name}", "path": path, "id": ["Id"], "take": "newest",
         "columns": {**shared, **columns}}
        for name, path, columns in (("documents", "invoices*.csv", head),
                                    ("lines", "lines*.csv", line))
    ]  # fmt: skip
    firm.path("firm.yaml").write_text(yaml.safe_dump(told, sort_keys=False), "utf-8")


def exported(case: Case) -> str:
    """The id of a case's invoice in an ERP behind a folder."""
    return case.project.replace("HU-", "90")


def _grow(side: Side, system: dict[str, Any], keys: Sequence[str]) -> None:
    """A project and a customer for each case, like the first ones of the firm."""
    kept = system["collections"]
    if side.vendor == "netsuite":
        system["settings"]["approval_routing"] = True
        named = {"customer": ("externalId", "entityId"), "job": ("externalId", "entityId")}
    elif side.vendor == "xero":
        named = {f"{COMPANY}/Contacts": ("ContactNumber", "Name")}
        options = kept[f"{COMPANY}/TrackingCategories"][0]["Options"]
        options[:] = [
            {**options[0], "TrackingOptionID": _guid(at), "Name": key}
            for at, key in enumerate(keys)
        ]
    else:
        named = {
            f"{COMPANY}/dimensionValues": ("code",), f"{COMPANY}/projects": ("number",),
            f"{COMPANY}/customers": ("number",), f"{COMPANY}/projectBillings": ("projectNumber",),
        }  # fmt: skip
    for collection, fields in named.items():
        of_customers = collection.lower().endswith(("customer", "customers", "contacts"))
        first = kept[collection][0]
        kept[collection] = [
            {**first, "id": _id(first["id"], at),
             **dict.fromkeys(fields, _customer(key) if of_customers else key)}
            for at, key in enumerate(keys)
        ]  # fmt: skip
        for at, key in enumerate(keys):
            if "customerNumber" in first:
                kept[collection][at]["customerNumber"] = _customer(key)
            if "customer" in first:
                kept[collection][at]["customer"] = {"id": _id("201", at)}


def _id(first: str, at: int) -> str:
    if first.isdecimal():
        return str(int(first) * 100 + at)
    return _guid(at) if len(first) == len(COMPANY) else f"{first}-{at}"


def _guid(at: int) -> str:
    return f"c1000000-0000-4000-8000-{at:012}"


def _tryton_books(keys: Sequence[str]) -> Books:
    works = tuple(Work(key, "Survey", _customer(key), "20%") for key in keys)
    return Books(
        companies=(Company("HU", "Hudson Surveys", "EUR", {"20%": 20}, works, "CC-HU"),),
        customers=tuple(Customer(_customer(key), f"Customer {key}") for key in keys),
        rates={"EUR": {date(2026, 1, 1): Decimal(1)}},
    )
