"""Makers of firms, nights and plans."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from ps_integration.domain.seal import digest
from ps_integration.settings.firm import Firm
from ps_integration.workflows.night import Night

AS_OF = datetime(2026, 4, 1, 3, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    line_no: int
    line_key: str
    object_id: str
    amount_minor: int
    object_kind: str = "time_entry"
    part: int = 1
    correction_no: int = 0
    version_sha256: str = "v1"
    project_id: str = "apollo"
    legal_entity: str = "us"
    period: str = "2026-03"
    work_date: date = date(2026, 3, 10)
    seconds: int = 3600
    quantity: Decimal = Decimal("1.00000")
    unit_price: Decimal = Decimal("100.000000")
    currency: str = "USD"
    description: str = "Design, 10 March"
    correction: str | None = None
    corrects_document_ref: str | None = None
    corrects_line_key: str | None = None
    corrects_reason: str | None = None


@dataclass(frozen=True)
class PlanDocument:
    document_ref: str
    lines: tuple[Line, ...]
    content_sha256: str = ""
    kind: str = "invoice"
    system: str = "bc"
    company: str = "US01"
    legal_entity: str = "us"
    project_id: str = "apollo"
    project_external_id: str = "P-APOLLO"
    customer_key: str = "c100"
    currency: str = "USD"
    period: str = "2026-03"
    posting_date: date = date(2026, 3, 31)
    purchase_order: str | None = "PO-7"
    tax_code: str | None = "TAXABLE"
    cost_centre: str | None = None
    revenue_account: str = "4000"

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True)
class PlanBatch:
    documents: tuple[PlanDocument, ...]
    system: str = "bc"
    company: str = "US01"
    legal_entity: str = "us"
    period: str = "2026-03"
    currency: str = "USD"

    @property
    def content_sha256(self) -> str:
        return digest([document.content_sha256 for document in self.documents])

    @property
    def batch_id(self) -> str:
        return self.content_sha256[:16]

    @property
    def amount_minor(self) -> int:
        return sum(document.amount_minor for document in self.documents)

    @property
    def line_count(self) -> int:
        return sum(len(document.lines) for document in self.documents)


def make_document(number: int = 1, amounts=(10_000, 25_000), ref: str = "", **fields):
    lines = tuple(
        Line(
            line_no=index,
            line_key=f"bc|harvest_uk|time_entry|{number}-{index}|1|0",
            object_id=f"harvest_uk:{number}-{index}",
            amount_minor=amount,
            unit_price=Decimal(amount).scaleb(-2),
            version_sha256=fields.get("version", "v1"),
        )
        for index, amount in enumerate(amounts, 1)
    )
    fields.pop("version", None)
    document = PlanDocument(document_ref=ref or f"PS-APOLLO-202603-{number}", lines=lines, **fields)
    return replace(document, content_sha256=digest(repr(document)))


def make_batch(*documents: PlanDocument) -> PlanBatch:
    return PlanBatch(documents=documents or (make_document(),))


def make_firm(**posting) -> Firm:
    ceilings = {"USD": "100000.00"}
    return Firm.model_validate(
        {
            "firm": {
                "id": "sample",
                "name": "Sample",
                "time_zone": "UTC",
                "reporting_currency": "USD",
            },
            "legal_entities": [{"id": "us", "name": "US", "currency": "USD", "time_zone": "UTC"}],
            "systems": [
                {"id": "bc", "vendor": "business_central", "roles": ["erp"]},
                {"id": "harvest_uk", "vendor": "harvest", "roles": ["time"]},
            ],
            "routing": {},
            "going_live": [
                {"legal_entity": "us", "time_system": "harvest_uk", "bill_from": "2026-03-01"}
            ],
            "posting": posting,
            "approval": {
                "automatic": {
                    "max_amount_per_batch": ceilings,
                    "max_lines_per_batch": 1000,
                    "max_amount_per_day": ceilings,
                    "max_amount_per_month": ceilings,
                    "corrections": {"max_amount": ceilings},
                }
            },
        }
    )


def make_night(folder: Path, **fields) -> Night:
    known = {
        "run_id": "run-1",
        "as_of": AS_OF,
        "firm": make_firm(),
        "config_hash": "c" * 64,
        "folder": folder,
        "trigger": "schedule",
        "maker": "schedule",
    }
    return Night(**(known | fields))
