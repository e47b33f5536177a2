"""Harvest API v2 (time). Source of every fact: Harvest API v2 documentation, page named beside.

Harvest deletes without a trace (no tombstones, no webhooks), so every stream is also listed
completely at intervals. Approval shows on the entry; who approved and when is not given.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Final
from urllib.parse import quote

from pydantic import Field

from ps_integration.connectors import paging
from ps_integration.connectors.auth import bearer
from ps_integration.connectors.fields import Fields, refuse
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.keys import KeyRule
from ps_integration.connectors.probing import who
from ps_integration.connectors.protocol import Ask, Connector, Stream
from ps_integration.connectors.raw import id_text, inside, raw_record, raw_records
from ps_integration.connectors.rows import row
from ps_integration.connectors.setup import Options, Setup, Vendor
from ps_integration.connectors.zones import rails_zone
from ps_integration.domain.records import ApprovalEvidence, CanonicalRow, JsonObject, RawRecord
from ps_integration.errors import FixConfigError
from ps_integration.settings.base import FAR_PAST, Currency, Identifier

DEFAULT_URL: Final = "https://api.harvestapp.com/v2"  # "Overview: API requests"
_STATES: Final = {"unsubmitted": "draft", "submitted": "submitted", "approved": "approved"}
_BIG: Final = frozenset({"time_entries", "expenses"})

STREAMS: Final = (
    Stream("users", "incremental", ("resources",)),
    Stream("clients", "incremental", ("customers",)),
    Stream("projects", "incremental", ("projects",)),
    Stream("task_assignments", "incremental", ("tasks",)),
    Stream("user_assignments", "incremental", ("assignments",)),
    Stream("billable_rates", "full", ("rates",), is_optional=True),
    Stream("time_entries", "incremental", ("time_entries",)),
    Stream("expenses", "incremental", ("expenses",), is_optional=True),
)


class HarvestOptions(Options):
    """What only Harvest needs."""

    project_key: KeyRule = KeyRule(field="code")
    customer_key: KeyRule = KeyRule(field="name")
    resource_key: KeyRule = KeyRule(field="email")
    task_key: KeyRule = KeyRule(field="task.name")
    rate_currency: Currency | None = Field(default=None, description="Harvest's rates name none")
    home_legal_entity: Identifier | None = Field(default=None, description="of all its people")
    use_rounded_hours: bool = Field(default=False, description="rounded_hours instead of hours")
    full_every_days: int = Field(default=1, ge=1, description="complete listings of time")
    page_size: int = Field(default=2000, ge=1, le=2000)  # "Pagination": at most 2000


class HarvestConnector:
    """Reads one Harvest account."""

    def __init__(self, system: str, client: ApiClient, options: HarvestOptions) -> None:
        """Take the account's client and options."""
        self.system = system
        self._client = client
        self._options = options
        self._parsers: Mapping[str, Callable[[Fields], CanonicalRow]] = {
            "users": self._resource,
            "clients": self._customer,
            "projects": self._project,
            "task_assignments": self._task,
            "user_assignments": self._assignment,
            "billable_rates": self._rate,
            "time_entries": self._time_entry,
            "expenses": self._expense,
        }

    def streams(self) -> Sequence[Stream]:
        """Every stream, people and projects before time."""
        every = self._options.full_every_days
        return [replace(s, full_every_days=every) if s.name in _BIG else s for s in STREAMS]

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield pages; see `Connector.pages`."""
        if ask.stream.name == "billable_rates":
            yield from self._rates()
            return
        query: dict[str, str | int] = {"per_page": self._options.page_size}
        if ask.mode == "incremental" and ask.since is not None:
            query["updated_since"] = ask.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for page in self._listing(f"/{ask.stream.name}", ask.stream.name, query):
            yield raw_records(page.records, updated="updated_at", day="spent_date")

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Map one record; see `Connector.parse`."""
        return [self._parsers[stream](Fields(payload))]

    def probe(self) -> Mapping[str, object]:
        """Who the token belongs to ("Users": users/me)."""
        return who(self._client, "/users/me", user="email", rights="access_roles")

    def _listing(
        self, path: str, collection: str, query: Mapping[str, str | int]
    ) -> Iterator[paging.Page]:
        """Follow links.next as given; list again while rows shift (page "Pagination")."""
        following = paging.next_link("links", "next")
        turn = paging.Turn(path, query)
        return paging.counted(self._client, turn, (collection,), following, "total_entries")

    def _rates(self) -> Iterator[Sequence[RawRecord]]:
        """User rates stand under each user and name none, so the user's id goes before theirs."""
        users: dict[str, None] = {}
        for page in self._listing("/users", "users", {"per_page": self._options.page_size}):
            ids = (id_text(inside(value, "id")) for _, value in page.records)
            users.update((user, None) for user in ids if user is not None)
        for user in users:
            path = f"/users/{quote(user, safe='')}/billable_rates"
            for page in self._listing(path, "billable_rates", {}):
                yield [
                    raw_record(f'{{"user_id":"{user}","rate":{text}}}', {"rate": value}, "rate.id")
                    for text, value in page.records
                ]

    def _resource(self, fields: Fields) -> CanonicalRow:
        """Page "Users": timezone is a Rails name; of the roles (labels) the first is taken."""
        names = (fields.opt_text("first_name"), fields.opt_text("last_name"))
        roles = fields.raw("roles")
        role = roles[0] if isinstance(roles, list) and roles else None
        return row(
            "resources",
            fields.ident("id"),
            match_key=self._options.resource_key.read(fields),
            name=" ".join(name for name in names if name),
            email=fields.opt_text("email"),
            home_legal_entity=self._options.home_legal_entity,
            role=role if isinstance(role, str) else None,
            time_zone=rails_zone(fields.opt_text("timezone")),
            is_active=fields.flag("is_active"),
            updated_at=fields.opt_instant("updated_at"),
        )

    def _customer(self, fields: Fields) -> CanonicalRow:
        """Page "Clients"."""
        return row(
            "customers",
            fields.ident("id"),
            match_key=self._options.customer_key.read(fields),
            name=fields.text("name"),
            currency=fields.opt_currency("currency"),
            is_blocked=not fields.flag("is_active"),
            updated_at=fields.opt_instant("updated_at"),
        )

    def _project(self, fields: Fields) -> CanonicalRow:
        """Page "Projects". The currency is the client's; there are no accounting attributes."""
        is_billable = fields.flag("is_billable")
        is_fixed = fields.opt_flag("is_fixed_fee")
        billing = "time_and_materials" if is_billable else "internal"
        return row(
            "projects",
            fields.ident("id"),
            match_key=self._options.project_key.read(fields),
            name=fields.text("name"),
            customer_external_id=fields.opt_ident("client.id"),
            currency=fields.opt_currency("client.currency"),
            status="active" if fields.flag("is_active") else "closed",
            billing_type="fixed_fee" if is_fixed else billing,
            is_billable=is_billable,
            has_billing_attributes=False,
            starts_on=fields.opt_day("starts_on"),
            ends_on=fields.opt_day("ends_on"),
            updated_at=fields.opt_instant("updated_at"),
        )

    def _task(self, fields: Fields) -> CanonicalRow:
        """Page "Task assignments": whether a task is billable is said per project."""
        return row(
            "tasks",
            _task_id(fields),
            match_key=self._options.task_key.read(fields),
            project_external_id=fields.ident("project.id"),
            name=fields.text("task.name"),
            is_billable=fields.flag("billable"),
            is_active=fields.flag("is_active"),
            updated_at=fields.opt_instant("updated_at"),
        )

    def _assignment(self, fields: Fields) -> CanonicalRow:
        """Page "User assignments": a person on a project, without dates."""
        return row(
            "assignments",
            fields.ident("id"),
            project_external_id=fields.ident("project.id"),
            resource_external_id=fields.ident("user.id"),
            is_active=fields.flag("is_active"),
        )

    def _rate(self, fields: Fields) -> CanonicalRow:
        """Page "Billable rates": end_date is the last day; ours is the first day after."""
        ends = fields.opt_day("rate.end_date")
        currency = self._options.rate_currency
        if currency is None:
            refuse("currency", None, "currency_unknown", "set options.rate_currency")
        return row(
            "rates",
            fields.ident("rate.id"),
            scope="resource",
            resource_external_id=fields.ident("user_id"),
            currency=currency,
            unit_price=fields.price("rate.amount"),
            valid_from=fields.opt_day("rate.start_date") or FAR_PAST,
            valid_to=None if ends is None else ends + timedelta(days=1),
        )

    def _time_entry(self, fields: Fields) -> CanonicalRow:
        """Page "Time entries": spent_date is already the person's own calendar date.

        A running timer grows until it is stopped, so it is a draft whatever else it says.
        """
        is_running = fields.flag("is_running")
        hours = "rounded_hours" if self._options.use_rounded_hours else "hours"
        return row(
            "time_entries",
            fields.ident("id"),
            resource_external_id=fields.ident("user.id"),
            project_external_id=fields.ident("project.id"),
            task_external_id=_task_id(fields),
            work_date=fields.day("spent_date"),
            seconds=fields.seconds(hours),
            is_billable=fields.flag("billable"),
            approval_state="draft" if is_running else _approval(fields),
            is_locked=fields.opt_flag("is_locked"),
            is_running=is_running,
            is_invoiced=fields.flag("is_billed"),
            unit_price=fields.opt_price("billable_rate"),
            currency=fields.opt_currency("client.currency"),
            note=fields.opt_text("notes"),
            updated_at=fields.opt_instant("updated_at"),
        )

    def _expense(self, fields: Fields) -> CanonicalRow:
        """Page "Expenses": total_cost is in the client's currency."""
        currency = fields.currency("client.currency")
        return row(
            "expenses",
            fields.ident("id"),
            resource_external_id=fields.ident("user.id"),
            project_external_id=fields.ident("project.id"),
            category=fields.opt_text("expense_category.name"),
            spent_on=fields.day("spent_date"),
            amount_minor=fields.money("total_cost", currency),
            currency=currency,
            is_billable=fields.flag("billable"),
            approval_state=_approval(fields),
            has_receipt=isinstance(fields.raw("receipt.url"), str),
            is_invoiced=fields.flag("is_billed"),
            note=fields.opt_text("notes"),
            updated_at=fields.opt_instant("updated_at"),
        )


def _task_id(fields: Fields) -> str:
    return f"{fields.ident('project.id')}/{fields.ident('task.id')}"


def _approval(fields: Fields) -> str:
    """Page "Time entries": approval_status, on accounts that have it.

    Before it there was is_closed (timesheet approval), or a lock whose reason says approved.
    """
    if fields.raw("approval_status") is not None:
        return fields.choice("approval_status", _STATES)
    says_so = "Approved" in (fields.opt_text("locked_reason") or "")
    is_approved = fields.flag("is_closed") or (fields.opt_flag("is_locked") and says_so)
    return "approved" if is_approved else "draft"


def _build(setup: Setup) -> Connector:
    headers = {  # "Authentication": all three headers are required
        "Harvest-Account-Id": setup.system.account,
        "User-Agent": "ps-integration",
    }
    if not setup.system.account:
        raise FixConfigError(f"system {setup.system.id}: account must be the Harvest account id")
    client = setup.client(bearer(setup.secret("token")), setup.url(DEFAULT_URL), headers)
    return HarvestConnector(setup.system.id, client, setup.options(HarvestOptions))


VENDOR: Final = Vendor(
    name="harvest",
    options=HarvestOptions,
    build=_build,
    approval_evidence=ApprovalEvidence(
        "entry", gives_approver=False, gives_instant=False, notes=("locked when approved",)
    ),
    rates=((100, 15.0),),  # "Rate limiting"
    credentials=("token",),
    roles=("time",),
)
