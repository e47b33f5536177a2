"""Kantata's lists and single records: hidden ones, filters, order, pages, side-loads, envelope."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ps_integration.sandbox.codec import Document, utc_seconds
from ps_integration.sandbox.state import SandboxState, StateTransaction, Stored
from ps_integration.sandbox.vendors.kantata.errors import bad_parameter, not_found
from ps_integration.sandbox.vendors.kantata.filters import (
    REFERENCE_FILTERS,
    Test,
    attribute_tests,
    check_known,
    instant_test,
    reference_test,
    shows_archived,
    truth,
)
from ps_integration.sandbox.vendors.kantata.model import Association, Resource
from ps_integration.sandbox.vendors.kantata.resources import RESOURCES

PER_PAGE = 20
PER_PAGE_MAX = 200
_OF_ARCHIVED = {
    "stories": "show_from_archived_workspaces",
    "time_entries": "from_archived_workspaces",
}


@dataclass(frozen=True, slots=True)
class Account:
    """The records of one Kantata account, read in the caller's transaction.

    With a state, whole lists come from what it keeps decoded between two writes.
    """

    transaction: StateTransaction
    system: str
    state: SandboxState | None = None

    def stored(self, collection: str, **where: object) -> Sequence[Stored]:
        """Return a collection's records whose attributes have these values."""
        if not where and self.state is not None:
            return self.state.stored(self.system, collection)
        return list(self.transaction.stored(self.system, collection, where=where or None))

    def references(
        self, subject: str, collection: str = "external_references"
    ) -> Mapping[str, list[Document]]:
        """Return what names a type of record as its subject, by the record's id."""
        found: defaultdict[str, list[Document]] = defaultdict(list)
        for row in self.stored(collection, subject_type=subject):
            found[str(row.document["subject_id"])].append(row.document)
        return found


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for, 0-based."""

    start: int
    size: int


def list_answer(account: Account, resource: Resource, parameters: Mapping[str, str]) -> Document:
    """Answer one list.

    Raises:
        KantataError: 400, a parameter is unknown or malformed.
    """
    check_known(resource, parameters)
    if resource.collection == "external_references" and "subject_type" not in parameters:
        raise bad_parameter("subject_type", "subject_type is required")
    window = _window(parameters)
    included = _included(resource, parameters)
    rows = _ordered(resource, parameters, _matching(account, resource, parameters))
    shown = rows[window.start : window.start + window.size]
    return envelope(account, resource, shown, included, count=len(rows), window=window)


def single_answer(
    account: Account, resource: Resource, key: str, parameters: Mapping[str, str]
) -> Document:
    """Answer one record; what a list hides by default is not found here either.

    Raises:
        KantataError: 404, no such record or hidden; 400, a parameter is refused.
    """
    check_known(resource, parameters)
    rows = _matching(account, resource, {**parameters, "only": key})
    if not rows:
        raise not_found()
    included = _included(resource, parameters)
    return envelope(account, resource, rows, included, count=1, window=Window(0, 1))


def envelope(
    account: Account,
    resource: Resource,
    rows: list[Stored],
    included: Mapping[str, Association],
    *,
    count: int,
    window: Window,
) -> Document:
    """Wrap records: `results` gives the order, maps by id hold them and what was included."""
    maps: defaultdict[str, dict[str, Document]] = defaultdict(dict)
    own = maps[resource.collection]
    related: defaultdict[str, set[str]] = defaultdict(set)
    linked = {name: _links(account, resource, link, rows) for name, link in included.items()}
    for row in rows:
        shown = rendered(resource, row)
        for name, link in included.items():
            ids = linked[name].get(row.id, [])
            shown[link.field] = ids if link.field.endswith("_ids") else next(iter(ids), None)
            related[link.collection].update(ids)
        own[row.id] = shown
    for link in included.values():
        known = maps[link.collection]
        known.update(_side_load(account, link.collection, related[link.collection] - set(known)))
    return {
        "count": count,
        "results": [{"key": resource.collection, "id": row.id} for row in rows],
        **maps,
        "meta": {
            "count": count,
            "page_count": -(-count // window.size),
            "page_number": window.start // window.size + 1,
            "page_size": window.size,
        },
    }


def rendered(resource: Resource, row: Stored) -> Document:
    """Return a record with all and only its attributes; ids of associations are left out."""
    shown = {name: row.document.get(name) for name in resource.attributes}
    shown["id"] = row.id
    for name, instant in (("created_at", row.created_at), ("updated_at", row.updated_at)):
        if name in shown:
            shown[name] = utc_seconds(instant)
    return shown


def _side_load(account: Account, collection: str, wanted: set[str]) -> dict[str, Document]:
    if not wanted:
        return {}
    resource = RESOURCES[collection]
    rows = account.stored(collection)
    return {row.id: rendered(resource, row) for row in rows if row.id in wanted}


def _links(
    account: Account, resource: Resource, link: Association, rows: list[Stored]
) -> dict[str, list[str]]:
    """Return the related ids of each record."""
    if link.reverse is None:
        return {row.id: _ids(row.document.get(link.field)) for row in rows}
    if link.reverse == "subject":
        references = account.references(resource.subject, link.collection)
        return {row.id: [str(one["id"]) for one in references.get(row.id, [])] for row in rows}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in account.stored(link.collection):
        for key in _ids(row.document.get(link.reverse)):
            found[key].append(row.id)
    return found


def _ids(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return [] if value is None else [str(value)]


def _included(resource: Resource, parameters: Mapping[str, str]) -> dict[str, Association]:
    names = [name for name in parameters.get("include", "").split(",") if name]
    for name in names:
        if name not in resource.associations:
            raise bad_parameter("include", f"{name} is not an association of this resource")
    return {name: resource.associations[name] for name in names}


def _matching(account: Account, resource: Resource, parameters: Mapping[str, str]) -> list[Stored]:
    tests = attribute_tests(resource, parameters)
    tests += _default_tests(account, resource, parameters)
    if REFERENCE_FILTERS.keys() & parameters.keys():
        tests.append(reference_test(parameters, account.references(resource.subject)))
    in_time = instant_test(parameters)
    rows = account.stored(resource.collection)
    if "only" in parameters:
        only = set(parameters["only"].split(","))
        rows = [row for row in rows if row.id in only]
    rows = [row for row in rows if in_time(row)]
    if not tests:
        return rows
    return [row for row in rows if all(test({**row.document, "id": row.id}) for test in tests)]


def _default_tests(
    account: Account, resource: Resource, parameters: Mapping[str, str]
) -> list[Test]:
    """Hide what the vendor hides unless it is asked for."""
    tests: list[Test] = []
    if resource.collection in ("workspaces", "stories"):
        switch = "include_archived" if resource.collection == "workspaces" else "show_archived"
        if not shows_archived(parameters, switch):
            tests.append(lambda row: not row.get("archived"))
    if resource.collection == "stories" and not _switched("show_deleted", parameters):
        tests.append(lambda row: not row.get("deleted_at"))
    switch = _OF_ARCHIVED.get(resource.collection, "")
    if switch and not _switched(switch, parameters):
        archived = {row.id for row in account.stored("workspaces") if row.document.get("archived")}
        tests.append(lambda row: str(row.get("workspace_id")) not in archived)
    if resource.collection == "users" and not _switched("on_my_account", parameters):
        projects = account.stored("workspaces")
        taking_part = {key for row in projects for key in _ids(row.document.get("participant_ids"))}
        tests.append(lambda row: str(row["id"]) in taking_part)
    return tests


def _switched(name: str, parameters: Mapping[str, str]) -> bool:
    return name in parameters and truth(name, parameters[name])


def _ordered(resource: Resource, parameters: Mapping[str, str], rows: list[Stored]) -> list[Stored]:
    default = next(iter(resource.orders))
    asked = parameters.get("order", f"{default}:{'desc' if resource.descending else 'asc'}")
    name, _, direction = asked.partition(":")
    if name not in resource.orders or direction not in ("asc", "desc"):
        raise bad_parameter("order", f"{asked} is not a valid order")
    attribute = resource.orders[name]
    return sorted(rows, key=_place(attribute), reverse=direction == "desc")


def _place(attribute: str) -> Callable[[Stored], tuple[datetime | str, int]]:
    """Where a record stands in an order: by instant or by text, equal ones by id."""
    if attribute == "created_at":
        return lambda row: (row.created_at, _number(row))
    if attribute == "updated_at":
        return lambda row: (row.updated_at, _number(row))
    return lambda row: (str(row.document.get(attribute) or ""), _number(row))


def _number(row: Stored) -> int:
    return int(row.id) if row.id.isdigit() else 0


def _window(parameters: Mapping[str, str]) -> Window:
    """Read `limit` and `offset`, which win, or `page` and `per_page`."""
    if "limit" in parameters or "offset" in parameters:
        size = _whole("limit", parameters.get("limit", str(PER_PAGE)), PER_PAGE_MAX)
        return Window(_whole("offset", parameters.get("offset", "0"), None), size)
    size = _whole("per_page", parameters.get("per_page", str(PER_PAGE)), PER_PAGE_MAX)
    return Window((_whole("page", parameters.get("page", "1"), None) - 1) * size, size)


def _whole(name: str, text: str, largest: int | None) -> int:
    least = 0 if name == "offset" else 1
    if not text.isdigit() or int(text) < least:
        raise bad_parameter(name, f"{name} must be a whole number of at least {least}")
    if largest is not None and int(text) > largest:
        raise bad_parameter(name, f"{name} must be less than or equal to {largest}")
    return int(text)
