"""Dynamics 365 Business Central, API v2.0 (ERP): several companies, drafts, posted invoices.

Sign-in is OAuth2 client credentials. The standard API knows a project by number and name only;
its billing terms and prices come from the firm's own API page (`options.custom_api`). There is no
tombstone: what is gone shows in a complete listing. Sources: vendor pages named in each module.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Final

from ps_integration.connectors import answers
from ps_integration.connectors.compose import compose
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.protocol import Ask, Connector, ErpWriter, Stream
from ps_integration.connectors.raw import instant_or_none, raw_record
from ps_integration.connectors.setup import PROJECT_TERMS, ProjectTerm, Setup, Vendor
from ps_integration.connectors.vendors.business_central import documents, masters
from ps_integration.connectors.vendors.business_central.api import (
    STANDARD,
    client_of,
    path,
    read_all,
)
from ps_integration.connectors.vendors.business_central.options import CUSTOM_PAGES, Options
from ps_integration.connectors.vendors.business_central.writer import BusinessCentralWriter
from ps_integration.domain.records import CanonicalRow, Json, JsonObject, RawRecord
from ps_integration.errors import BadAnswerError, FixConfigError

_LINES: Final = "($expand=dimensionSetLines)"
_ENTITY_SETS: Final = {
    "customers": "customers",
    "projects": "projects",
    "project_billings": "projectBillings",
    "project_prices": "projectPrices",
    "currency_exchange_rates": "currencyExchangeRates",
    "sales_invoices": "salesInvoices",
    "sales_credit_memos": "salesCreditMemos",
}
_EXPAND: Final = {
    "sales_invoices": f"salesInvoiceLines{_LINES}",
    "sales_credit_memos": f"salesCreditMemoLines{_LINES}",
}
_STREAMS: Final = (
    Stream("accounting_periods", "full", ("accounting_periods",)),
    Stream("currency_exchange_rates", "full", ("fx_rates",)),
    Stream("customers", "incremental", ("customers",)),
    Stream("projects", "incremental", ("projects",)),
    Stream("project_billings", "full", ("projects",), is_optional=True),
    Stream("project_prices", "full", ("rates",), is_optional=True),
    Stream("sales_invoices", "incremental", ("erp_documents", "erp_lines")),
    Stream("sales_credit_memos", "incremental", ("erp_documents", "erp_lines")),
)
_Parser = Callable[[JsonObject, Options], Iterator[CanonicalRow]]
_PARSERS: Final[Mapping[str, _Parser]] = {
    "accounting_periods": lambda raw, _: masters.accounting_calendar(raw),
    "currency_exchange_rates": lambda raw, _: masters.exchange_rate(raw),
    "customers": masters.customer,
    "projects": masters.project,
    "project_billings": masters.project_billing,
    "project_prices": lambda raw, _: masters.project_price(raw),
    "sales_invoices": documents.invoice,
    "sales_credit_memos": documents.credit_memo,
}


class BusinessCentralConnector:
    """Reads the configured companies of one environment."""

    def __init__(self, system: str, client: ApiClient, options: Options) -> None:
        """Take the environment's client and options."""
        self.system = system
        self._client = client
        self._options = options
        self._setups: dict[str, tuple[str, Fields]] = {}

    def streams(self) -> Sequence[Stream]:
        """Every stream; those of the firm's own API page only where one is configured."""
        shown = self._options.custom_pages()
        return tuple(one for one in _STREAMS if one.name not in CUSTOM_PAGES or one.name in shown)

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield pages of every company in turn; see `Connector.pages`."""
        for company in self._options.company_ids():
            if ask.stream.name == "accounting_periods":
                yield [self._calendar(company)]
            else:
                yield from self._records(ask, company)

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Map one record; see `Connector.parse`."""
        return list(_PARSERS[stream](payload, self._options))

    def probe(self) -> Mapping[str, object]:
        """List the companies the application sees ("company").

        Raises:
            FixConfigError: A configured company is not among them.
        """
        answer = self._client.get_json(f"/api/{STANDARD}/companies")
        value = answer.json.get("value") if isinstance(answer.json, dict) else None
        if not isinstance(value, list):
            raise BadAnswerError(f"system {self.system}: the answer has no list of companies")
        names = {str(one["id"]): str(one["name"]) for one in value if isinstance(one, dict)}
        for entity, company in self._options.companies.items():
            if company not in names:
                raise FixConfigError(
                    f"system {self.system}: options.companies.{entity}: no company {company};"
                    f" the application sees {', '.join(names) or 'none'}"
                )
        return {
            "companies": {company: names[company] for company in self._options.company_ids()},
            "server_time": answers.server_time(answer.headers),
        }

    def _records(self, ask: Ask, company: str) -> Iterator[Sequence[RawRecord]]:
        stream = ask.stream.name
        custom = self._options.custom_api
        api = custom.path if custom is not None and stream in CUSTOM_PAGES else STANDARD
        query: dict[str, str | int] = {}
        if stream in _EXPAND:
            query["$expand"] = _EXPAND[stream]
        if ask.mode == "incremental" and ask.since is not None:
            since = ask.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            query["$filter"] = f"lastModifiedDateTime ge {since}"
        address = path(api, company, _ENTITY_SETS[stream])
        for page in read_all(self._client, address, query, self._options.page_size):
            yield [self._raw(company, text, value) for text, value in page.records]

    def _raw(self, company: str, text: str, value: Json) -> RawRecord:
        """The record with what it does not say: whose books, and their currency."""
        if not isinstance(value, dict):
            raise BadAnswerError(f"system {self.system}: a record is not an object")
        currency = self._setup(company)[1].currency("localCurrencyCode")
        parts = {
            "company": json.dumps(company),
            "localCurrencyCode": json.dumps(currency),
            "record": text,
        }
        changed = instant_or_none(value.get("lastModifiedDateTime"))
        identity = raw_record(text, value).record_id
        return RawRecord(f"{company}/{identity}", compose(parts), changed)

    def _calendar(self, company: str) -> RawRecord:
        """All periods of a company and its setup as one record: none says when it ends."""
        address = path(STANDARD, company, "accountingPeriods")
        found = read_all(self._client, address, {}, self._options.page_size)
        parts: dict[str, str | list[str]] = {
            "company": json.dumps(company),
            "setup": self._setup(company)[0],
            "record": [text for page in found for text, _ in page.records],
        }
        return RawRecord(company, compose(parts))

    def _setup(self, company: str) -> tuple[str, Fields]:
        """The company's general ledger setup, asked for once a run."""
        if company not in self._setups:
            address = path(STANDARD, company, "generalLedgerSetup")
            pages = read_all(self._client, address, {}, self._options.page_size)
            rows = [row for page in pages for row in page.records]
            if len(rows) != 1 or not isinstance(rows[0][1], dict):
                raise BadAnswerError(f"system {self.system}: company {company} has no setup")
            self._setups[company] = rows[0][0], Fields(rows[0][1])
        return self._setups[company]


def _build(setup: Setup) -> Connector:
    options = setup.options(Options)
    return BusinessCentralConnector(setup.system.id, client_of(setup, options), options)


def _writer(setup: Setup) -> ErpWriter:
    options = setup.options(Options)
    delay = setup.system.max_commit_delay_seconds
    return BusinessCentralWriter(client_of(setup, options), options, delay)


def _billing_attributes(setup: Setup) -> tuple[ProjectTerm, ...]:
    """All of them where the firm's own page shows billing terms; the standard API has none."""
    shown = setup.options(Options).custom_pages()
    return PROJECT_TERMS if "project_billings" in shown else ()


VENDOR = Vendor(
    name="business_central",
    options=Options,
    build=_build,
    erp_writer=_writer,
    rates=((6000, 300.0),),  # "Operational limits": requests of one user in five minutes
    credentials=("client_id", "client_secret"),
    roles=("erp",),
    billing_attributes=_billing_attributes,
    rounding="half_up",
    revenue_option="revenue_accounts",
)
