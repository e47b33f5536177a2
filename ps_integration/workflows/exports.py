"""Takes over what an ERP's export says of documents that were dropped as files.

What was dropped counts as confirmed by us. Once an export of the ERP has it, its own id, number and
amount count, and every rule compares it as with an ERP that can be asked.
"""

from typing import Final

from ps_integration.domain.ports import Queries, Row
from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import erp_document
from ps_integration.workflows.night import Night

_EXPORTED: Final = """
select
    system,
    reference,
    min(external_id) as external_id,
    min(number) as number,
    min(status) as status,
    min(customer_key) as customer_key,
    min(currency) as currency,
    min(posting_date) as posting_date,
    min(invoice_date) as invoice_date,
    min(abs(amount_minor)) as amount_minor
from canonical.erp_documents
where (is_posted or status = 'cancelled') and reference in (select unnest($refs))
group by system, reference
having count(*) = 1
"""
"""One document under a reference; several are named by the rules, and none is taken over."""


def note_exports(night: Night, warehouse: Queries, store: OperationalStore) -> int:
    """Confirm by the ERP's export what so far was confirmed by our drop alone.

    Returns:
        How many documents an export has for the first time.
    """
    with store.snapshot() as session:
        refs = ledger.dropped(session)
    if not refs:
        return 0
    found = warehouse.rows(_EXPORTED, {"refs": list(refs)})
    noted = 0
    with store.session() as session:
        for row in found:
            document = ledger.load(session, str(row["reference"]))
            if document.system == row["system"] and ledger.is_dropped(document):
                _confirm(document, row, night)
                noted += 1
    return noted


def _confirm(document: Document, row: Row, night: Night) -> None:
    amount_minor = int(str(row["amount_minor"]))
    document.erp_id, document.erp_number = str(row["external_id"]), _text(row["number"])
    document.readback_minor = erp_document.sign_of(document) * amount_minor
    document.readback = {
        "source": "export",
        "number": _text(row["number"]) or "",
        "state": _text(row["status"]) or "",
        "customer_key": _text(row["customer_key"]) or "",
        "currency": _text(row["currency"]) or "",
        "posting_date": _text(row["posting_date"]) or "",
        "invoice_date": _text(row["invoice_date"]),
        "amount_minor": amount_minor,
        "erp_altered": [],
    }
    document.confirmed_at = night.as_of


def _text(value: object) -> str | None:
    return None if value is None else str(value)
