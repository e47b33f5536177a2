"""Kantata's rate cards, put together from five lists: one raw record per card.

A card is one currency of a set; a version of the set says from when, a version of the card what.
A project names its card, or none: then the card of the account's default set in the project's
currency applies (vendor page "Rate Card Sets").
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from ps_integration.connectors.compose import compose
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.vendors.kantata.reading import Page, Slice, read_pages
from ps_integration.domain.records import RawRecord

_INCLUDES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "rate_card_set_versions": ("rate_card_set", ()),
    "rate_card_versions": ("rate_card,rate_card_set_version", ()),
    "rate_card_roles": ("role,rate_card_version", ("roles",)),
}


def rate_cards(client: ApiClient) -> Iterator[list[RawRecord]]:
    """Yield the cards, page by page, each with all that prices an hour on it."""
    parts = {name: _all(client, name) for name in _INCLUDES}
    projects = [
        record
        for page in read_pages(
            client, "workspaces", {"include_archived": "true", "order": "created_at:asc"}
        )
        for record in page.records
    ]
    query = {"include": "rate_card_set"}
    for page in read_pages(client, "rate_cards", query, ("rate_card_sets",)):
        yield [RawRecord(card.id, _payload(page, card, parts, projects)) for card in page.records]


def _all(client: ApiClient, collection: str) -> list[tuple[Page, Slice]]:
    include, side = _INCLUDES[collection]
    pages = read_pages(client, collection, {"include": include}, side)
    found = {record.id: (page, record) for page in pages for record in page.records}
    return list(found.values())


def _payload(
    page: Page,
    card: Slice,
    parts: Mapping[str, list[tuple[Page, Slice]]],
    projects: list[Slice],
) -> str:
    of_set = page.one("rate_card_sets", card, "rate_card_set_id")
    set_id = card.ids("rate_card_set_id")
    versions = [
        version
        for _, version in parts["rate_card_versions"]
        if version.ids("rate_card_id") == [card.id]
    ]
    numbers = {version.id for version in versions}
    prices = [
        (where, price)
        for where, price in parts["rate_card_roles"]
        if numbers.intersection(price.ids("rate_card_version_id"))
    ]
    roles = {
        role: None for where, price in prices for role in where.texts("roles", price, "role_id")
    }
    set_versions = [
        version
        for _, version in parts["rate_card_set_versions"]
        if version.ids("rate_card_set_id") == set_id
    ]
    is_default = any(
        page.side["rate_card_sets"][key].value.get("account_default") is True
        for key in (set_id if of_set else ())
    )
    return compose(
        {
            "rate_card": card.text,
            "rate_card_set": of_set,
            "rate_card_set_versions": [version.text for version in set_versions],
            "rate_card_versions": [version.text for version in versions],
            "rate_card_roles": [price.text for _, price in prices],
            "roles": list(roles),
            "workspace_ids": [
                json.dumps(project.id) for project in projects if _uses(project, card, is_default)
            ],
        }
    )


def _uses(project: Slice, card: Slice, is_default: bool) -> bool:  # noqa: FBT001 - one use
    named = project.ids("rate_card_id")
    if named:
        return named == [card.id]
    return is_default and project.value.get("currency") == card.value.get("currency")
