"""Writes invoices and credit memos to NetSuite, each under our reference as its external id.

An upsert (`PUT .../eid:REFERENCE`) creates the record or changes the one that is there (page "Using
the Upsert Operation"). Changing is never meant here: what was sent is bound to its reference, so a
difference in NetSuite was made by a person, and an upsert would undo it unseen. The writer
therefore asks for the external id right before each upsert and leaves alone what is there. What is
left is a first request that arrives after a second one: it carries the same bytes, replaces the
lines by equal ones and makes no second document. With `invoice_approval: draft` it would also take
an approved invoice back to pending, so there a resend waits until nothing can arrive any more:
class F instead of U.

Success is 204 without a body and with the internal id in `Location` ("Creating a Record Instance"),
so the document is read back by query. A request ends after 15 minutes at the latest ("Concurrency
Governance and Session Management"); until then it may commit. NetSuite offers no validation without
writing.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from ps_integration.connectors.answers import NotThereError
from ps_integration.connectors.encoding import encoded
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import (
    ErpDocument,
    ErpReceipt,
    NotMappedError,
    Outgoing,
    WriteAnswer,
)
from ps_integration.connectors.raw import inside
from ps_integration.connectors.vendors.netsuite import bodies, suiteql
from ps_integration.connectors.vendors.netsuite.bodies import RECORDS, State, address
from ps_integration.connectors.vendors.netsuite.jobs import Jobs
from ps_integration.connectors.vendors.netsuite.options import Options
from ps_integration.connectors.vendors.netsuite.refusals import doubt, refusal
from ps_integration.domain.records import Capability
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

COMMIT_DELAY_SECONDS: Final = 900.0
REFERENCE_MAX: Final = 100
QUANTITY_DECIMALS: Final = 5
STRICT: Final = {
    "X-NetSuite-PropertyNameValidation": "Error",
    "X-NetSuite-PropertyValueValidation": "Error",
}
"""Without these an unknown or wrong property is left out, and the rest is written."""
_AUTHENTICATION: Final = frozenset({401, 403})
_UNREADABLE: Final = (RetryLaterError, FixConfigError, BadAnswerError)


class NetSuiteWriter:
    """Writes to the subsidiaries of one account; every write is sent once."""

    def __init__(
        self,
        client: ApiClient,
        options: Options,
        max_commit_delay_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the account's client and options; the delay is the firm's own, if it has one."""
        has_drafts = options.invoice_approval == "draft"
        self.capability = Capability(
            posting_class="F" if has_drafts else "U",
            max_commit_delay_seconds=max_commit_delay_seconds or COMMIT_DELAY_SECONDS,
            reference_max_length=REFERENCE_MAX,
            quantity_decimals=QUANTITY_DECIMALS,
            creates_then_posts=has_drafts,
            concurrency=options.concurrency,
            dates="one",
        )
        self._client = client
        self._options = options
        self._jobs = Jobs(client, options.job_wait_seconds, clock, sleep)

    def outgoing(self, document: ErpDocument) -> Outgoing:
        """The upsert of the document.

        Raises:
            NotMappedError: The options lack an internal id, or the reference has a wrong letter.
        """
        path = bodies.upsert_path(document)
        return Outgoing("PUT", path, encoded(bodies.body(document, self._options)))

    def validate(self, document: ErpDocument) -> WriteAnswer | None:  # noqa: ARG002 - protocol
        """None: NetSuite checks a record only by writing it."""
        return None

    def create(self, document: ErpDocument) -> WriteAnswer:
        """Create the document unless it is there, and read it back."""
        try:
            self._check_draft(document)
            request = self.outgoing(document)
        except NotMappedError as error:
            return error.answer
        try:
            if self._is_there(document.kind, document.reference):
                return doubt(f"{document.reference} is in NetSuite already; nothing was sent")
        except _UNREADABLE as error:
            return WriteAnswer("not_sent", message=str(error), recovery="retry_later")
        reply = self._sent(request)
        settled = _settled(reply, document)
        if settled is None:
            return self._read_back(document, _created(reply), None)
        if settled.outcome == "refused" and reply.status not in _AUTHENTICATION:
            return self._if_absent(document, settled)
        return settled

    def post(self, document: ErpDocument, erp_id: str) -> WriteAnswer:
        """Approve a pending invoice; a refusal counts only while it is seen to be pending."""
        reply = self._client.send(
            "PATCH",
            address(document.kind, erp_id),
            {"approvalStatus": bodies.APPROVED},
            STRICT,
            may_be_empty=True,
        )
        settled = _settled(reply, document)
        if settled is None:
            return self._read_back(document, erp_id, "posted")
        if settled.outcome == "refused":
            still = self._read_back(document, erp_id, "draft")
            return settled if still.outcome == "accepted" else still
        return settled

    def find(self, company: str, reference: str) -> Sequence[ErpReceipt]:  # noqa: ARG002 - account-wide
        """Everything under this reference, in any subsidiary: external ids are account-wide.

        Nothing counts as absent unless the query and the records themselves both say so.

        Raises:
            RetryLaterError: NetSuite could not be asked, or its query does not show a record yet.
            FixConfigError: It refuses the credentials.
            BadAnswerError: Its answer cannot be read.
        """
        found = self._listed(f"transaction.externalid = {suiteql.literal(reference)}")
        if not found and any(self._is_there(kind, reference) for kind in RECORDS):
            raise RetryLaterError(f"{reference} is in NetSuite, but queries do not show it yet")
        return found

    def numbered(self, company: str, number: str) -> Sequence[ErpReceipt]:  # noqa: ARG002 - account-wide
        """Invoices and credit memos of this number, in any subsidiary; see `find`."""
        return self._listed(f"transaction.tranid = {suiteql.literal(number)}")

    def ours(self, company: str, prefix: str) -> Sequence[ErpReceipt]:
        """Everything of a subsidiary whose reference starts so, invoices and credit memos.

        Raises:
            RetryLaterError: NetSuite could not be asked.
            FixConfigError: It refuses the credentials, or the company is no internal id.
            BadAnswerError: Its answer cannot be read.
        """
        if not company.isdecimal():
            raise FixConfigError(f"{company!r} is not the internal id of a subsidiary")
        like = suiteql.literal(f"{prefix}%")
        found = self._listed(
            f"transactionline.subsidiary = {company} AND transaction.externalid LIKE {like}"
        )
        return [one for one in found if one.reference.startswith(prefix)]  # `_` is any letter

    def discard_draft(self, company: str, erp_id: str) -> WriteAnswer:  # noqa: ARG002 - account-wide
        """Delete a pending invoice; one already gone is accepted."""
        if not erp_id.isdecimal():
            return WriteAnswer("not_sent", message=f"{erp_id!r} is not an internal id")
        try:
            found = self._listed(f"transaction.id = {erp_id}")
        except _UNREADABLE as error:
            return WriteAnswer("not_sent", message=str(error), recovery="retry_later")
        if not found:
            return WriteAnswer("accepted", message=f"{erp_id} is not there any more")
        receipt = found[0]
        if receipt.state != "draft":
            said = f"{erp_id} is {receipt.state}, not a draft; it was left alone"
            return WriteAnswer("refused", receipt, message=said, recovery="fix_data")
        reply = self._client.send("DELETE", address(receipt.kind, erp_id), may_be_empty=True)
        return _settled(reply, None) or WriteAnswer("accepted", receipt)

    def _check_draft(self, document: ErpDocument) -> None:
        options = self._options
        needs_leave = options.invoice_approval == "draft" and document.kind == "credit_memo"
        if needs_leave and not options.credit_memos_post_at_once:
            raise NotMappedError(
                "NetSuite has no unapproved credit memos: set options.credit_memos_post_at_once"
                " to let them post when they are created",
                "document",
            )

    def _sent(self, request: Outgoing) -> Reply:
        if self._options.asynchronous:
            return self._jobs.send(request, STRICT)
        return self._client.send("PUT", request.path, request.body, STRICT, may_be_empty=True)

    def _is_there(self, kind: str, reference: str) -> bool:
        """Whether the record exists; only the vendor's 404 says that it does not."""
        try:
            self._client.get_json(address(kind, f"eid:{quote(reference, safe='')}"))
        except NotThereError:
            return False
        return True

    def _if_absent(self, document: ErpDocument, refused: WriteAnswer) -> WriteAnswer:
        """A refusal counts when the document is seen not to be there."""
        try:
            if not self._is_there(document.kind, document.reference):
                return refused
        except _UNREADABLE as error:
            return doubt(f"{refused.message}; whether it is there is not known: {error}")
        return doubt(f"{refused.message}; but {document.reference} is there", refused.code)

    def _listed(self, condition: str) -> list[ErpReceipt]:
        size = self._options.page_size
        heads = suiteql.rows(self._client, suiteql.documents(tuple(RECORDS), condition), size)
        ids = [str(inside(value, "id")) for _, value in heads]
        lines = suiteql.lines_of(self._client, ids, size) if ids else {}
        return [
            bodies.receipt({"document": value, "lines": [line for _, line in lines[one]]})
            for one, (_, value) in zip(ids, heads, strict=True)
        ]

    def _read_back(
        self, document: ErpDocument, erp_id: str | None, expected: State | None
    ) -> WriteAnswer:
        """What NetSuite itself now says; anything but our document in that state is a doubt."""
        try:
            found = self.find(document.company, document.reference)
        except _UNREADABLE as error:
            return doubt(f"{document.reference} could not be read back: {error}")
        if len(found) != 1 or (erp_id is not None and found[0].erp_id != erp_id):
            shown = [one.erp_id for one in found]
            return doubt(f"{document.reference} was written as {erp_id} and is {shown}")
        if expected is not None and found[0].state != expected:
            return doubt(f"{document.reference} is {found[0].state}")
        return WriteAnswer("accepted", found[0])


def _settled(reply: Reply, document: ErpDocument | None) -> WriteAnswer | None:
    if reply.settled is not None:
        return reply.settled
    return refusal(reply, document) if reply.kind == "error" else None


def _created(reply: Reply) -> str | None:
    """The internal id in `Location`, where the answer has one."""
    return urlsplit(reply.headers.get("location", "")).path.rpartition("/")[2] or None
