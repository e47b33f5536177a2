"""Tryton (ERP): several companies in one database, drafts, posted invoices, credit notes.

Everything is one address, `POST /<database>/rpc/`. Records are deleted without a trace; what is
gone shows in a complete listing. `write_date` is empty until the first change, so that both dates
are asked for. A project's number, account, tax and customer come from `project.work`; what a line
bills is said by its analytic account, since an invoice line's `origin` takes invoice lines only.
Sources: the Tryton documentation named in each module.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ps_integration.connectors.compose import compose
from ps_integration.connectors.protocol import Ask, Connector, ErpWriter, Stream
from ps_integration.connectors.raw import raw_record
from ps_integration.connectors.setup import ProjectTerm, Setup, Vendor
from ps_integration.connectors.vendors.tryton import documents, masters
from ps_integration.connectors.vendors.tryton.options import Options
from ps_integration.connectors.vendors.tryton.rpc import Rpc, client_of
from ps_integration.connectors.vendors.tryton.values import instant
from ps_integration.connectors.vendors.tryton.writer import TrytonWriter
from ps_integration.domain.records import CanonicalRow, Json, JsonObject, RawRecord
from ps_integration.errors import BadAnswerError, FixConfigError

_STREAMS: Final = (
    Stream("periods", "full", ("accounting_periods",)),
    Stream("exchange_rates", "full", ("fx_rates",)),
    Stream("parties", "incremental", ("customers",)),
    Stream("projects", "incremental", ("projects",)),
    Stream("invoices", "incremental", ("erp_documents", "erp_lines")),
)
_MODELS: Final = {
    "periods": ("account.period", masters.PERIOD),
    "exchange_rates": ("currency.currency.rate", masters.RATE),
    "parties": ("party.party", masters.PARTY),
    "projects": ("project.work", masters.WORK),
    "invoices": ("account.invoice", documents.INVOICE),
}
_Parser = Callable[[JsonObject, Options], Iterator[CanonicalRow]]
_PARSERS: Final[Mapping[str, _Parser]] = {
    "periods": lambda raw, _: masters.period(raw),
    "exchange_rates": lambda raw, _: masters.exchange_rates(raw),
    "parties": lambda raw, _: masters.customer(raw),
    "projects": masters.project,
    "invoices": documents.invoice,
}


class TrytonConnector:
    """Reads the configured companies of one database."""

    def __init__(self, system: str, rpc: Rpc, options: Options) -> None:
        """Take the database's calls and options."""
        self.system = system
        self._rpc = rpc
        self._options = options
        self._currencies: dict[str, str] = {}

    def streams(self) -> Sequence[Stream]:
        """Every stream, periods and masters before invoices."""
        return _STREAMS

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield pages of every company in turn; see `Connector.pages`."""
        every = self._options.company_ids()
        for company in every[:1] if ask.stream.name == "parties" else every:
            self._rpc.require_sight(company)
            found = self._listed(ask, company)
            if ask.stream.name == "exchange_rates":
                yield [self._quotes(company, [text for page in found for text, _ in page])]
            else:
                for page in found:
                    yield self._raw_page(ask.stream.name, company, page)

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Map one record; see `Connector.parse`."""
        return list(_PARSERS[stream](payload, self._options))

    def probe(self) -> Mapping[str, object]:
        """List the companies the user sees ("company").

        Raises:
            FixConfigError: A configured company is not among them.
        """
        found = self._rpc.found("company.company", [], ["party.name"])
        names = {one.ident("id"): one.text("party.name") for one in found}
        for entity, company in self._options.companies.items():
            if company not in names:
                raise FixConfigError(
                    f"system {self.system}: options.companies.{entity}: no company {company};"
                    f" the user sees {names or 'none'}"
                )
            self._rpc.require_sight(company)
        return {
            "companies": {company: names[company] for company in self._options.company_ids()},
            "server_time": self._rpc.clock(),
        }

    def _listed(self, ask: Ask, company: str) -> Iterator[Sequence[tuple[str, Json]]]:
        stream = ask.stream.name
        model, fields = _MODELS[stream]
        domain = _domain(stream, company)
        if ask.mode == "incremental" and ask.since is not None:
            since = instant(ask.since)
            dates = ["create_date", "write_date"]
            if stream == "invoices":  # a line changed by itself leaves its invoice's date
                dates += ["lines.create_date", "lines.write_date"]
            domain.append(["OR", *([name, ">=", since] for name in dates)])
        size = self._options.page_size
        for page in self._rpc.records(model, domain, fields, company, size):
            yield page.records

    def _raw_page(
        self, stream: str, company: str, page: Sequence[tuple[str, Json]]
    ) -> Sequence[RawRecord]:
        """The records with what they do not say: whose books, in which currency, what they undo."""
        records = []
        undone = self._undone(company, page) if stream == "invoices" else None
        for text, value in page:
            more = {}
            if undone is not None:
                move = value.get("move") if isinstance(value, dict) else None
                more = {"undone": json.dumps(undone.get(move) if isinstance(move, int) else None)}
            name = f"{company}/{raw_record(text, value).record_id}"
            payload = self._composed(company, text, more)
            records.append(RawRecord(name, payload, masters.watermark_of(value)))
        return records

    def _undone(self, company: str, page: Sequence[tuple[str, Json]]) -> Mapping[int, str]:
        """Move of a page's invoice to the reference of the invoice that this move cancels."""
        moves = [value.get("move") for _, value in page if isinstance(value, dict)]
        domain = [["cancel_move", "in", [one for one in moves if isinstance(one, int)]]]
        names = ("cancel_move", "reference")
        size = self._options.page_size
        found: dict[int, str] = {}
        if domain[0][2]:
            listed = self._rpc.records(
                "account.invoice", domain, names, company, size, "cancelled by"
            )
            for _, value in (record for one in listed for record in one.records):
                move = value.get("cancel_move") if isinstance(value, dict) else None
                if isinstance(value, dict) and isinstance(move, int):
                    found[move] = str(value.get("reference") or "")
        return found

    def _quotes(self, company: str, rates: list[str]) -> RawRecord:
        """All rates as one record: two currencies are compared by their quotes of one day."""
        return RawRecord(company, self._composed(company, rates))

    def _composed(
        self, company: str, record: str | list[str], more: Mapping[str, str] | None = None
    ) -> str:
        told = {"company": json.dumps(company), "currency": json.dumps(self._currency(company))}
        return compose({**told, **(more or {}), "record": record})

    def _currency(self, company: str) -> str:
        """The company's currency, asked for once a run."""
        if company not in self._currencies:
            domain = [["id", "=", int(company)]]
            found = self._rpc.found("company.company", domain, ["currency.code"], company)
            if len(found) != 1:
                raise BadAnswerError(f"system {self.system}: there is no company {company}")
            self._currencies[company] = found[0].currency("currency.code")
        return self._currencies[company]


def _domain(stream: str, company: str) -> list[object]:
    own: list[object] = ["company", "=", int(company)]
    match stream:
        case "parties":
            return [["code", "!=", None]]
        case "exchange_rates":
            return []
        case "projects":
            return [own, ["type", "=", "project"]]
        case "periods":
            return [own, ["type", "=", "standard"]]
        case _:
            return [own, ["type", "=", "out"]]


def _build(setup: Setup) -> Connector:
    options = setup.options(Options)
    return TrytonConnector(setup.system.id, client_of(setup, options), options)


def _writer(setup: Setup) -> ErpWriter:
    options = setup.options(Options)
    delay = setup.system.max_commit_delay_seconds
    return TrytonWriter(client_of(setup, options), options, delay)


def _billing_attributes(setup: Setup) -> tuple[ProjectTerm, ...]:
    """What Tryton has fields for, and what the options say where the firm writes it."""
    options = setup.options(Options)
    told: list[ProjectTerm] = ["customer_key", "currency", "tax_code"]
    told += ["revenue_account", "billing_rule"]
    if options.cost_centres:
        told.append("cost_centre")
    if options.purchase_order_key:
        told.append("purchase_order")
    return tuple(told)


VENDOR = Vendor(
    name="tryton",
    options=Options,
    build=_build,
    erp_writer=_writer,
    credentials=("password",),
    roles=("erp",),
    quantity_decimals=2,  # of the unit Hour, until somebody raises its digits
    billing_attributes=_billing_attributes,
    rounding="half_even",
    dates=lambda system: Options.model_validate(system.options).dates,
    revenue_option="revenue_accounts",
)
