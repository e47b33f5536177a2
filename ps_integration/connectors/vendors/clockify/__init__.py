"""Clockify API v1 (time). Source of every fact: Clockify API documentation, page named beside.

Entries carry no time of change, so open days are listed again every night (`window`). Approval
stands apart, in approval requests. An entry's interval is in UTC and its own calendar date is not
given: `work_date` stays null here and is the date of `started_at` in the owner's time zone, which
the `users` stream gives.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from ps_integration.connectors import paging
from ps_integration.connectors.auth import api_key
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.probing import who
from ps_integration.connectors.protocol import (
    Ask,
    Connector,
    FeedbackWriter,
    Stream,
)
from ps_integration.connectors.raw import id_text, inside, raw_records
from ps_integration.connectors.setup import Setup, Vendor
from ps_integration.connectors.vendors.clockify import mapping
from ps_integration.connectors.vendors.clockify.feedback import ClockifyFeedback
from ps_integration.connectors.vendors.clockify.mapping import ClockifyOptions
from ps_integration.domain.days import day_in
from ps_integration.domain.records import (
    ApprovalEvidence,
    CanonicalRow,
    Json,
    JsonObject,
    RawRecord,
)
from ps_integration.errors import FixConfigError

DEFAULT_URL: Final = "https://api.clockify.me/api/v1"  # page "Introduction"
_REPORT_DAYS: Final = 31  # page "Time entry report": longest range on the free plan
# Instants bound the vendor's lists, dates where people are bound a window: no place on earth is a
# whole day from UTC, so a day more on both sides lists every entry of the window's days.
_EDGE: Final = timedelta(days=1)

STREAMS: Final = (
    Stream("users", "full", ("resources", "rates")),
    Stream("clients", "full", ("customers",)),
    Stream("projects", "full", ("projects", "assignments", "rates")),
    Stream("tasks", "full", ("tasks",)),
    Stream("time_entries", "window", ("time_entries",), full_every_days=7),
    Stream("approval_requests", "full", ("approvals",)),
    Stream("invoiced_marks", "window", ("invoice_statuses",), full_every_days=30, is_optional=True),
)


class ClockifyConnector:
    """Reads one Clockify workspace."""

    def __init__(
        self,
        setup: Setup,
        client: ApiClient,
        reports: ApiClient,
        options: ClockifyOptions,
    ) -> None:
        """Take the API's and the reports' clients."""
        self.system = setup.system.id
        self._workspace = setup.system.account
        self._client = client
        self._reports = reports
        self._options = options
        self._parsers: Mapping[str, Callable[[Fields], Sequence[CanonicalRow]]] = {
            "users": lambda fields: mapping.user(fields, options, self._workspace),
            "clients": lambda fields: mapping.customer(fields, options),
            "projects": lambda fields: mapping.project(fields, options),
            "tasks": lambda fields: mapping.task(fields, options),
            "time_entries": mapping.time_entry,
            "approval_requests": mapping.approvals,
            "invoiced_marks": mapping.mark,
        }

    def streams(self) -> Sequence[Stream]:
        """Every stream, people and projects before time."""
        return STREAMS

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield pages; see `Connector.pages`."""
        match ask.stream.name:
            case "users":  # page "User": without status only those present are listed
                found = self._list("/users", status="ALL", memberships="WORKSPACE")
                yield from map(raw_records, found)
            case "tasks":
                for project in self._ids("/projects"):
                    yield from map(raw_records, self._list(f"/projects/{project}/tasks"))
            case "time_entries":
                yield from self._entries(ask.window)
            case "approval_requests":
                for page in self._list("/approval-requests"):
                    yield raw_records(page, "approvalRequest.id")
            case "invoiced_marks":
                until = day_in(ask.as_of, UTC) + timedelta(days=1)
                yield from self._marks(ask.window or (self._options.history_from, until))
            case name:
                yield from map(raw_records, self._list(f"/{name}"))

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Map one record; see `Connector.parse`."""
        return self._parsers[stream](Fields(payload))

    def probe(self) -> Mapping[str, object]:
        """Whom the key belongs to (page "User")."""
        return who(self._client, "/user", user="email", rights="status")

    def _list(self, path: str, **query: str) -> Iterator[tuple[tuple[str, Json], ...]]:
        """Page by number until the header Last-Page says true (page "Introduction")."""
        params: dict[str, str | int] = {"page": 1, "page-size": self._options.page_size, **query}
        turn = paging.Turn(f"/workspaces/{quote(self._workspace, safe='')}{path}", params)
        following = paging.page_number(paging.header_says_last("Last-Page"))
        for page in paging.pages(paging.asker(self._client), turn, (), following):
            yield page.records

    def _ids(self, path: str, **query: str) -> list[str]:
        ids = (
            id_text(inside(value, "id")) for page in self._list(path, **query) for _, value in page
        )
        return [quote(found, safe="") for found in dict.fromkeys(ids) if found is not None]

    def _entries(self, window: tuple[date, date] | None) -> Iterator[Sequence[RawRecord]]:
        """Entries are listed per person, those who left included (page "Time entry")."""
        query = {}
        if window is not None:
            first, last = window[0] - _EDGE, window[1] - timedelta(days=1) + _EDGE
            query = {"start": f"{first}T00:00:00Z", "end": f"{last}T23:59:59Z"}
        for user in self._ids("/users", status="ALL"):
            for page in self._list(f"/user/{user}/time-entries", **query):
                yield raw_records(page, day="timeInterval.start")

    def _marks(self, window: tuple[date, date]) -> Iterator[Sequence[RawRecord]]:
        """The detailed report alone shows which entries are invoiced."""
        path = f"/workspaces/{quote(self._workspace, safe='')}/reports/detailed"
        start, end = window[0] - _EDGE, window[1] + _EDGE
        while start < end:
            last = min(start + timedelta(days=_REPORT_DAYS), end) - timedelta(days=1)
            body: dict[str, Json] = {
                "dateRangeStart": f"{start}T00:00:00.000",
                "dateRangeEnd": f"{last}T23:59:59.999",
                "timeZone": "UTC",
                "invoicingState": "INVOICED",
                "exportType": "JSON",
                "detailedFilter": {"page": 1, "pageSize": self._options.page_size},
            }
            turn = paging.Turn(path, {}, body)
            asker = paging.asker(self._reports)
            for page in paging.pages(asker, turn, ("timeentries",), _next_report_page):
                yield raw_records(page.records, "_id", day="timeInterval.start")
            start = last + timedelta(days=1)


def _next_report_page(turn: paging.Turn, page: paging.Page) -> paging.Turn | None:
    wanted = (turn.body or {}).get("detailedFilter")
    if not isinstance(wanted, dict) or len(page.records) < int(str(wanted["pageSize"])):
        return None
    following: Json = {**wanted, "page": int(str(wanted["page"])) + 1}
    return paging.Turn(turn.path, {}, {**(turn.body or {}), "detailedFilter": following})


def _clients(setup: Setup) -> tuple[ApiClient, ApiClient, ClockifyOptions]:
    options, url = setup.options(ClockifyOptions), setup.url(DEFAULT_URL).rstrip("/")
    if not setup.system.account:
        raise FixConfigError(f"system {setup.system.id}: account must be the workspace id")
    auth = api_key("X-Api-Key", setup.secret("api_key"))
    return (
        setup.client(auth, url, unprocessed=frozenset({429})),
        setup.client(auth, options.reports_url or _reports_url(url)),
        options,
    )


def _reports_url(url: str) -> str:
    """Page "Introduction": the reports' address goes with the API's."""
    host = urlsplit(url).hostname or ""
    if host == "api.clockify.me":
        return "https://reports.api.clockify.me/v1"
    root = url.removesuffix("/api/v1")
    return f"{root}/report/v1" if host.endswith(".clockify.me") else f"{root}/reports/v1"


def _build(setup: Setup) -> Connector:
    return ClockifyConnector(setup, *_clients(setup))


def _feedback(setup: Setup) -> FeedbackWriter:
    return ClockifyFeedback(_clients(setup)[0], setup.system.account)


VENDOR: Final = Vendor(
    name="clockify",
    options=ClockifyOptions,
    build=_build,
    feedback_writer=_feedback,
    approval_evidence=ApprovalEvidence("timesheet", gives_approver=True, gives_instant=True),
    rates=((10, 1.0),),
    credentials=("api_key",),
    roles=("time",),
)
