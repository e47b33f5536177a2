"""A live Tryton that the tests start, one for all of them, and connectors that speak to it."""

from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest

from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import Policy
from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask, ErpDocument, ErpLine
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup
from ps_integration.sandbox.servers.tryton.books import sample_books
from ps_integration.sandbox.servers.tryton.server import PASSWORD, is_installed, serve
from ps_integration.settings.firm import System
from ps_integration_tests.posting.conftest import approved, migrated, night, store
from ps_integration_tests.tryton.losing import losing

__all__ = ["approved", "migrated", "night", "store"]
NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
PATIENCE = Policy(Caps(5, 30, 30), tries=2, sleep=lambda _: None)
OPTIONS = {
    "database": "erp",
    "user": "admin",
    "revenue_accounts": ["4000"],
    "project_key": {"field": "name", "pattern": r"^(\w+-\d+)"},
    "cost_centre_root": "Cost centres",
    "quantity_decimals": 5,
}


@pytest.fixture(scope="session")
def live(tmp_path_factory):
    if not is_installed():
        pytest.skip("Tryton is not installed (extra `tryton`)")
    with serve(tmp_path_factory.mktemp("tryton"), sample_books()) as server:
        yield server


@pytest.fixture
def rpc(live):
    """Tryton as its administrator sees it."""
    session = live.rpc()
    session.context = {"company": int(live.companies["DE"])}
    return session


@pytest.fixture(scope="session")
def setup_at(live):
    def make(url=None, **options):
        told = {**OPTIONS, "companies": {"de": live.companies["DE"]}, **options}
        system = System.model_validate(
            {
                "id": "tryton",
                "vendor": "tryton",
                "roles": ["erp"],
                "base_url": url or live.url,
                "credentials": {"password": "env:TRYTON_PASSWORD"},
                "max_commit_delay_seconds": 1.0,
                "options": told,
            }
        )
        return Setup(system, {"TRYTON_PASSWORD": PASSWORD}, PATIENCE)

    return make


@pytest.fixture(scope="session")
def writer(setup_at):
    return vendor("tryton").erp_writer(setup_at())


@pytest.fixture
def lossy(live, setup_at):
    """A writer behind a network that loses the reply to the first call of each named method."""

    @contextmanager
    def make(*methods):
        with losing(live.url, {f"model.account.invoice.{name}" for name in methods}) as url:
            yield vendor("tryton").erp_writer(setup_at(url))

    return make


@pytest.fixture
def rows(setup_at):
    """Canonical rows of a stream, read from the live server; table to rows."""

    def read(stream, since=None, **options):
        connector = vendor("tryton").build(setup_at(**options))
        found = next(one for one in connector.streams() if one.name == stream)
        ask = Ask(found, "incremental" if since else found.mode, since, None, NOW)
        records = [one for page in connector.pages(ask) for one in page]
        parsed = [
            row for one in records for row in connector.parse(stream, strict_json(one.payload))
        ]
        tables = {}
        for row in parsed:
            tables.setdefault(row.table, []).append(dict(row.values))
        return tables

    return read


@pytest.fixture
def document(live):
    """An invoice of ours for 1.58333 hours at 150.00."""

    def make(reference, **changes):
        line = {
            "line_no": 1,
            "description": "Apollo, design",
            "quantity": "1.58333",
            "unit_price": "150.0000",
            "amount_minor": 23750,
            "project_id": "ap-1",
            "project_external_id": "",
            "revenue_account": "4000",
            "tax_code": "19%",
            "cost_centre": "CC-DE",
        }
        fields = {
            "reference": reference,
            "kind": "invoice",
            "company": live.companies["DE"],
            "customer_key": "c100",
            "currency": "EUR",
            "invoice_date": date(2026, 3, 31),
            "posting_date": date(2026, 3, 31),
            "purchase_order": "PO 7",
            "amount_minor": 23750,
        }
        of_line = {name: value for name, value in changes.items() if name in line}
        of_head = {name: value for name, value in changes.items() if name in fields}
        lines = (ErpLine(**{**line, **of_line}),)
        return ErpDocument(**{**fields, **of_head}, lines=lines)

    return make
