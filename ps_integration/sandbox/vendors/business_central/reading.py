"""Answers to GET: lists with server paging, single records, expanded navigation properties."""

import hashlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable

from ps_integration.sandbox.codec import Document, dumps
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.business_central.calls import Call, Reply, Target
from ps_integration.sandbox.vendors.business_central.company import Company, rendered
from ps_integration.sandbox.vendors.business_central.entities import COMPANIES, Child, Entity
from ps_integration.sandbox.vendors.business_central.errors import (
    dialog,
    no_such_record,
    no_such_route,
)
from ps_integration.sandbox.vendors.business_central.query import (
    Query,
    next_link,
    one_page,
    ordered,
    page_size,
    parse_query,
)


def etag(row: Stored) -> str:
    """Return the tag of a record as it stands; it changes with every write."""
    content = dumps([row.document, row.updated_at.isoformat()])
    return f'W/"{b64encode(hashlib.sha256(content).digest()[:12]).decode()}"'


def entity_of(target: Target, name: str) -> Entity:
    """Return a published entity set.

    Raises:
        BusinessCentralError: 404, not published.
    """
    if name not in target.entities:
        raise no_such_route(name)
    return target.entities[name]


def read(company: Company, call: Call, target: Target, base: str) -> Reply:
    """Answer one GET below a company.

    Args:
        company: The company, in a reading transaction.
        call: The request.
        target: What its address names.
        base: Absolute address of the mount.

    Raises:
        BusinessCentralError: The address or an option is refused.
    """
    name, key = target.segments[0]
    entity = entity_of(target, name)
    if len(target.segments) == 1 and not key:
        _check_lines_filter(name, call)
        rows = list(company.stored(name))
        return _list(company, entity, rows, call, base)
    row = company.get(name, key)
    if row is None:
        raise no_such_record()
    if len(target.segments) == 1:
        return single(company, entity, row, parse_query(entity, call.parameters), target)
    return _child(company, entity, row, call, target, base)


def read_companies(rows: list[Stored], call: Call, base: str, key: str) -> Reply:
    """Answer `GET companies` and `GET companies({id})`.

    Raises:
        BusinessCentralError: 404, no such company.
    """
    if key:
        row = next((row for row in rows if row.id == key), None)
        if row is None:
            raise no_such_record()
        return Reply(200, rendered(COMPANIES, row.document))
    shown = [rendered(COMPANIES, row.document) for row in rows]
    return _page(COMPANIES, shown, call, base, page_limit=len(shown) + 1)[0]


def single(
    company: Company, entity: Entity, row: Stored, query: Query, target: Target, status: int = 200
) -> Reply:
    """Answer with one record, its tag and its address."""
    [document] = _expanded(company, entity, [_tagged(entity, row)], query)
    context = f"{target.root}/$metadata#{entity.set_name}/$entity"
    location = {"Location": f"{target.root}/{entity.set_name}({row.id})"}
    body = {"@odata.context": context, **_selected(document, query)}
    return Reply(status, body, location if status == 201 else {})  # noqa: PLR2004 - created


def _list(company: Company, entity: Entity, rows: list[Stored], call: Call, base: str) -> Reply:
    documents = [_with_embedded(entity, row) for row in rows]
    limit = int(company.settings["page_size_max"])
    reply, query, shown = _page(entity, documents, call, base, limit)
    by_id = {row.id: row for row in rows}
    tagged = [{"@odata.etag": etag(by_id[row["id"]]), **row} for row in shown]
    expanded = _expanded(company, entity, tagged, query)
    return Reply(200, {**(reply.body or {}), "value": [_selected(row, query) for row in expanded]})


def _page(
    entity: Entity, rows: list[Document], call: Call, base: str, page_limit: int
) -> tuple[Reply, Query, list[Document]]:
    query = parse_query(entity, call.parameters)
    size = page_size(call.headers.get("prefer", ""), page_limit)
    shown, total, token = one_page(query, rows, size, entity.kinds)
    address = f"{base}{call.path}"
    body: Document = {"@odata.context": f"{base}/$metadata#{entity.set_name}"}
    if query.count:
        body["@odata.count"] = total
    body["value"] = shown
    if token:
        body["@odata.nextLink"] = next_link(address, call.parameters, token)
    return Reply(200, body), query, shown


def _child(
    company: Company, entity: Entity, row: Stored, call: Call, target: Target, base: str
) -> Reply:
    name, key = target.segments[1]
    if name not in entity.children or len(target.segments) > 2:  # noqa: PLR2004 - parent, child
        raise no_such_route(name)
    child = entity.children[name]
    if child.key is None:
        embedded = [rendered(child.entity, line) for line in row.document.get(name, [])]
        return _page(child.entity, embedded, call, base, len(embedded) + 1)[0]
    rows = list(company.stored(name, **{child.key: row.id}))
    if not key:
        return _list(company, child.entity, rows, call, base)
    found = next((line for line in rows if line.id == key), None)
    if found is None:
        raise no_such_record()
    return single(company, child.entity, found, parse_query(child.entity, call.parameters), target)


def _check_lines_filter(name: str, call: Call) -> None:
    if name.endswith("Lines") and "documentId eq" not in call.parameters.get("$filter", ""):
        raise dialog("You must specify an Id or a Document Id to get the lines.")


def _tagged(entity: Entity, row: Stored) -> Document:
    return {"@odata.etag": etag(row), **_with_embedded(entity, row)}


def _with_embedded(entity: Entity, row: Stored) -> Document:
    """Render a record and keep the rows inside it until it is known whether they are asked for."""
    shown = rendered(entity, row.document, row.updated_at)
    inside = [name for name, child in entity.children.items() if child.key is None]
    return shown | {name: row.document.get(name, []) for name in inside}


def _selected(document: Document, query: Query) -> Document:
    if not query.select:
        return document
    kept = {"@odata.etag", *query.select, *query.expand}
    return {name: value for name, value in document.items() if name in kept}


def _expanded(
    company: Company, entity: Entity, rows: list[Document], query: Query
) -> list[Document]:
    """Lay the children asked for into rows, and leave out those that were not asked for."""
    for name, child in entity.children.items():
        inner = query.expand.get(name)
        if inner is None:
            for row in rows:
                row.pop(name, None)
            continue
        children = _children(company, name, child, rows)
        for row in rows:
            row[name] = _shown_children(company, child.entity, children[row["id"]], inner)
    return rows


def _children(
    company: Company, name: str, child: Child, rows: list[Document]
) -> defaultdict[str, list[Document]]:
    found: defaultdict[str, list[Document]] = defaultdict(list)
    if child.key is None:
        for row in rows:
            found[row["id"]] = [rendered(child.entity, line) for line in row[name]]
        return found
    if not rows:
        return found
    where = {child.key: rows[0]["id"]} if len(rows) == 1 else {}
    for stored in company.stored(name, **where):
        found[stored.document[child.key]].append(_tagged(child.entity, stored))
    return found


def _shown_children(
    company: Company, entity: Entity, rows: Iterable[Document], query: Query
) -> list[Document]:
    matching = ordered(query, [row for row in rows if query.matches(row)], entity.kinds)
    shown = _expanded(company, entity, matching[: query.top], query)
    return [_selected(row, query) for row in shown]
