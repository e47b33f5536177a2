"""Builds what is sent from what is stored, and compares what the ERP holds with it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Final, Literal

from ps_integration.connectors.protocol import ErpDocument, ErpLine, ErpReceipt
from ps_integration.domain.days import day_in
from ps_integration.domain.invoice_dates import ErpDates
from ps_integration.domain.money import Money, money_text
from ps_integration.domain.posting import Lookup
from ps_integration.domain.seal import digest
from ps_integration.domain.text import match_key
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import approvals, canonical
from ps_integration.stores.operational.models import Document, PostingLine
from ps_integration.stores.operational.store import Session

Difference = dict[str, object]
LINES_TOLD_MAX: Final = 5
"""Lines of one document whose amounts a message names."""


@dataclass(frozen=True, slots=True)
class Dates:
    """What its ERP has for the dates of a document, and the invoice date it takes if it has none.

    None: its posting date, which is sent to no ERP that gives the date itself.
    """

    erp: ErpDates = "two"
    invoice_date: date | None = None

    def invoiced(self, document: Document) -> date:
        """The date on the paper: the one that the first claim fixed, or would fix now."""
        return document.invoice_date or self.invoice_date or document.posting_date


def dates_of(firm: Firm, document: Document, erp: ErpDates, as_of: datetime) -> Dates:
    """The dates of a document that is sent now, as the policy of its legal entity has them."""
    for entity in firm.legal_entities:
        if entity.id == document.legal_entity and erp != "own":
            sent_on = day_in(as_of, entity.time_zone)
            return Dates(erp, entity.dating.day(document.posting_date, sent_on))
    return Dates(erp)


def load(session: Session, document: Document, dates: Dates) -> ErpDocument:
    """A stored document as it goes out: customer and project as its target names them today."""
    found = canonical.names(session, document)
    return build(document, approvals.lines(session, document.document_ref), found, dates)


def build(
    document: Document,
    lines: Sequence[PostingLine],
    names: canonical.Names | None = None,
    dates: Dates | None = None,
) -> ErpDocument:
    """The vendor-free document as it goes out; the same builder serves preview and sending.

    A credit memo states positive amounts, as ERPs keep them; its posting lines are negative. An ERP
    with one date gets the invoice date, which its policy leaves in the month of the posting date.
    """
    sign = sign_of(document)
    told = document.content["project_external_id"]
    names = names or canonical.Names(document.customer_key, told)
    dates = dates or Dates()
    invoice_date = dates.invoiced(document)
    kind: Literal["invoice", "credit_memo"] = (
        "credit_memo" if document.kind == "credit_memo" else "invoice"
    )
    return ErpDocument(
        reference=document.document_ref,
        kind=kind,
        company=document.company,
        customer_key=names.customer_key,
        currency=document.currency,
        invoice_date=invoice_date,
        posting_date=invoice_date if dates.erp == "one" else document.posting_date,
        purchase_order=document.content["purchase_order"],
        amount_minor=sign * document.amount_minor,
        lines=tuple(_line(document, line, sign, names) for line in lines),
    )


def sign_of(document: Document) -> int:
    """-1 where the ERP states the document's amounts with the other sign."""
    return -1 if document.kind == "credit_memo" and document.amount_minor < 0 else 1


def _line(document: Document, line: PostingLine, sign: int, names: canonical.Names) -> ErpLine:
    content = document.content
    return ErpLine(
        line_no=line.line_no,
        description=line.description,
        quantity=format(Decimal(sign) * line.quantity, "f"),
        unit_price=format(line.unit_price, "f"),
        amount_minor=sign * line.amount_minor,
        project_id=line.project_id,
        project_external_id=names.project_external_id or content["project_external_id"],
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
        (
            "invoice_date",
            sent.invoice_date.isoformat(),
            (held.invoice_date or sent.invoice_date).isoformat(),
        ),
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


def told(sent: ErpDocument, found: Sequence[ErpReceipt]) -> str:
    """What the ERP holds under our reference and what was approved, for a person to read."""
    if not found:
        return "the ERP holds nothing under this reference any more"
    if len(found) > 1:
        shown = ", ".join(f"{_named(one)} over {_money(one, one.amount_minor)}" for one in found)
        return f"the ERP holds {len(found)} documents under this reference: {shown}"
    [one] = found
    said = [text for told in serious(differences(sent, one)) if (text := _said(sent, one, told))]
    return (
        f"the ERP's {_named(one)} under this reference differs: {'; '.join(said)}"
        if said
        else (f"the ERP's document under this reference is the {_named(one)}")
    )


def _named(one: ErpReceipt) -> str:
    return f"{one.state} {one.kind.replace('_', ' ')} {one.number or one.erp_id}"


def _money(one: ErpReceipt, minor: int) -> str:
    return money_text(minor, one.currency)


def _said(sent: ErpDocument, one: ErpReceipt, difference: Difference) -> str:
    """One difference in words; of lines, those that differ."""
    if difference["field"] == "amount_minor":
        approved = Money(sent.amount_minor, sent.currency)
        return f"{approved} approved, {_money(one, one.amount_minor)} in the ERP"
    if difference["field"] != "line_amounts_minor":
        name, before, erp = (difference[key] for key in ("field", "approved", "erp"))
        return f"{name} {before} approved, {erp} in the ERP"
    pairs = zip_longest(sent.lines, one.line_amounts_minor)
    lines = [
        f"line {number}: {_line_money(sent, line)} approved, "
        f"{'nothing' if minor is None else _money(one, minor)} in the ERP"
        for number, (line, minor) in enumerate(pairs, 1)
        if line is None or line.amount_minor != minor
    ]
    more = len(lines) - LINES_TOLD_MAX
    return ", ".join([*lines[:LINES_TOLD_MAX], *([f"and {more} more lines"] if more > 0 else [])])


def _line_money(sent: ErpDocument, line: ErpLine | None) -> str:
    return "nothing" if line is None else str(Money(line.amount_minor, sent.currency))


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


_DATES = frozenset({"posting_date", "invoice_date", "period"})
