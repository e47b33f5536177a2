"""Xero Accounting API 2.0 (ERP): organisations, sales invoices and credit notes.

Sign-in is OAuth2 client credentials of a custom connection. A project is an option of one
tracking category; Xero knows its name and nothing of its billing terms, prices or dates. There is
no calendar of periods, only lock dates. Documents that are voided or deleted stay listed with that
status. Sources: vendor pages named in each module.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ps_integration.connectors import answers
from ps_integration.connectors.compose import compose
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.protocol import Ask, Connector, ErpWriter, Stream
from ps_integration.connectors.raw import inside, raw_record
from ps_integration.connectors.setup import Setup, Vendor
from ps_integration.connectors.vendors.xero import documents, masters
from ps_integration.connectors.vendors.xero.api import (
    EXACT,
    IDS,
    TYPES,
    client_of,
    instant_or_none,
    read_all,
    read_plain,
    tenant,
)
from ps_integration.connectors.vendors.xero.options import Options
from ps_integration.connectors.vendors.xero.writer import QUANTITY_DECIMALS, XeroWriter
from ps_integration.domain.records import CanonicalRow, Json, JsonObject, RawRecord
from ps_integration.errors import BadAnswerError

_STREAMS: Final = (
    Stream("organisation", "full", ("accounting_periods",)),
    Stream("contacts", "incremental", ("customers",)),
    Stream("tracking_categories", "full", ("projects",)),
    Stream("invoices", "incremental", ("erp_documents", "erp_lines")),
    Stream("credit_notes", "incremental", ("erp_documents", "erp_lines")),
)
_SETS: Final = {"contacts": "Contacts", "invoices": "Invoices", "credit_notes": "CreditNotes"}
_QUERIES: Final[Mapping[str, Mapping[str, str | int]]] = {
    "contacts": {"includeArchived": "true"},
    "invoices": {"where": f'Type=="{TYPES["invoice"]}"', **EXACT},
    "credit_notes": {"where": f'Type=="{TYPES["credit_memo"]}"', **EXACT},
}
_Parser = Callable[[JsonObject, Options], Iterator[CanonicalRow]]
_PARSERS: Final[Mapping[str, _Parser]] = {
    "organisation": masters.periods,
    "contacts": masters.customer,
    "tracking_categories": masters.projects,
    "invoices": documents.invoice,
    "credit_notes": documents.credit_note,
}


class XeroConnector:
    """Reads the configured organisations of one connection."""

    def __init__(self, system: str, client: ApiClient, options: Options) -> None:
        """Take the connection's client and options."""
        self.system = system
        self._client = client
        self._options = options
        self._organisations: dict[str, tuple[str, Fields]] = {}
        self._numbers: dict[str, dict[str, str]] = {}

    def streams(self) -> Sequence[Stream]:
        """Every stream, masters before documents."""
        return _STREAMS

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield pages of every organisation in turn; see `Connector.pages`."""
        for company in self._options.company_ids():
            match ask.stream.name:
                case "organisation":
                    yield [self._lock_dates(company, ask)]
                case "tracking_categories":
                    yield self._categories(company)
                case _:
                    yield from self._records(company, ask)

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Map one record; see `Connector.parse`."""
        return list(_PARSERS[stream](payload, self._options))

    def probe(self) -> Mapping[str, object]:
        """Ask every configured organisation for its name; one that is not ours is refused."""
        names, headers = {}, {}
        for company in self._options.company_ids():
            answer = self._client.get_json("/Organisation", headers=tenant(company))
            found = answer.json.get("Organisations") if isinstance(answer.json, dict) else None
            names[company] = inside(found[0], "Name") if isinstance(found, list) and found else None
            headers = dict(answer.headers)
        return {"companies": names, "server_time": answers.server_time(headers)}

    def _records(self, company: str, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        stream = ask.stream.name
        name = _SETS[stream]
        found = read_all(
            self._client,
            company,
            name,
            _QUERIES[stream],
            page_size=self._options.page_size,
            since=ask.since if ask.mode == "incremental" else None,
        )
        for page in found:
            yield [self._raw(company, name, text, value) for text, value in page.records]

    def _raw(self, company: str, name: str, text: str, value: Json) -> RawRecord:
        """The record with what it does not say: whose books, and the number of its customer."""
        parts = {"company": json.dumps(company)}
        if name == "Contacts":
            currency = self._organisation(company)[1].currency("BaseCurrency")
            parts["baseCurrency"] = json.dumps(currency)
        else:
            number = self._customer_numbers(company).get(str(inside(value, "Contact.ContactID")))
            parts["customerNumber"] = json.dumps(number)
        changed = inside(value, "UpdatedDateUTC")
        identity = raw_record(text, value, IDS[name]).record_id
        return RawRecord(
            f"{company}/{identity}",
            compose({**parts, "record": text}),
            instant_or_none(changed) if isinstance(changed, str) else None,
        )

    def _categories(self, company: str) -> Sequence[RawRecord]:
        query = {"includeArchived": "true"}
        name = "TrackingCategories"
        page = read_plain(self._client, company, f"/{name}", name, query)
        own = {"company": json.dumps(company)}
        return [
            RawRecord(
                f"{company}/{raw_record(text, value, 'TrackingCategoryID').record_id}",
                compose({**own, "record": text}),
            )
            for text, value in page.records
        ]

    def _lock_dates(self, company: str, ask: Ask) -> RawRecord:
        """The organisation, with the month around which its months are shown."""
        parts = {
            "company": json.dumps(company),
            "month": json.dumps(f"{ask.as_of:%Y-%m}-01"),
            "record": self._organisation(company)[0],
        }
        return RawRecord(company, compose(parts))

    def _organisation(self, company: str) -> tuple[str, Fields]:
        """The organisation's record, asked for once a run."""
        if company not in self._organisations:
            page = read_plain(self._client, company, "/Organisation", "Organisations", {})
            text, value = page.records[0] if len(page.records) == 1 else ("", None)
            if not isinstance(value, dict):
                raise BadAnswerError(f"system {self.system}: {company} is not one organisation")
            self._organisations[company] = text, Fields(value)
        return self._organisations[company]

    def _customer_numbers(self, company: str) -> Mapping[str, str]:
        """Contact id to customer number, read once a run: a document's contact need not say it."""
        if company not in self._numbers:
            query, size = _QUERIES["contacts"], self._options.page_size
            pages = read_all(self._client, company, "Contacts", query, page_size=size)
            key = self._options.contact_key
            self._numbers[company] = {
                str(inside(value, "ContactID")): str(inside(value, key))
                for page in pages
                for _, value in page.records
                if inside(value, key)
            }
        return self._numbers[company]


def _build(setup: Setup) -> Connector:
    options = setup.options(Options)
    return XeroConnector(setup.system.id, client_of(setup, options), options)


def _writer(setup: Setup) -> ErpWriter:
    options = setup.options(Options)
    delay = setup.system.max_commit_delay_seconds
    return XeroWriter(client_of(setup, options), options, delay)


VENDOR = Vendor(
    name="xero",
    options=Options,
    build=_build,
    erp_writer=_writer,
    rates=((60, 60.0), (5000, 86_400.0)),  # "OAuth 2.0 API limits": of one organisation
    credentials=("client_id", "client_secret"),
    roles=("erp",),
    quantity_decimals=QUANTITY_DECIMALS,
    rounding="half_up",
    dates=lambda _system: "one",  # `Date`, by which its reports count revenue
    revenue_option="revenue_accounts",
)
