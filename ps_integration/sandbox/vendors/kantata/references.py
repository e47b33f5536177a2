"""External references: the vendor's own upsert, and deleting one.

Vendor page: "External References" (`POST /external_references/create_or_update`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ps_integration.sandbox.codec import Document, utc_seconds
from ps_integration.sandbox.vendors.kantata.errors import (
    UNPROCESSABLE,
    KantataError,
    not_found,
    validation,
)
from ps_integration.sandbox.vendors.kantata.lists import Account, Window, envelope
from ps_integration.sandbox.vendors.kantata.resources import BY_SUBJECT, RESOURCES

REFERENCES = "external_references"
KEY = ("service_name", "service_model", "service_model_ref", "subject_type", "subject_id")
OPTIONAL = ("status", "external_link", "external_message", "external_status", "locked")
STATUSES = (None, "pending", "successful", "failed")


def create_or_update(
    account: Account, body: object, settings: Mapping[str, Any], now: datetime
) -> Document:
    """Store one external reference: found by its five key fields, else created.

    Raises:
        KantataError: 422, a key field is missing, an attribute is unknown or wrong, or the
            subject does not exist.
    """
    sent = _sent(body)
    _check_subject(account, sent)
    known = [
        row
        for row in account.stored(REFERENCES, subject_type=sent["subject_type"])
        if row.document["subject_id"] == sent["subject_id"]
    ]
    same = next((row for row in known if all(row.document[f] == sent[f] for f in KEY)), None)
    if same is None and settings["unique_service_name"]:
        _check_service_name(sent, [row.document for row in known])
    key = same.id if same else str(account.transaction.next_id(account.system, REFERENCES))
    before = same.document if same else {"external_link": None, "locked": False, "status": None}
    document = {**before, **sent, "id": key, "last_synced_at": utc_seconds(now)}
    account.transaction.put(account.system, REFERENCES, key, document, now)
    row = account.transaction.get_stored(account.system, REFERENCES, key)
    resource = RESOURCES[REFERENCES]
    rows = [row] if row else []
    return envelope(account, resource, rows, {}, count=1, window=Window(0, 1))


def delete_reference(account: Account, key: str, now: datetime) -> None:
    """Delete one external reference.

    Raises:
        KantataError: 404, no such reference.
    """
    if not account.transaction.delete(account.system, REFERENCES, key, now):
        raise not_found()


def _sent(body: object) -> Document:
    outer = body if isinstance(body, dict) else {}
    sent = outer.get("external_reference")
    if not isinstance(sent, dict) or len(outer) > 1:
        raise _refused("external_reference", "external_reference is required")
    for name in sent:
        if name not in (*KEY, *OPTIONAL):
            raise _refused(name, f"{name} is not a valid attribute")
    blank = [validation(name, "can't be blank") for name in KEY if sent.get(name) in (None, "")]
    if blank:
        raise KantataError(UNPROCESSABLE, *blank)
    if sent.get("status") not in STATUSES:
        raise _refused("status", "status must be pending, successful or failed")
    if not isinstance(sent.get("locked", False), bool):
        raise _refused("locked", "locked must be true or false")
    return {**sent, "subject_id": str(sent["subject_id"])}


def _check_subject(account: Account, sent: Document) -> None:
    resource = BY_SUBJECT.get(sent["subject_type"])
    if resource is None:
        raise _refused("subject_type", "subject_type is not valid")
    subject = account.transaction.get(account.system, resource.collection, sent["subject_id"])
    if subject is None:
        raise _refused("subject_id", "subject could not be found")


def _check_service_name(sent: Document, known: list[Document]) -> None:
    if any(other["service_name"] == sent["service_name"] for other in known):
        raise _refused("service_name", "service_name has already been taken")


def _refused(field: str, message: str) -> KantataError:
    return KantataError(UNPROCESSABLE, validation(field, message))
