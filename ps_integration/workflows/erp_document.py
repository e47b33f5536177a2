"""Builds what is sent from what is stored, and compares what the ERP holds with it."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Literal

from ps_integration.connectors.protocol import ErpDocument, ErpLine, ErpReceipt
from ps_integration.domain.posting import Lookup
from ps_integration.domain.seal import digest
from ps_integration.domain.text import match_key
from ps_integration.stores.operational.models import Document, PostingLine

Difference = dict[str, object]


def build(document: Document, lines: Sequence[PostingLine]) -> ErpDocument:
    """The vendor-free document as it goes out; the same builder serves preview and sending.

    A credit memo states positive amounts, as ERPs keep them; its posting lines are negative.
    """
    sign = sign_of(document)
    kind: Literal["invoice", "credit_memo"] = (
        "credit_memo" if document.kind == "credit_memo" else "invoice"
    )
    return ErpDocument(
        reference=document.document_ref,
        kind=kind,
        company=document.company,
        customer_key=document.customer_key,
        currency=document.currency,
        invoice_date=document.posting_date,
        posting_date=document.posting_date,
        purchase_order=document.content["purchase_order"],
        amount_minor=sign * document.amount_minor,
        lines=tuple(_line(document, line, sign) for line in lines),
    )


def sign_of(document: Document) -> int:
    """-1 where the ERP states the document's amounts with the other sign."""
    return -1 if document.kind == "credit_memo" and document.amount_minor < 0 else 1


def _line(document: Document, line: PostingLine, sign: int) -> ErpLine:
    content = document.content
    return ErpLine(
        line_no=line.line_no,
        description=line.description,
        quantity=format(Decimal(sign) * line.quantity, "f"),
        unit_price=format(line.unit_price, "f"),
        amount_minor=sign * line.amount_minor,
        project_id=line.project_id,
        project_external_id=content["project_external_id"],
        revenue_account=content["revenue_account"] or "",
        tax_code=content["tax_code"],
        cost_centre=content["cost_centre"],
        unit="piece" if line.object_kind == "milestone" else "hour",
    )


def payload_sha256(document: ErpDocument) -> str:
    """Hash of what is sent."""
    return digest(asdict(document))


def differences(sent: ErpDocument, held: ErpReceipt) -> list[Difference]:
    """Every field in which the ERP's document is not what was sent: field, approved, erp."""
    pairs: list[tuple[str, object, object]] = [
        ("reference", sent.reference, held.reference),
        ("kind", sent.kind, held.kind),
        ("customer", match_key(sent.customer_key), match_key(held.customer_key)),
        ("currency", sent.currency, held.currency),
        ("amount_minor", sent.amount_minor, held.amount_minor),
        ("posting_date", sent.posting_date.isoformat(), held.posting_date.isoformat()),
        ("period", sent.posting_date.isoformat()[:7], held.posting_date.isoformat()[:7]),
        (
            "line_amounts_minor",
            [line.amount_minor for line in sent.lines],
            list(held.line_amounts_minor),
        ),
    ]
    return [
        {"field": name, "approved": approved, "erp": erp}
        for name, approved, erp in pairs
        if approved != erp
    ]


def look(sent: ErpDocument, found: Sequence[ErpReceipt]) -> Lookup:
    """What a look-up under our reference means. A moved date is still our document."""
    if not found:
        return "absent"
    if len(found) > 1:
        return "copies" if _are_copies(sent, found) else "several"
    if found[0].state == "cancelled" or serious(differences(sent, found[0])):
        return "different"
    return "posted" if found[0].state == "posted" else "draft"


def _are_copies(sent: ErpDocument, found: Sequence[ErpReceipt]) -> bool:
    """Whether nothing is posted yet and each is, dates included, what was approved."""
    return all(one.state == "draft" and not differences(sent, one) for one in found)


def serious(found: Sequence[Difference]) -> list[Difference]:
    """Differences that make it another document: everything but its date."""
    return [difference for difference in found if difference["field"] not in _DATES]


_DATES = frozenset({"posting_date", "period"})
