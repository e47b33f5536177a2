"""What would be sent for a batch: the bytes themselves, from the builder that sending uses."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ps_integration.connectors.protocol import ErpDocument, ErpWriter, Outgoing
from ps_integration.errors import AskFinanceError, PsIntegrationError
from ps_integration.stores.operational import approvals, taken_back
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import erp_document
from ps_integration.workflows.night import Night


@dataclass(frozen=True, slots=True)
class Preview:
    """One document as it would leave.

    Attributes:
        document_ref: Our reference.
        method: HTTP method or the like.
        path: Below the system's address.
        body: The exact bytes; no header and no secret is part of them.
        erp_says: The ERP's own verdict where it offers one before anything is written.
        takes_back: What it takes back of what was posted, and why; empty for nothing.
    """

    document_ref: str
    system: str
    state: str
    method: str
    path: str
    body: bytes
    erp_says: str
    takes_back: str = ""

    @property
    def body_sha256(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.body).hexdigest()


def preview(
    night: Night,
    store: OperationalStore,
    erps: Mapping[str, ErpWriter],
    batch_id: str,
    document_ref: str | None = None,
) -> tuple[Preview, ...]:
    """The requests that posting a batch would send now, by reference; nothing is written.

    Raises:
        AskFinanceError: There is no such batch or document.
        FixConfigError: No writer serves the batch's system.
    """
    with store.snapshot() as session:
        batch = approvals.get(session, batch_id)
        writer = erps.get(batch.system)
        found = [
            (
                document,
                erp_document.load(session, document, _dates(night, document, writer)),
                taken_back.said(
                    taken_back.of_document(session, document.document_ref), document.currency
                ),
            )
            for document in approvals.documents(session, batch_id)
            if document_ref in (None, document.document_ref)
        ]
    if not found:
        raise AskFinanceError(f"batch {batch_id}: has no document {document_ref or ''}".rstrip())
    if writer is None:
        raise AskFinanceError(f"batch {batch_id}: nothing writes to {batch.system}")
    return tuple(
        replace(_of(writer, payload, document.system, document.state), takes_back=taken)
        for document, payload, taken in found
    )


def _dates(night: Night, document: Document, writer: ErpWriter | None) -> erp_document.Dates:
    erp = "two" if writer is None else writer.capability.dates
    return erp_document.dates_of(night.firm, document, erp, night.as_of)


def _of(writer: ErpWriter, payload: ErpDocument, system: str, state: str) -> Preview:
    try:
        request = writer.outgoing(payload)
    except PsIntegrationError as error:
        request, says = Outgoing("", "", b""), f"cannot be asked, for nothing can be sent: {error}"
    else:
        says = _verdict(writer, payload)
    return Preview(
        document_ref=payload.reference,
        system=system,
        state=state,
        method=request.method,
        path=request.path,
        body=request.body,
        erp_says=says,
    )


def _verdict(writer: ErpWriter, payload: ErpDocument) -> str:
    try:
        answer = writer.validate(payload)
    except PsIntegrationError as error:
        return f"could not be asked: {error}"
    if answer is None:
        return "offers no check before it is sent"
    if answer.outcome == "accepted":
        return "would take it"
    return f"{answer.outcome}: {answer.code} {answer.message}".strip()
