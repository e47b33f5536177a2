"""Faults that befall posted work: edits at the source, and what clerks do in ERP and PSA."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration_tests.quality.vendors import records
from ps_integration_tests.quality.vendors.faults_work import gone
from ps_integration_tests.quality.vendors.kinds import AFTER, FOR_GOOD, LATER, fault
from ps_integration_tests.quality.vendors.site import TAX_CODES, Site, guid, minor
from ps_integration_tests.quality.vendors.stage import Stage

Told = Iterator[Any]
CENT = Decimal("0.01")


def _resized(by: int) -> None:
    words = "lengthened" if by > 0 else "shortened"

    @fault("TM06", "edited_after_posting", night=AFTER, words=f"An entry was {words} after posting")
    def resized(s: Stage, p: Site) -> Told:
        one = p.entries[0]
        before, was = p.worth(one), one.minutes
        one.minutes += by
        s.book(p, one)
        yield abs(p.worth(one) - before)
        one.minutes = was
        s.book(p, one)


_resized(60)
_resized(-30)


@fault("TM06", "edited_after_posting wrong_date", night=AFTER)
def moved_day(s: Stage, p: Site) -> Told:
    """An entry was moved to another day after posting."""
    one = p.entries[0]
    was = one.day
    one.day = date(2026, 3, 13)
    s.book(p, one)
    yield None
    one.day = was
    s.book(p, one)


@fault("TM06", "edited_after_posting", night=AFTER, beside="TM16")
def not_billable_any_more(s: Stage, p: Site) -> Told:
    """An entry was marked as not billable after posting."""
    one = p.entries[0]
    worth = p.worth(one)
    one.is_billable = False
    s.book(p, one)
    yield worth
    one.is_billable = True
    s.book(p, one)


@fault("TM07", "approval_withdrawn", night=AFTER, beside="TM12")
def withdrawn(s: Stage, p: Site) -> Told:
    """The approval of an entry was withdrawn after posting."""
    one = p.entries[0]
    one.state = "withdrawn"
    one.decided_on = date(2026, 3, 19)
    s.book(p, one)
    s.erase("kantata", "time_entries", one.kantata_id)
    yield p.worth(one)
    one.state = "approved"
    s.book(p, one)


@fault("TM07", "deleted_after_posting", night=AFTER, beside="IN07 TM12")
def deleted(s: Stage, p: Site) -> Told:
    """An entry was deleted after posting; two readings lack it."""
    one = p.entries[0]
    gone(s, p, one)
    yield LATER
    yield p.worth(one)
    yield FOR_GOOD


@fault("TM07", "deleted_after_posting approval_withdrawn", night=AFTER, beside="IN07 TM12")
def rejected(s: Stage, p: Site) -> Told:
    """The approver sent an entry back after posting, and its author deleted it."""
    one = p.entries[0]
    one.state = "rejected"
    one.decided_on = date(2026, 3, 19)
    s.book(p, one)
    s.erase("kantata", "time_entries", one.kantata_id)
    one.has_copy = False
    yield LATER
    gone(s, p, one)
    yield p.worth(one)
    yield FOR_GOOD


@fault("TM04 TM06", "rate_changed_late", night=AFTER, beside="MD09")
def back_dated_price(s: Stage, p: Site) -> Told:
    """A dearer price of January was entered in PSA and ERP after posting."""
    more = p.price + 10
    s.write(records.price_version(p, 1, "2026-01-01", more))
    s.write(records.price_in_erp(p, role, more) for role in records.ROLES)
    yield sum(minor(one.hours * more) - minor(one.hours * p.price) for one in p.entries)
    s.write(records.price_version(p, 1, "2026-01-01", p.price))
    s.write(records.price_in_erp(p, role, p.price) for role in records.ROLES)


def typed(s: Stage, p: Site, hours: Decimal, price: Decimal, **header: object) -> int:
    """A clerk types an invoice of one line in the ERP; what it comes to before tax."""
    net = (hours * price).quantize(CENT)
    key, line_key = guid("typed", p.code), guid("typed line", p.code)
    number = f"PS-INV9{p.number:05}"
    p.tokens |= {key.rsplit("-", 1)[1], line_key.rsplit("-", 1)[1], number[3:].lower()}
    percent = Decimal(20 if p.entity == "GB" else 19)
    tax = (net * percent / 100).quantize(CENT)
    s.write([
        ("bc", f"{p.company}/salesInvoices", key, {"id": key, "number": number,
            "externalDocumentNumber": "", "postingDate": "2026-03-12", "invoiceDate": "2026-03-12",
            "dueDate": "2026-04-11", "customerNumber": p.customer,
            "customerName": p.customer_name, "currencyCode": p.currency, "status": "Open",
            "totalAmountExcludingTax": net, "totalTaxAmount": tax,
            "totalAmountIncludingTax": net + tax, "remainingAmount": net + tax, **header}),
        ("bc", f"{p.company}/salesInvoiceLines", line_key, {"id": line_key, "documentId": key,
            "sequence": 10_000, "lineType": "Account", "lineObjectNumber": "4000",
            "description": "Workshop", "quantity": hours, "unitPrice": price,
            "taxCode": TAX_CODES[p.entity], "taxPercent": percent, **amounts(net, tax),
            "dimensionSetLines": [{"id": guid(p.entity, "dimension", "PROJECT"),
                "code": "PROJECT", "parentId": line_key, "parentType": "salesInvoiceLine",
                "valueCode": p.code}]}),
    ])  # fmt: skip
    return minor(net)


def amounts(net: Decimal, tax: Decimal) -> Document:
    """The amounts of a line."""
    return {"amountExcludingTax": net, "totalTaxAmount": tax, "amountIncludingTax": net + tax,
        "netAmount": net, "netTaxAmount": tax, "netAmountIncludingTax": net + tax}  # fmt: skip


def untyped(s: Stage, p: Site) -> None:
    """The typed invoice is cancelled in the ERP."""
    found = s.state.get("bc", f"{p.company}/salesInvoices", guid("typed", p.code))
    assert found is not None
    s.cancel(p, found)


@fault("TM02", "unauthorised_posting", night=AFTER)
def typed_by_hand(s: Stage, p: Site) -> Told:
    """A clerk invoices hours that nobody worked."""
    yield typed(s, p, Decimal("3.75"), Decimal("91.20"))
    untyped(s, p)


@fault("TM02", "unauthorised_posting", night=2, beside="TM05")
def billed_by_hand(s: Stage, p: Site) -> Told:
    """A clerk invoices by hand an hour that was worked and approved."""
    one = p.entries[0]
    yield typed(s, p, one.hours.quantize(Decimal("0.00001")), p.price)
    untyped(s, p)


@fault("TM03", "manual_edit_in_copy", night=AFTER, beside="BL05 TM04")
def hours_retyped(s: Stage, p: Site) -> Told:
    """A clerk changed quantity and price of a posted line; its amount stays."""
    document = s.invoice(p)
    line = s.lines(p, document)[0]
    where = ("bc", f"{p.company}/salesInvoiceLines", line["id"])
    before = s.change(*where, quantity=Decimal(str(line["quantity"])) * 2,
        unitPrice=Decimal(str(line["unitPrice"])) / 2)  # fmt: skip
    yield None
    s.change(*where, **before)


def _raised(s: Stage, p: Site, by: Decimal) -> tuple[Document, Document, Decimal]:
    """Change the price of the first posted line; documents before and what it comes to."""
    document = s.invoice(p)
    line = s.lines(p, document)[0]
    old = Decimal(str(line["netAmount"]))
    new = (Decimal(str(line["quantity"])) * (Decimal(str(line["unitPrice"])) + by)).quantize(CENT)
    percent = Decimal(str(line["taxPercent"]))
    tax = (new * percent / 100).quantize(CENT)
    more = new - old
    more_tax = tax - Decimal(str(line["totalTaxAmount"]))
    changed = s.change("bc", f"{p.company}/salesInvoiceLines", line["id"],
        unitPrice=Decimal(str(line["unitPrice"])) + by, **amounts(new, tax))  # fmt: skip
    added = {"totalAmountExcludingTax": more, "totalTaxAmount": more_tax,
        "totalAmountIncludingTax": more + more_tax, "remainingAmount": more + more_tax}  # fmt: skip
    totals = {name: Decimal(str(document[name])) + amount for name, amount in added.items()}
    header = s.change("bc", f"{p.company}/salesInvoices", document["id"], **totals)
    return {**changed, "id": line["id"]}, {**header, "id": document["id"]}, more


@fault("TM04 BL05", "manual_edit_in_copy", night=AFTER)
def price_retyped(s: Stage, p: Site) -> Told:
    """A clerk raised the price of a posted line."""
    line, document, more = _raised(s, p, Decimal(11))
    yield minor(more)
    s.change("bc", f"{p.company}/salesInvoiceLines", line.pop("id"), **line)
    s.change("bc", f"{p.company}/salesInvoices", document.pop("id"), **document)


@fault("TM05", "duplicate_posting", night=AFTER)
def copied_invoice(s: Stage, p: Site) -> Told:
    """A clerk copies our invoice, its reference with it, and posts the copy."""
    document = s.invoice(p)
    key = guid("copy", p.code)
    copy = {**document, "id": key, "number": f"PS-INV8{p.number:05}"}
    lines = [{**one, "id": guid("copy", p.code, one["id"]), "documentId": key}
        for one in s.lines(p, document)]  # fmt: skip
    s.write([("bc", f"{p.company}/salesInvoices", key, copy)],
        [("bc", f"{p.company}/salesInvoiceLines", one["id"], one) for one in lines])  # fmt: skip
    p.tokens |= {key.rsplit("-", 1)[1]} | {one["id"].rsplit("-", 1)[1] for one in lines}
    yield minor(Decimal(str(document["totalAmountExcludingTax"])))
    s.cancel(p, copy)


def _header(words: str, causes: str = "manual_edit_in_copy", **fields: object) -> None:
    @fault("BL05", causes, night=AFTER, words=f"A clerk changed our posted invoice: {words}")
    def changed(s: Stage, p: Site) -> Told:
        document = s.invoice(p)
        where = ("bc", f"{p.company}/salesInvoices", document["id"])
        before = s.change(*where, **fields)
        yield None
        s.change(*where, **before)


_header("its posting date", postingDate="2026-04-02")
_header("its number", number="MISC-4711")
_header("its reference is gone", externalDocumentNumber="")


@fault("BL05", "manual_edit_in_copy", night=AFTER)
def other_tax(s: Stage, p: Site) -> Told:
    """A clerk changed the tax of our posted invoice to five per cent."""
    document = s.invoice(p)
    net = Decimal(str(document["totalAmountExcludingTax"]))
    tax = (net * 5 / 100).quantize(CENT)
    lines = s.lines(p, document)
    saved = [
        (one["id"], s.change("bc", f"{p.company}/salesInvoiceLines", one["id"], taxCode="REDUCED",
            taxPercent=5, **amounts(Decimal(str(one["netAmount"])),
                (Decimal(str(one["netAmount"])) * 5 / 100).quantize(CENT))))
        for one in lines
    ]  # fmt: skip
    where = ("bc", f"{p.company}/salesInvoices", document["id"])
    before = s.change(*where, totalTaxAmount=tax, totalAmountIncludingTax=net + tax,
        remainingAmount=net + tax)  # fmt: skip
    yield minor(Decimal(str(document["totalTaxAmount"])) - tax)
    s.change(*where, **before)
    for key, fields in saved:
        s.change("bc", f"{p.company}/salesInvoiceLines", key, **fields)


@fault("BL05 BL04", "", night=AFTER)
def cancelled(s: Stage, p: Site) -> Told:
    """A clerk cancels our invoice in the ERP."""
    document = s.invoice(p)
    s.cancel(p, document)
    yield minor(Decimal(str(document["totalAmountExcludingTax"])))
    yield FOR_GOOD


@fault("BL05 BL06", "", night=AFTER, beside="IN07")
def deleted_in_erp(s: Stage, p: Site) -> Told:
    """Our posted invoice is deleted in the ERP; two readings lack it."""
    document = s.invoice(p)
    for one in s.lines(p, document):
        s.erase("bc", f"{p.company}/salesInvoiceLines", one["id"])
    s.erase("bc", f"{p.company}/salesInvoices", document["id"])
    yield LATER
    yield minor(Decimal(str(document["totalAmountExcludingTax"])))
    yield FOR_GOOD


def credited(s: Stage, p: Site, share: Decimal) -> int:
    """A clerk types a credit memo for a share of our invoice; what it comes to before tax."""
    document = s.invoice(p)
    key = guid("memo", p.code)
    number = f"PS-CR9{p.number:05}"
    net = (Decimal(str(document["totalAmountExcludingTax"])) * share).quantize(CENT)
    percent = Decimal(20 if p.entity == "GB" else 19)
    tax = (net * percent / 100).quantize(CENT)
    line_key = guid("memo line", p.code)
    p.tokens |= {key.rsplit("-", 1)[1], line_key.rsplit("-", 1)[1], number[3:].lower()}
    rest = max(Decimal(0), Decimal(str(document["remainingAmount"])) - net - tax)
    s.write([
        ("bc", f"{p.company}/salesCreditMemos", key, {"id": key, "number": number,
            "externalDocumentNumber": "", "postingDate": "2026-03-19",
            "creditMemoDate": "2026-03-19", "customerNumber": p.customer,
            "customerName": p.customer_name, "currencyCode": p.currency, "status": "Paid",
            "invoiceId": document["id"], "invoiceNumber": document["number"],
            "totalAmountExcludingTax": net, "totalTaxAmount": tax,
            "totalAmountIncludingTax": net + tax}),
        ("bc", f"{p.company}/salesCreditMemoLines", line_key, {"id": line_key, "documentId": key,
            "sequence": 10_000, "lineType": "Account", "lineObjectNumber": "4000",
            "description": "Credit", "quantity": 1, "unitPrice": net,
            "taxCode": TAX_CODES[p.entity], "taxPercent": percent, **amounts(net, tax),
            "dimensionSetLines": [{"id": guid(p.entity, "dimension", "PROJECT"),
                "code": "PROJECT", "parentId": line_key, "parentType": "salesCreditMemoLine",
                "valueCode": p.code}]}),
    ])  # fmt: skip
    s.change("bc", f"{p.company}/salesInvoices", document["id"], remainingAmount=rest,
        status="Paid" if not rest else "Open")  # fmt: skip
    return minor(net)


@fault("BL04", "", night=AFTER, beside="BL05")
def credited_whole(s: Stage, p: Site) -> Told:
    """A clerk credits the whole of our invoice by a memo typed by hand."""
    yield credited(s, p, Decimal(1))
    yield FOR_GOOD


@fault("BL04 BL05 TM02", "", night=AFTER)
def credited_in_part(s: Stage, p: Site) -> Told:
    """A clerk credits a third of our invoice by a memo typed by hand."""
    yield credited(s, p, Decimal(1) / 3)
    yield FOR_GOOD


def _reference(s: Stage, p: Site) -> Document:
    """What the PSA says of our invoice."""
    [found] = [one for one in s.state.documents("kantata", "external_references")
        if one["subject_type"] == "Workspace" and one["subject_id"] == p.kantata_id]  # fmt: skip
    p.tokens.add(str(found["id"]))
    return found


@fault("BL03", "manual_edit_in_copy", night=AFTER)
def paid_by_hand_in_psa(s: Stage, p: Site) -> Told:
    """Somebody marks our open invoice as paid in the PSA."""
    yield LATER
    found = _reference(s, p)
    s.change("kantata", "external_references", found["id"], external_status="paid")
    yield None
    s.change("kantata", "external_references", found["id"], external_status="open")


@fault("TM06 MD12 BL02", "edited_after_posting", night=2, kind="milestone", entity="DE",
    sold_for=(3000,),
    beside="TM01")  # fmt: skip
def milestone_raised(s: Stage, p: Site) -> Told:
    """A milestone's amount was raised after it was billed."""
    s.write([records.milestone(p, 11, 3000, is_reached=True)])
    s.change("kantata", "stories", p.story_id(11), due_date="2026-03-16")
    yield LATER
    s.change("kantata", "stories", p.story_id(11), budget_estimate_in_cents=350_000)
    yield 50_000
    s.change("kantata", "stories", p.story_id(11), budget_estimate_in_cents=300_000)


@fault("TM06 TM07 MD12", "", night=2, kind="milestone", entity="DE",
    sold_for=(2500,), beside="TM01")  # fmt: skip
def milestone_taken_back(s: Stage, p: Site) -> Told:
    """A milestone was taken back in the PSA after it was billed."""
    s.write([records.milestone(p, 11, 2500, is_reached=True)])
    s.change("kantata", "stories", p.story_id(11), due_date="2026-03-16")
    yield LATER
    s.change("kantata", "stories", p.story_id(11), state="started", due_date=None)
    yield 250_000
    s.change("kantata", "stories", p.story_id(11), state="completed", due_date="2026-03-16")


@fault("IN01 MD03", "", beside="TM01")
def customer_blocked(s: Stage, p: Site) -> Told:
    """The ERP's customer is blocked on the day of posting."""
    [record] = records.customer(p)
    s.change_record(record, blocked="All")
    yield LATER
    yield p.worth()
    s.change_record(record, blocked=" ")
    yield FOR_GOOD


@fault("BL06 BL05 TM02", "manual_edit_in_copy unauthorised_posting", night=AFTER)
def line_added(s: Stage, p: Site) -> Told:
    """A clerk adds a line to our posted invoice."""
    document = s.invoice(p)
    first = s.lines(p, document)[0]
    net, percent = Decimal("55.00"), Decimal(str(first["taxPercent"]))
    tax = (net * percent / 100).quantize(CENT)
    key = guid("added", p.code)
    p.tokens.add(key.rsplit("-", 1)[1])
    line = {**first, "id": key, "sequence": 900_000, "description": "Travel", "quantity": 1,
        "unitPrice": net, **amounts(net, tax)}  # fmt: skip
    s.write([("bc", f"{p.company}/salesInvoiceLines", key, line)])
    added = {"totalAmountExcludingTax": net, "totalTaxAmount": tax,
        "totalAmountIncludingTax": net + tax, "remainingAmount": net + tax}  # fmt: skip
    totals = {name: Decimal(str(document[name])) + amount for name, amount in added.items()}
    before = s.change("bc", f"{p.company}/salesInvoices", document["id"], **totals)
    yield 5500
    s.erase("bc", f"{p.company}/salesInvoiceLines", key)
    s.change("bc", f"{p.company}/salesInvoices", document["id"], **before)


@fault("IN07 MD02", "", night=AFTER, beside="MD10 TM09 TM12")
def project_deleted(s: Stage, p: Site) -> Told:
    """Somebody deleted the project in the PSA after its work was billed; two readings lack it."""
    found = s.state.get("kantata", "workspaces", p.kantata_id)
    assert found is not None
    s.erase("kantata", "workspaces", p.kantata_id)
    yield LATER
    yield None
    s.write([("kantata", "workspaces", p.kantata_id, found)])
