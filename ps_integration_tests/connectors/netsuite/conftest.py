"""A NetSuite sandbox and what speaks to it."""

from datetime import date

import pytest

from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask, ErpDocument, ErpLine
from ps_integration.connectors.registry import vendor
from ps_integration.sandbox.faults import Fault, add_fault
from ps_integration.sandbox.vendors.netsuite import DEFAULTS, Books
from ps_integration_tests.posting.targets import netsuite


@pytest.fixture
def settings():
    """Settings of the sandbox's server; a test module may have its own."""
    return {}


@pytest.fixture
def server(tmp_path, settings):
    with netsuite.serving(tmp_path, **settings) as server:
        server.state.set_clock(netsuite.NOW)
        yield server


@pytest.fixture
def url(server):
    return netsuite.base_url(server)


@pytest.fixture
def writer(url):
    return netsuite.writer(url)


@pytest.fixture
def held(server):
    return lambda: netsuite.documents(server.state)


@pytest.fixture
def fault(server):
    def switch_on(kind, path="*/record/v1/*", method="PUT", times=1, **options):
        add_fault(server.state, Fault(kind, "*", method, path, times, options))

    return switch_on


@pytest.fixture
def edit(server):
    """Change a record as a person in NetSuite does."""

    def go(collection, identity, **changes):
        with server.state.transaction() as transaction:
            books = Books(transaction, netsuite.SYSTEM, DEFAULTS, netsuite.NOW)
            books.put(collection, {**books.get(collection, identity), **changes})

    return go


@pytest.fixture
def sent(server):
    """How often each method was called on a record."""
    return lambda method: [
        one.path for one in server.log.requests() if one.method == method and one.is_write
    ]


@pytest.fixture
def invoice():
    first = ErpLine(
        1, "Consulting March", "7.5", "133.33", 99_998, "apollo", "1/301", "4000", "TAXABLE", None
    )
    second = ErpLine(2, "Review", "1", "100", 10_000, "apollo", "P-APOLLO", "4000", None, None)
    return ErpDocument(
        reference="PS-APOLLO-202603-1",
        kind="invoice",
        company="1",
        customer_key="c100",
        currency="USD",
        invoice_date=date(2026, 3, 31),
        posting_date=date(2026, 3, 31),
        purchase_order="PO 7",
        amount_minor=109_998,
        lines=(first, second),
    )


@pytest.fixture
def rows_of(url):
    """Read a stream over the network and map every record."""

    def read(name, table="", since=None, **options):
        connector = vendor("netsuite").build(netsuite.setup(url, **options))
        (stream,) = [one for one in connector.streams() if one.name == name]
        ask = Ask(stream, "incremental" if since else "full", since, None, netsuite.NOW)
        found = [
            row
            for page in connector.pages(ask)
            for record in page
            for row in connector.parse(name, strict_json(record.payload))
        ]
        return [dict(row.values) for row in found if row.table == (table or stream.feeds[0])]

    return read
