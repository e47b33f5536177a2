"""Drops ERP documents as files: for an ERP that imports files and answers nothing (class N).

One CSV file per document, named after its reference, one row per line, put in place by rename so
that the importer never sees half of it. Whether the ERP took it is for a person to see; an attempt
that ended without a clear answer is never repeated unattended.
"""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ps_integration.connectors.protocol import ErpDocument, ErpReceipt, Outgoing, WriteAnswer
from ps_integration.domain.money import Money
from ps_integration.domain.posting import drop_id
from ps_integration.domain.records import Capability
from ps_integration.domain.text import match_key

REFERENCE_MAX: Final = 35
QUANTITY_DECIMALS: Final = 5
HEADER: Final = (
    *("reference", "kind", "company", "customer", "currency", "invoice_date", "posting_date"),
    *("purchase_order", "line", "project", "account", "tax_code", "cost_centre", "description"),
    *("quantity", "unit_price", "amount"),
)


class FileDrop:
    """Writes into one folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder that the ERP imports from."""
        self.capability = Capability("N", 0.0, REFERENCE_MAX, QUANTITY_DECIMALS, False)  # noqa: FBT003 - read by name
        self._folder = folder

    def outgoing(self, document: ErpDocument) -> Outgoing:
        """The file: its name and its bytes (UTF-8, comma, CRLF, everything quoted)."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)
        writer.writerow(HEADER)
        head = (
            document.reference,
            document.kind,
            document.company,
            document.customer_key,
            document.currency,
            document.invoice_date.isoformat(),
            document.posting_date.isoformat(),
            document.purchase_order or "",
        )
        for line in document.lines:
            amount = Money(line.amount_minor, document.currency).amount
            writer.writerow(
                (
                    *head,
                    line.line_no,
                    line.project_external_id,
                    line.revenue_account,
                    line.tax_code or "",
                    line.cost_centre or "",
                    _inert(line.description),
                    line.quantity,
                    line.unit_price,
                    amount,
                )
            )
        return Outgoing("PUT", drop_id(document.reference), text.getvalue().encode())

    def validate(self, document: ErpDocument) -> WriteAnswer | None:  # noqa: ARG002 - protocol
        """None: nobody answers."""
        return None

    def create(self, document: ErpDocument) -> WriteAnswer:
        """Put the file in place; refused when a file of that reference waits there already."""
        request = self.outgoing(document)
        target = self._folder / request.path
        partial = target.with_suffix(".partial")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(request.body)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            return WriteAnswer("not_sent", message=str(error.strerror), recovery="retry_later")
        try:
            os.link(partial, target)  # fails where the name is taken, unlike a rename
            partial.unlink()
        except FileExistsError:
            said = f"{target.name} waits in the folder already"
            return WriteAnswer("ambiguous", message=said, recovery="outcome_unknown")
        except OSError as error:
            return WriteAnswer("ambiguous", message=str(error.strerror))
        return WriteAnswer("accepted", _receipt(document))

    def post(self, document: ErpDocument, erp_id: str) -> WriteAnswer:
        """Never asked for: a file has no draft."""
        said = f"{document.reference}: {erp_id} is a file; the ERP posts it when it imports it"
        return WriteAnswer("refused", message=said, recovery="fix_configuration", scope="system")

    def find(self, company: str, reference: str) -> Sequence[ErpReceipt]:  # noqa: ARG002 - protocol
        """Nothing: an ERP behind a folder cannot be asked."""
        return ()

    def numbered(self, company: str, number: str) -> Sequence[ErpReceipt]:  # noqa: ARG002 - protocol
        """Nothing: an ERP behind a folder cannot be asked."""
        return ()

    def ours(self, company: str, prefix: str) -> Sequence[ErpReceipt]:  # noqa: ARG002 - protocol
        """Nothing: an ERP behind a folder cannot be asked."""
        return ()

    def discard_draft(self, company: str, erp_id: str) -> WriteAnswer:
        """Never asked for: a file has no draft."""
        said = f"{company}: {erp_id} is a file, no draft"
        return WriteAnswer("refused", message=said, recovery="fix_configuration", scope="system")


def _inert(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _receipt(document: ErpDocument) -> ErpReceipt:
    """What was dropped: the importer gives the number."""
    return ErpReceipt(
        erp_id=drop_id(document.reference),
        number="",
        reference=document.reference,
        kind=document.kind,
        state="posted",
        customer_key=match_key(document.customer_key) or "",
        currency=document.currency,
        posting_date=document.posting_date,
        invoice_date=document.invoice_date,
        amount_minor=document.amount_minor,
        line_amounts_minor=tuple(line.amount_minor for line in document.lines),
    )
