"""Kantata's lists: pages, side-loads, and which slices make one raw record.

Vendor page "Response Format": `results` gives the order, maps by id hold the records and, mixed
in, what `include` asked for. Ids of associations (`*_id`) appear only when the association is
included, so each list names what its rows need. Vendor page "Pagination": at most 200 a page.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ps_integration.connectors.answers import Answer
from ps_integration.connectors.compose import compose
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.paging import LISTING_TRIES, MAX_PAGES
from ps_integration.connectors.parse import slices
from ps_integration.domain.records import JsonObject
from ps_integration.errors import BadAnswerError, RetryLaterError

PER_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Slice:
    """One record of an answer: its own characters, and its value."""

    text: str
    value: JsonObject

    @property
    def id(self) -> str:
        """The vendor's id."""
        return str(self.value["id"])

    def ids(self, field: str) -> list[str]:
        """The ids an association field holds: one, several, or none."""
        held = self.value.get(field)
        if held is None:
            return []
        return [str(one) for one in held] if isinstance(held, list) else [str(held)]


Side = Mapping[str, Mapping[str, Slice]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its records in the order of `results`, and what was side-loaded, by id."""

    records: Sequence[Slice]
    side: Side

    def texts(self, collection: str, record: Slice, field: str) -> list[str]:
        """The side-loaded slices that a record's association names, in its order."""
        found = self.side.get(collection, {})
        return [found[key].text for key in record.ids(field) if key in found]

    def one(self, collection: str, record: Slice, field: str) -> str | None:
        """The only side-loaded slice that a record's association names."""
        return next(iter(self.texts(collection, record, field)), None)


def read_pages(
    client: ApiClient, collection: str, params: Mapping[str, str], side: Sequence[str] = ()
) -> Iterator[Page]:
    """Yield every page of a list.

    Args:
        client: The account's client.
        collection: Path and key of the list.
        params: Filters, `include` and `order`.
        side: Keys of the side-loaded collections that are wanted.

    Raises:
        RetryLaterError: Records moved while the list was read, so that some were not seen.
        BadAnswerError: An answer is not the vendor's envelope.
    """
    seen: set[str] = set()
    count = 0
    for _ in range(LISTING_TRIES):
        seen.clear()
        for page, counted in _listing(client, collection, params, side):
            seen.update(record.id for record in page.records)
            count = counted
            yield page
        if len(seen) >= count:
            return
    raise RetryLaterError(
        f"system {client.system}: {collection} keeps changing while it is read"
        f" ({len(seen)} of {count} records seen); read it again later"
    )


def _listing(
    client: ApiClient, collection: str, params: Mapping[str, str], side: Sequence[str]
) -> Iterator[tuple[Page, int]]:
    served: set[tuple[str, ...]] = set()
    for number in range(1, MAX_PAGES + 1):
        asked: dict[str, str | int] = {**params, "page": number, "per_page": PER_PAGE}
        answer = client.get_json(f"/{collection}", asked)
        page, count, pages = _page(answer, collection, side)
        ids = tuple(record.id for record in page.records)
        if ids and ids in served:
            raise BadAnswerError(
                f"system {client.system}: pagination loop: {collection} serves one page twice"
            )
        served.add(ids)
        yield page, count
        if number >= pages:
            return
    raise BadAnswerError(f"system {client.system}: {collection} has over {MAX_PAGES} pages")


def _page(answer: Answer, collection: str, side: Sequence[str]) -> tuple[Page, int, int]:
    envelope = answer.json if isinstance(answer.json, dict) else {}
    results, meta, count = (envelope.get(key) for key in ("results", "meta", "count"))
    pages = meta.get("page_count") if isinstance(meta, dict) else None
    if not isinstance(results, list) or not isinstance(count, int) or not isinstance(pages, int):
        raise BadAnswerError(f"{collection}: the answer has no results, count or meta.page_count")
    records = _by_id(answer, collection) if results else {}
    ids = [str(one.get("id")) for one in results if isinstance(one, dict)]
    if missing := [key for key in ids if key not in records]:
        raise BadAnswerError(f"{collection}: the answer names record {missing[0]} but has it not")
    loaded = {name: _by_id(answer, name) if name in envelope else {} for name in side}
    return Page([records[key] for key in ids], loaded), count, pages


def _by_id(answer: Answer, collection: str) -> dict[str, Slice]:
    found = {}
    for text, value in slices(answer.text, (collection,)):
        if not isinstance(value, dict) or "id" not in value:
            raise BadAnswerError(f"{collection}: a record is no object with an id")
        found[str(value["id"])] = Slice(text, value)
    return found


def _currency(page: Page, record: Slice) -> str | None:
    """Of the workspace only its currency: the rest of it changes with every hour booked.

    A record whose workspace did not come with it has none, and is refused by itself.
    """
    for key in record.ids("workspace_id"):
        if project := page.side["workspaces"].get(key):
            names = ("currency", "currency_base_unit")
            return json.dumps({name: project.value.get(name) for name in names})
    return None


def _alone(_page: Page, record: Slice) -> str:
    return record.text


def _user(page: Page, record: Slice) -> str:
    return compose(
        {
            "user": record.text,
            "account_membership": page.one("account_memberships", record, "account_membership_id"),
            "role": page.one("roles", record, "role_id"),
            "custom_field_values": _custom(page, record),
        }
    )


def _custom(page: Page, record: Slice) -> list[str]:
    return page.texts("custom_field_values", record, "custom_field_value_ids")


def _group(page: Page, record: Slice) -> str:
    return compose({"workspace_group": record.text, "custom_field_values": _custom(page, record)})


def _workspace(page: Page, record: Slice) -> str:
    groups = page.texts("workspace_groups", record, "workspace_group_ids")
    return compose(
        {
            "workspace": record.text,
            "workspace_groups": groups
            or page.texts("workspace_groups", record, "primary_workspace_group_id"),
            "custom_field_values": _custom(page, record),
        }
    )


def _story(page: Page, record: Slice) -> str:
    changes = page.texts("story_state_changes", record, "story_state_change_ids")
    return compose(
        {"story": record.text, "currency": _currency(page, record), "state_changes": changes}
    )


def _place(page: Page, record: Slice) -> str:
    return compose({"workspace_resource": record.text, "currency": _currency(page, record)})


@dataclass(frozen=True, slots=True)
class Listing:
    """How one stream is asked for.

    Attributes:
        collection: Path and key of the list.
        include: Associations its rows need.
        side: Collections of the side-loads that go into the raw record.
        params: Filters that undo what the vendor hides by default (archived projects, their
            time, people who take part in no project of ours).
        order: An order in which new records come last.
        payload: Makes the raw record.
    """

    collection: str
    include: str = ""
    side: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    order: str = ""
    payload: Callable[[Page, Slice], str] = _alone


_CUSTOM: Final = "custom_field_values"
LISTINGS: Final[Mapping[str, Listing]] = {
    "users": Listing(
        "users",
        f"role,account_membership,{_CUSTOM}",
        ("roles", "account_memberships", _CUSTOM),
        {"on_my_account": "true"},
        payload=_user,
    ),
    "workspace_groups": Listing(
        "workspace_groups", _CUSTOM, (_CUSTOM,), {}, "created_at:asc", _group
    ),
    "workspaces": Listing(
        "workspaces",
        f"workspace_groups,primary_workspace_group,{_CUSTOM}",
        ("workspace_groups", _CUSTOM),
        {"include_archived": "true"},
        "created_at:asc",
        _workspace,
    ),
    "stories": Listing(
        "stories",
        "workspace,story_state_changes",
        ("workspaces", "story_state_changes"),
        {
            "show_archived": "true",
            "show_deleted": "true",
            "show_from_archived_workspaces": "true",
            "all_on_account": "true",
        },
        "created_at:asc",
        _story,
    ),
    "workspace_resources": Listing(
        "workspace_resources",
        "workspace,user,role",
        ("workspaces",),
        {},
        "created_at:asc",
        _place,
    ),
    "time_entries": Listing(
        "time_entries",
        "user,workspace,story,active_submission",
        (),
        {"from_archived_workspaces": "true"},
        "created_at:asc",
    ),
    "timesheet_submissions": Listing(
        "timesheet_submissions", "time_entries,user,workspace", (), {}, "date:asc"
    ),
}
