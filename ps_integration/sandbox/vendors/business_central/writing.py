"""Answers to POST, PATCH and DELETE: documents, their lines, and their bound actions."""

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.business_central.calls import Call, Reply, Target
from ps_integration.sandbox.vendors.business_central.company import Company
from ps_integration.sandbox.vendors.business_central.documents import (
    BY_HEADER,
    BY_LINE,
    INVOICE,
    DocumentType,
    add_line,
    change_draft,
    change_line,
    create_draft,
    delete_draft,
    delete_line,
)
from ps_integration.sandbox.vendors.business_central.entities import Entity
from ps_integration.sandbox.vendors.business_central.errors import (
    CONFLICT,
    METHOD_NOT_ALLOWED,
    BusinessCentralError,
    bad_request,
    dialog,
    no_such_record,
)
from ps_integration.sandbox.vendors.business_central.posting import cancel, post
from ps_integration.sandbox.vendors.business_central.query import Query
from ps_integration.sandbox.vendors.business_central.reading import entity_of, etag, single

ACTION = "Microsoft.NAV."


def write(company: Company, call: Call, target: Target) -> Reply:
    """Carry out one change below a company, in the transaction the company is read in.

    Raises:
        BusinessCentralError: The address, the body or the books refuse it.
    """
    name, key = target.segments[0]
    entity = entity_of(target, name)
    if len(target.segments) == 1:
        return _write_top(company, call, target, entity, key)
    child, child_key = target.segments[1]
    if child.startswith(ACTION):
        return _act(company, call, name, key, child.removeprefix(ACTION))
    kind = BY_HEADER.get(name)
    if kind is None or child != kind.lines.set_name:
        raise _not_allowed(call.method, child)
    header = _record(company, name, key)
    if call.method == "POST":
        return _added(company, call, target, kind, header)
    return _write_line(company, call, target, kind, child_key)


def _write_top(company: Company, call: Call, target: Target, entity: Entity, key: str) -> Reply:
    name = entity.set_name
    if call.method not in entity.methods or (call.method == "POST") == bool(key):
        raise _not_allowed(call.method, name)
    if name in BY_LINE:
        return _line_by_itself(company, call, target, BY_LINE[name], key)
    kind = BY_HEADER[name]
    if call.method == "POST":
        made = create_draft(company, kind, call.json())
        return single(company, entity, _record(company, name, made["id"]), Query(), target, 201)
    row = _record(company, name, key)
    check_tag(call, row)
    if call.method == "DELETE":
        delete_draft(company, kind, row.document)
        return Reply(204)
    change_draft(company, kind, row.document, call.json())
    return single(company, entity, _record(company, name, key), Query(), target)


def _line_by_itself(
    company: Company, call: Call, target: Target, kind: DocumentType, key: str
) -> Reply:
    if call.method != "POST":
        return _write_line(company, call, target, kind, key)
    body = call.json()
    document = body.get("documentId", "") if isinstance(body, dict) else ""
    header = company.get(kind.entity.set_name, str(document).lower())
    if header is None:
        raise dialog("You must specify a Document Id to create a line.")
    return _added(company, call, target, kind, header)


def _added(
    company: Company, call: Call, target: Target, kind: DocumentType, header: Stored
) -> Reply:
    line = add_line(company, kind, header.document, call.json())
    row = _record(company, kind.lines.set_name, line["id"])
    return single(company, kind.lines, row, Query(), target, 201)


def _write_line(
    company: Company, call: Call, target: Target, kind: DocumentType, key: str
) -> Reply:
    row = _record(company, kind.lines.set_name, key)
    check_tag(call, row)
    header = _record(company, kind.entity.set_name, row.document["documentId"]).document
    if call.method == "DELETE":
        delete_line(company, kind, header, row.document)
        return Reply(204)
    change_line(company, kind, header, row.document, call.json())
    changed = _record(company, kind.lines.set_name, key)
    return single(company, kind.lines, changed, Query(), target)


def check_tag(call: Call, row: Stored) -> None:
    """Refuse a change that does not name the record as it stands, or any (`*`).

    Raises:
        BusinessCentralError: 400, no `If-Match`; 409, the record has changed.
    """
    wanted = call.headers.get("if-match")
    if wanted is None:
        raise bad_request(
            "Could not validate the client concurrency token required by the service."
            " Please provide a valid token in the client request.",
            "BadRequest_InvalidToken",
        )
    if wanted not in ("*", etag(row)):
        raise BusinessCentralError(
            CONFLICT, "Request_EntityChanged", "Another user has already changed the record."
        )


def _act(company: Company, call: Call, name: str, key: str, action: str) -> Reply:
    if call.method != "POST":
        raise _not_allowed(call.method, action)
    header: Document = _record(company, name, key).document
    kind = BY_HEADER.get(name)
    if kind is not None and action == "post":
        post(company, kind, header)
    elif kind is INVOICE and action == "cancel":
        cancel(company, header)
    else:
        raise BusinessCentralError(
            501, "BadRequest_MethodNotImplemented", "Entity does not support bound actions"
        )
    return Reply(204)


def _record(company: Company, name: str, key: str) -> Stored:
    row = company.get(name, key) if key else None
    if row is None:
        raise no_such_record()
    return row


def _not_allowed(method: str, name: str) -> BusinessCentralError:
    return BusinessCentralError(
        METHOD_NOT_ALLOWED,
        "BadRequest_MethodNotAllowed",
        f"'{method}' requests for '{name}' of EdmType 'Entity' are not allowed within Microsoft"
        " Dynamics 365 Business Central OData web services.",
    )
