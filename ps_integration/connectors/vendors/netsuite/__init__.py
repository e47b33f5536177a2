"""Oracle NetSuite over SuiteTalk REST (ERP): several subsidiaries in one account.

Reads are SuiteQL (`suiteql.py`), writes are single records (`writer.py`), every request is signed
(`signing.py`). NetSuite tells no prices of ours, and billing attributes of a project only where the
firm keeps them in custom fields (`project_fields`). What was deleted shows in a complete listing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ps_integration.connectors import answers
from ps_integration.connectors.compose import compose
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.protocol import Ask, Connector, ErpWriter, Stream
from ps_integration.connectors.raw import inside, raw_record
from ps_integration.connectors.setup import ProjectTerm, Setup, Vendor
from ps_integration.connectors.vendors.netsuite import mapping, suiteql
from ps_integration.connectors.vendors.netsuite.bodies import LINES_MAX
from ps_integration.connectors.vendors.netsuite.options import Options
from ps_integration.connectors.vendors.netsuite.signing import TokenBased
from ps_integration.connectors.vendors.netsuite.writer import NetSuiteWriter
from ps_integration.domain.records import (
    CanonicalRow,
    Json,
    JsonObject,
    RawRecord,
    RecordRefusedError,
)

THROTTLED: Final = frozenset({429})
"""Page "Concurrency Governance": over the account's limit the request is blocked, not queued."""
_STREAMS: Final = (
    Stream("accounting_periods", "full", ("accounting_periods",)),
    Stream("customers", "incremental", ("customers",)),
    Stream("projects", "incremental", ("projects",)),
    Stream("invoices", "incremental", ("erp_documents", "erp_lines")),
    Stream("credit_memos", "incremental", ("erp_documents", "erp_lines")),
)
_KINDS: Final = {"invoices": "invoice", "credit_memos": "credit_memo"}
_Parser = Callable[[Fields, Options], Iterator[CanonicalRow]]
_PARSERS: Final[Mapping[str, _Parser]] = {
    "accounting_periods": mapping.accounting_period,
    "customers": mapping.customer,
    "projects": mapping.project,
}


class NetSuiteConnector:
    """Reads the configured subsidiaries of one account."""

    def __init__(self, system: str, client: ApiClient, options: Options) -> None:
        """Take the account's client and options."""
        self.system = system
        self._client = client
        self._options = options

    def streams(self) -> Sequence[Stream]:
        """Every stream."""
        return _STREAMS

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield pages of all subsidiaries together; see `Connector.pages`."""
        name = ask.stream.name
        size = self._options.page_size
        for page in suiteql.run(self._client, self._query(ask), size):
            if name in _KINDS:
                yield self._documents(page.records)
            else:
                yield [self._raw(text, value, text) for text, value in page.records]

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Map one record; see `Connector.parse`."""
        if stream in _KINDS:
            return list(mapping.document(payload, self._options))
        return list(_PARSERS[stream](Fields(payload), self._options))

    def probe(self) -> Mapping[str, object]:
        """Ask for the newest of anything small: the periods, and the server's clock."""
        answer = self._client.post_read(
            suiteql.PATH, {"q": suiteql.PERIODS}, {"limit": 1, "offset": 0}, {"Prefer": "transient"}
        )
        return {
            "account": self._options.account,
            "periods": inside(answer.json, "totalResults"),
            "server_time": answers.server_time(answer.headers),
        }

    def _query(self, ask: Ask) -> str:
        options, companies = self._options, self._options.company_ids()
        since = ask.since if ask.mode == "incremental" else None
        match ask.stream.name:
            case "accounting_periods":
                return suiteql.PERIODS
            case "customers":
                changed = suiteql.changed_since("customer", since, options.zone())
                return suiteql.customers(companies, f" AND {changed}" if changed else "")
            case "projects":
                changed = suiteql.changed_since("job", since, options.zone())
                extra = f" AND {changed}" if changed else ""
                return suiteql.projects(companies, extra, options.project_fields)
            case name:
                changed = suiteql.changed_since("transaction", since, options.zone())
                within = f"transactionline.subsidiary IN ({', '.join(companies)})"
                condition = f"{within} AND {changed}" if changed else within
                return suiteql.documents((_KINDS[name],), condition)

    def _documents(self, records: Sequence[tuple[str, Json]]) -> list[RawRecord]:
        ids = [str(inside(value, "id")) for _, value in records]
        lines = suiteql.lines_of(self._client, ids, self._options.page_size) if ids else {}
        return [
            self._raw(
                compose({"document": text, "lines": [line for line, _ in lines[one]]}), value, text
            )
            for one, (text, value) in zip(ids, records, strict=True)
        ]

    def _raw(self, payload: str, value: Json, own: str) -> RawRecord:
        """One record with the source's time of change, told in the user's time zone."""
        identity = raw_record(own, value).record_id
        changed = None
        if isinstance(value, dict) and "lastmodified" in value:
            try:
                changed = mapping.instant(Fields(value), "lastmodified", self._options.zone())
            except RecordRefusedError:
                changed = None  # the record itself is refused by name when it is parsed
        return RawRecord(identity, payload, changed)


def _client(setup: Setup, options: Options) -> ApiClient:
    auth = TokenBased(
        options.account,
        (setup.secret("consumer_key"), setup.secret("consumer_secret")),
        (setup.secret("token_id"), setup.secret("token_secret")),
    )
    return setup.client(auth, setup.url(options.default_base_url()), unprocessed=THROTTLED)


def _build(setup: Setup) -> Connector:
    options = setup.options(Options)
    return NetSuiteConnector(setup.system.id, _client(setup, options), options)


def _writer(setup: Setup) -> ErpWriter:
    options = setup.options(Options)
    policy = setup.policy
    return NetSuiteWriter(
        _client(setup, options),
        options,
        setup.system.max_commit_delay_seconds,
        clock=policy.clock,
        sleep=policy.sleep,
    )


def _billing_attributes(setup: Setup) -> tuple[ProjectTerm, ...]:
    """Those in custom fields that the firm names, and with them what every project has."""
    named = setup.options(Options).project_fields
    return ("customer_key", "currency", *sorted(named)) if named else ()


VENDOR = Vendor(
    name="netsuite",
    options=Options,
    build=_build,
    erp_writer=_writer,
    credentials=("consumer_key", "consumer_secret", "token_id", "token_secret"),
    roles=("erp",),
    lines_max=LINES_MAX,
    billing_attributes=_billing_attributes,
    rounding="half_up",
    dates=lambda _system: "one",  # `tranDate`, from which it takes the posting period
    revenue_option="items",
)
