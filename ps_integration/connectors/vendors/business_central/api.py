"""Business Central's addresses: companies, entity sets, records, pages.

Vendor pages "Business Central endpoints", "Operational limits" and "Using filter expressions in
OData URIs".
"""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from ps_integration.connectors import paging
from ps_integration.connectors.answers import Answer
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.oauth import ClientCredentials
from ps_integration.connectors.setup import Setup
from ps_integration.connectors.vendors.business_central.options import SCOPE, Options

STANDARD: Final = "v2.0"
THROTTLED: Final = frozenset({429})
"""The vendor documents 429 as refused for its rate, before anything is done."""


def client_of(setup: Setup, options: Options) -> ApiClient:
    """The client of one environment, with a token of the application."""
    token = setup.secret("client_secret")
    auth = ClientCredentials(
        setup.address(options.default_token_url()), setup.secret("client_id").value, token, SCOPE
    )
    return setup.client(auth, setup.url(options.default_base_url()), unprocessed=THROTTLED)


def path(api: str, company: str, *segments: str) -> str:
    """The path of an entity set, a record or an action of one company."""
    return "/".join((f"/api/{api}/companies({quote(company, safe='')})", *segments))


def literal(text: str) -> str:
    """A text inside `$filter`: quoted, quotes doubled."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def read_all(
    client: ApiClient, address: str, query: Mapping[str, str | int], page_size: int
) -> Iterator[paging.Page]:
    """Yield the pages of an entity set, following `@odata.nextLink` as given."""
    headers = {"Prefer": f"odata.maxpagesize={page_size}"}

    def ask(turn: paging.Turn) -> Answer:
        return client.get_json(turn.path, turn.params, headers)

    first = paging.Turn(address, query)
    yield from paging.pages(ask, first, ("value",), paging.next_link("@odata.nextLink"))
