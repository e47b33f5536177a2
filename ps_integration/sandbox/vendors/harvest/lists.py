"""Harvest's lists: documented filters, order, and the page envelope with its links.

The vendor's page "Pagination": `per_page` is 1 to 2000; lists that have cursors still take `page`,
`cursor` wins over it, and a page reached by cursor says null for its number unless it is the first
or the last. Time entries and expenses come newest `spent_date` first, other records newest first.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer
from ps_integration.sandbox.codec import Document, dumps
from ps_integration.sandbox.store import Stored
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.harvest.shapes import (
    as_sent,
    read_boolean,
    read_date,
    read_datetime,
    read_number,
    refused,
)

Key = tuple[str, int]
Filter = Callable[[Document, str], bool]
PAGING = ("page", "per_page")


@dataclass(frozen=True, slots=True)
class Listing:
    """What one list takes: parameters besides paging, whether it has cursors, what orders it."""

    filters: tuple[str, ...] = ()
    has_cursor: bool = False
    order: str = "created_at"

    @property
    def newest_first(self) -> bool:
        """Rates alone begin with the oldest."""
        return self.order != "start_date"


_ACTIVE = ("is_active", "updated_since")
_BILLABLE = ("user_id", "client_id", "project_id", "is_billed", "updated_since", "from", "to")
LISTS: Mapping[str, Listing] = {
    "users": Listing(_ACTIVE, has_cursor=True),
    "clients": Listing(_ACTIVE, has_cursor=True),
    "projects": Listing((*_ACTIVE, "client_id"), has_cursor=True),
    "tasks": Listing(_ACTIVE, has_cursor=True),
    "task_assignments": Listing(_ACTIVE, has_cursor=True),
    "user_assignments": Listing((*_ACTIVE, "user_id"), has_cursor=True),
    "billable_rates": Listing(has_cursor=True, order="start_date"),
    "cost_rates": Listing(has_cursor=True, order="start_date"),
    "time_entries": Listing(
        (*_BILLABLE, "task_id", "external_reference_id", "is_running"), order="spent_date"
    ),
    "expenses": Listing(_BILLABLE, order="spent_date"),
    "invoices": Listing(("client_id", "project_id", "updated_since", "from", "to", "state")),
}


def answer_list(request: Request, context: Context, name: str, collection: str) -> Response:
    """Answer one list request, or refuse it with 422."""
    listing = LISTS[name]
    known = {*listing.filters, *PAGING, *(("cursor",) if listing.has_cursor else ())}
    if unknown := sorted(set(request.args) - known):
        raise RefusedError(refused(422, f"Unknown parameter: {unknown[0]}"))
    size_max = int(context.settings["page_size_max"])
    size = read_number("per_page", request.args.get("per_page", str(size_max)))
    if size > size_max:
        raise RefusedError(refused(422, f"per_page must be at most {size_max}"))
    rows = _matching(request, context, collection)
    keyed = sorted(
        ((_key(row, listing), row) for row in rows),
        key=lambda pair: pair[0],
        reverse=listing.newest_first,
    )
    start = _start(request, [key for key, _ in keyed], size, newest_first=listing.newest_first)
    records = [as_sent(row) for _, row in keyed[start : start + size]]
    last_key = keyed[start + len(records) - 1][0] if records else None
    page = Page(request, size, start, len(keyed), last_key if listing.has_cursor else None)
    return json_answer({name: records, **page.envelope()})


@dataclass(frozen=True, slots=True)
class Page:
    """One page of `total` records that begins at `start`; `cursor` is the key of its last one."""

    request: Request
    size: int
    start: int
    total: int
    cursor: Key | None

    def envelope(self) -> Document:
        """Return what surrounds the records."""
        pages = max(1, -(-self.total // self.size))
        number = self.start // self.size + 1
        more, less = self.start + self.size < self.total, self.start > 0
        by_cursor = "cursor" in self.request.args
        hidden = by_cursor and more and less
        following = {"cursor": _cursor(self.cursor)} if self.cursor else {"page": number + 1}
        return {
            "per_page": self.size,
            "total_pages": pages,
            "total_entries": self.total,
            "next_page": number + 1 if more and not hidden else None,
            "previous_page": number - 1 if less and not hidden else None,
            "page": None if hidden else number,
            "links": {
                "first": self._link({"page": 1}),
                "next": self._link(following) if more else None,
                "previous": self._link({"page": number - 1}) if less and not by_cursor else None,
                "last": self._link({"page": pages}),
            },
        }

    def _link(self, where: Mapping[str, object]) -> str:
        kept = {k: v for k, v in self.request.args.items() if k not in (*PAGING, "cursor")}
        return f"{self.request.base_url}?{urlencode({**kept, **where, 'per_page': self.size})}"


def _matching(request: Request, context: Context, collection: str) -> list[Stored]:
    """Return the records that pass every filter of the request."""
    wanted = {name: text for name, text in request.args.items() if name not in (*PAGING, "cursor")}
    since = wanted.pop("updated_since", None)
    rows = context.state.stored(
        context.system,
        collection,
        updated_from=read_datetime("updated_since", since) if since is not None else None,
    )
    tests = [_test(name, text) for name, text in wanted.items()]
    return [row for row in rows if all(test(row.document) for test in tests)]


def _test(name: str, text: str) -> Callable[[Document], bool]:
    if name in ("from", "to"):
        day = read_date(name, text)
        if name == "from":
            return lambda record: _day(record) >= day
        return lambda record: _day(record) <= day
    if name.startswith("is_"):
        flag = read_boolean(name, text)
        return lambda record: record.get(name) is flag
    if name == "external_reference_id":
        return lambda record: str((record.get("external_reference") or {}).get("id")) == text
    if name == "state":
        return lambda record: record.get("state") == text
    number = read_number(name, text)
    owner = name.removesuffix("_id")
    return lambda record: (record.get(owner) or {}).get("id") == number


def _day(record: Document) -> str:
    return str(record.get("spent_date") or record.get("issue_date"))


def _key(row: Stored, listing: Listing) -> Key:
    ordered_by = as_sent(row) if listing.order == "created_at" else row.document
    return str(ordered_by.get(listing.order)), int(row.id)


def _start(request: Request, keys: list[Key], size: int, *, newest_first: bool) -> int:
    """Where the page asked for begins: after the cursor's record, else by page number."""
    cursor = request.args.get("cursor")
    if cursor is None:
        return (read_number("page", request.args.get("page", "1")) - 1) * size
    try:
        last = msgspec.json.decode(urlsafe_b64decode(cursor), type=Key)
    except ValueError:
        raise RefusedError(refused(422, "cursor is invalid")) from None
    return sum(key >= last if newest_first else key <= last for key in keys)


def _cursor(key: Key) -> str:
    return urlsafe_b64encode(dumps(key)).decode()
