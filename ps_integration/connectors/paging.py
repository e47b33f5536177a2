"""Ways vendors page, with one guard against loops, endless lists and rows that shift."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ps_integration.connectors.answers import Answer
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.parse import split
from ps_integration.connectors.raw import inside
from ps_integration.domain.records import Json
from ps_integration.errors import BadAnswerError

MAX_PAGES: Final = 20_000
MAX_EMPTY_PAGES: Final = 3
LISTING_TRIES: Final = 3


@dataclass(frozen=True)
class Turn:
    """One page to ask for: a path or a next link, its query, and a body for reads by POST."""

    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Json] | None = None

    def but(self, **params: str | int) -> "Turn":
        """The same with other query parameters; `page_size` is sent as written."""
        return replace(self, params={**self.params, **params})

    @property
    def _identity(self) -> str:
        return repr((self.path, sorted(self.params.items()), self.body))


@dataclass(frozen=True)
class Page:
    """One page: its records with their own characters, and what stands around them."""

    records: tuple[tuple[str, Json], ...]
    rest: Mapping[str, Json]
    headers: Mapping[str, str]


Following = Callable[[Turn, Page], Turn | None]


def pages(
    ask: Callable[[Turn], Answer], first: Turn, collection: Sequence[str], following: Following
) -> Iterator[Page]:
    """Yield every page from the first.

    Args:
        ask: Gets one answer.
        first: Where to start.
        collection: Keys that lead to the records (see `parse.split`).
        following: The turn after a page, None at the end.

    Raises:
        BadAnswerError: The same page is asked for or served twice, more than `MAX_EMPTY_PAGES`
            empty pages stand in a row, or the list does not end.
    """
    asked: set[str] = set()
    served: set[str] = set()
    empty = 0
    turn: Turn | None = first
    while turn is not None:
        _once(asked, turn._identity, "asks for the same page twice")  # noqa: SLF001 - same module
        answer = ask(turn)
        parts = split(answer.text, collection)
        page = Page(parts.records, parts.rest, answer.headers)
        if page.records:
            empty = 0
            content = "\n".join(text for text, _ in page.records)
            _once(served, hashlib.sha256(content.encode()).hexdigest(), "serves one page twice")
        else:
            empty += 1
        turn = following(turn, page)
        if turn is not None and (len(asked) >= MAX_PAGES or empty > MAX_EMPTY_PAGES):
            raise BadAnswerError(f"the list does not end after {len(asked)} pages")
        yield page


def _once(seen: set[str], key: str, what: str) -> None:
    if key in seen:
        raise BadAnswerError(f"pagination loop: the system {what}")
    seen.add(key)


def next_link(*path: str) -> Following:
    """The body carries the whole next URL under these keys; it is followed as given."""

    def following(turn: Turn, page: Page) -> Turn | None:
        link: object = page.rest
        for key in path:  # a key may itself hold dots (`@odata.nextLink`)
            link = link.get(key) if isinstance(link, Mapping) else None
        if link is None or link == "":
            return None
        if not isinstance(link, str):
            raise BadAnswerError(f"the next link at {'.'.join(path)} is not text")
        return Turn(link, {}, turn.body)

    return following


def page_number(is_last: Callable[[Page], bool], name: str = "page") -> Following:
    """The query carries a page number that goes up by one until `is_last`."""

    def following(turn: Turn, page: Page) -> Turn | None:
        return None if is_last(page) else turn.but(**{name: int(turn.params[name]) + 1})

    return following


def header_says_last(name: str) -> Callable[[Page], bool]:
    """`is_last` for vendors that say so in a header (`Last-Page: true`)."""

    def is_last(page: Page) -> bool:
        said = page.headers.get(name.lower(), "").strip().lower()
        if said not in {"true", "false"}:
            raise BadAnswerError(f"the answer has no {name} header; the end of the list is unknown")
        return said == "true"

    return is_last


def count_reached(name: str = "count", limit: str = "per_page", page: str = "page") -> Following:
    """The body carries the total count; pages go on until it is covered.

    The page size the far side really used is not trusted: an answer shorter than asked for
    while the count says more is asked on until the records seen cover the count.
    """
    seen = 0

    def following(turn: Turn, page_: Page) -> Turn | None:
        nonlocal seen
        total = page_.rest.get(name)
        if type(total) is not int:
            raise BadAnswerError(f"the answer has no {name}; the end of the list is unknown")
        seen = (0 if int(turn.params.get(page, 1)) == 1 else seen) + len(page_.records)
        if seen >= total or (not page_.records and total == 0):
            return None
        return turn.but(**{page: int(turn.params.get(page, 1)) + 1, limit: turn.params[limit]})

    return following


def counted(
    client: ApiClient,
    first: Turn,
    collection: Sequence[str],
    following: Following,
    total: str,
) -> Iterator[Page]:
    """Yield a GET listing whose pages carry the total count; see `settled`."""

    def count(page: Page) -> int | None:
        told = page.rest.get(total)
        return told if type(told) is int else None

    return settled(
        lambda: pages(asker(client), first, collection, following),
        lambda value: str(inside(value, "id")),
        count,
    )


def asker(client: ApiClient) -> Callable[[Turn], Answer]:
    """Ask turns of a client: by GET, or by POST when the turn has a body."""

    def ask(turn: Turn) -> Answer:
        if turn.body is None:
            return client.get_json(turn.path, turn.params)
        return client.post_read(turn.path, dict(turn.body), turn.params)

    return ask


def settled(
    listing: Callable[[], Iterator[Page]],
    identity: Callable[[Json], str],
    total: Callable[[Page], int | None],
) -> Iterator[Page]:
    """Yield a listing whose rows may shift between pages; list again until the count is met.

    Records may come twice (from two listings); the later one is the newer.

    Args:
        listing: Starts the listing anew.
        identity: A record's id.
        total: The number of records the far side counts, from its last page.

    Raises:
        BadAnswerError: After `LISTING_TRIES` listings the count still is not met.
    """
    ids: set[str] = set()
    counted: int | None = None
    for _ in range(LISTING_TRIES):
        ids.clear()
        for page in listing():
            ids.update(identity(value) for _, value in page.records)
            counted = total(page)
            yield page
        if counted is None or len(ids) == counted:
            return
    raise BadAnswerError(f"the system counts {counted} records and listed {len(ids)}")
