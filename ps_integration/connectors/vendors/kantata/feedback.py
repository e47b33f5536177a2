"""Tells Kantata about ERP invoices: one external reference per invoice and subject.

Vendor page "Create or update an external reference": found again by its service, model, model
reference and subject, so telling twice changes nothing. The suite's sign-in owns them (`locked`
stays as it is). Errors: vendor page "Errors".
"""

from collections.abc import Mapping, Sequence
from typing import Final

from ps_integration.connectors.fields import Fields
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import StatusNote, WriteAnswer
from ps_integration.connectors.vendors.kantata.options import Options
from ps_integration.domain.records import Json

SERVICE_MODEL: Final = "sales_invoice"
SUBJECTS: Final[Mapping[str, str]] = {
    "project": "Workspace",
    "milestone": "Story",
    "time_entry": "TimeEntry",
}
_UNAUTHORISED: Final = (401, 403)


class KantataFeedback:
    """Writes billing status to one account."""

    def __init__(self, client: ApiClient, options: Options) -> None:
        """Take the account's client and options."""
        self._client = client
        self._options = options

    def tell(self, notes: Sequence[StatusNote]) -> Sequence[WriteAnswer]:
        """Upsert one external reference per note; see `FeedbackWriter.tell`."""
        return [self._tell(note) for note in notes]

    def _tell(self, note: StatusNote) -> WriteAnswer:
        reference: dict[str, object] = {
            "service_name": self._options.service_name,
            "service_model": SERVICE_MODEL,
            "service_model_ref": note.reference,
            "subject_type": SUBJECTS[note.subject_kind],
            "subject_id": note.subject_external_id,
            "status": "successful",
            "external_status": note.status,
            "external_message": f"{note.number}: {note.message}",
        }
        if note.link is not None:
            reference["external_link"] = note.link
        reply = self._client.send(
            "POST", "/external_references/create_or_update", {"external_reference": reference}
        )
        if reply.settled is not None:
            return reply.settled
        if reply.kind == "error":
            return _refusal(reply)
        return _accepted(reply, reference)


def _accepted(reply: Reply, sent: Mapping[str, object]) -> WriteAnswer:
    """Accepted only when the answer shows the reference as it was told."""
    envelope = reply.json if isinstance(reply.json, dict) else {}
    held = envelope.get("external_references")
    shown = (
        [Fields(one) for one in held.values() if isinstance(one, dict)]
        if isinstance(held, dict)
        else []
    )
    names = ("service_name", "service_model_ref", "external_status")
    if any(all(one.raw(name) == sent[name] for name in names) for one in shown):
        return WriteAnswer("accepted")
    said = f"{reply.message} without the reference as it was told"
    return WriteAnswer("ambiguous", message=said, recovery="outcome_unknown")


def _refusal(reply: Reply) -> WriteAnswer:
    """`{"errors": [{"type", "message", "field"}]}`; another shape is a doubt."""
    json: Json = reply.json
    errors = json.get("errors") if isinstance(json, dict) else None
    known = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    if not known:
        return WriteAnswer("ambiguous", message=reply.message, recovery="outcome_unknown")
    return WriteAnswer(
        "refused",
        code=str(known[0].get("type", "")),
        message="; ".join(str(one.get("message")) for one in known)[:500],
        recovery="fix_configuration" if reply.status in _UNAUTHORISED else "fix_data",
        scope="system" if reply.status in _UNAUTHORISED else "document",
    )
