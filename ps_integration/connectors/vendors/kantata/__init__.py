"""Kantata OX (Mavenlink), API v1 (PSA): projects, plans, prices, its own time, invoice marks.

Sign-in is a bearer token. Lists hide archived projects, their time, and what is done or deleted
unless asked; every list here asks. Deletions leave no trace but for tasks, so lists are also read
completely. Limits are not published and a 429 carries no time to wait. Sources: vendor pages named
in each module.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Final

from ps_integration.connectors import answers
from ps_integration.connectors.auth import bearer
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.protocol import Ask, Connector, FeedbackWriter, Stream
from ps_integration.connectors.raw import instant_or_none
from ps_integration.connectors.setup import Setup, Vendor
from ps_integration.connectors.vendors.kantata import masters, work
from ps_integration.connectors.vendors.kantata.cards import rate_cards
from ps_integration.connectors.vendors.kantata.feedback import SUBJECTS, KantataFeedback
from ps_integration.connectors.vendors.kantata.options import Options
from ps_integration.connectors.vendors.kantata.reading import (
    LISTINGS,
    Page,
    Slice,
    read_pages,
)
from ps_integration.domain.records import ApprovalEvidence, CanonicalRow, JsonObject, RawRecord

DEFAULT_URL: Final = "https://api.mavenlink.com/api/v1"
_FULL_DAYS: Final = 7
_STREAMS: Final = (
    Stream("users", "full", ("resources",)),
    Stream("workspace_groups", "full", ("customers",)),
    Stream("workspaces", "full", ("projects",)),
    Stream("stories", "incremental", ("tasks", "milestones")),
    Stream("workspace_resources", "full", ("assignments", "rates")),
    Stream("rate_cards", "full", ("rates",), is_optional=True),
    Stream("time_entries", "incremental", ("time_entries",), _FULL_DAYS),
    Stream("timesheet_submissions", "incremental", ("approvals",), _FULL_DAYS),
    Stream("external_references", "full", ("invoice_statuses",)),
)
_Parser = Callable[[JsonObject, Options], Iterator[CanonicalRow]]
_PARSERS: Final[Mapping[str, _Parser]] = {
    "users": masters.user,
    "workspace_groups": masters.workspace_group,
    "workspaces": masters.workspace,
    "stories": lambda raw, _: work.story(raw),
    "workspace_resources": lambda raw, _: work.workspace_resource(raw),
    "rate_cards": lambda raw, _: work.rate_card(raw),
    "time_entries": lambda raw, _: work.time_entry(raw),
    "timesheet_submissions": lambda raw, _: work.submission(raw),
    "external_references": work.external_reference,
}


class KantataConnector:
    """Reads one Kantata account."""

    def __init__(self, system: str, client: ApiClient, options: Options) -> None:
        """Take the account's client and options."""
        self.system = system
        self._client = client
        self._options = options

    def streams(self) -> Sequence[Stream]:
        """Every stream, people and projects before work."""
        return _STREAMS

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield pages; see `Connector.pages`."""
        if ask.stream.name == "rate_cards":
            yield from rate_cards(self._client)
        elif ask.stream.name == "external_references":
            for subject in SUBJECTS.values():
                yield from self._references(subject)
        else:
            yield from self._listing(ask)

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Map one record; see `Connector.parse`."""
        return list(_PARSERS[stream](payload, self._options))

    def probe(self) -> Mapping[str, object]:
        """The cheapest list: one membership of the account ("Account Membership")."""
        answer = self._client.get_json("/account_memberships", {"page": 1, "per_page": 1})
        count = answer.json.get("count") if isinstance(answer.json, dict) else None
        return {"members": count, "server_time": answers.server_time(answer.headers)}

    def _listing(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        listing = LISTINGS[ask.stream.name]
        params = dict(listing.params)
        if listing.include:
            params["include"] = listing.include
        if listing.order:
            params["order"] = listing.order
        if ask.mode == "incremental" and ask.since is not None:
            # The bound is exclusive there and inclusive here.
            since = ask.since.astimezone(UTC) - timedelta(seconds=1)
            params["updated_after"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        for page in read_pages(self._client, listing.collection, params, listing.side):
            yield [_raw(page, record, listing.payload) for record in page.records]

    def _references(self, subject: str) -> Iterator[Sequence[RawRecord]]:
        """External references are listed by type of subject."""
        params = {"subject_type": subject, "service_name": self._options.service_name}
        for page in read_pages(self._client, "external_references", params):
            yield [_raw(page, record, lambda _, one: one.text) for record in page.records]


def _raw(page: Page, record: Slice, payload: Callable[[Page, Slice], str]) -> RawRecord:
    day = record.value.get("date_performed")
    return RawRecord(
        record.id,
        payload(page, record),
        instant_or_none(record.value.get("updated_at")),
        day if isinstance(day, str) else None,
    )


def _client(setup: Setup) -> ApiClient:
    return setup.client(bearer(setup.secret("token")), setup.url(DEFAULT_URL))


def _build(setup: Setup) -> Connector:
    return KantataConnector(setup.system.id, _client(setup), setup.options(Options))


def _feedback(setup: Setup) -> FeedbackWriter:
    return KantataFeedback(_client(setup), setup.options(Options))


VENDOR = Vendor(
    name="kantata",
    options=Options,
    build=_build,
    feedback_writer=_feedback,
    approval_evidence=ApprovalEvidence(
        "timesheet",
        gives_approver=True,
        gives_instant=False,
        notes=("a decision has a day, not a time of day",),
    ),
    credentials=("token",),
    roles=("psa",),
)
