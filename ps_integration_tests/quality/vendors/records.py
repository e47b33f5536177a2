"""A site and its entries in each vendor's own JSON."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ps_integration.sandbox.codec import Document, utc_seconds
from ps_integration_tests.quality.vendors.site import (
    COMPANIES,
    CURRENCIES,
    TAX_CODES,
    ZONES,
    Entry,
    Site,
    Worker,
    guid,
)

Record = tuple[str, str, str, Document]
"""System, collection, id and document."""
WORKSPACE = "65900000000000000000beef"
TASKS = ("Build", "Travel")
ROLES = ("CONSULTANT", "SENIOR")
START = "2026-01-05"
_BILLING = {
    "tm": "Time and materials", "milestone": "Milestones", "fixed_fee": "Fixed fee",
    "internal": "Internal",
}  # fmt: skip
_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
_HARVEST = {"draft": "unsubmitted", "rejected": "unsubmitted", "withdrawn": "unsubmitted",
    "submitted": "submitted", "approved": "approved"}  # fmt: skip
_CLOCKIFY = {"submitted": "PENDING", "approved": "APPROVED", "rejected": "REJECTED",
    "withdrawn": "WITHDRAWN_APPROVAL"}  # fmt: skip


def of_firm() -> Iterator[Record]:
    """What is there once: accounts, roles, books."""
    yield "harvest", "company", "1", {
        "base_uri": "https://quality.harvestapp.com", "full_domain": "quality.harvestapp.com",
        "name": "Quality", "is_active": True, "week_start_day": "Monday",
        "wants_timestamp_timers": False, "time_format": "decimal", "date_format": "%Y-%m-%d",
        "approval_feature": True, "weekly_capacity": 144_000,
    }  # fmt: skip
    for at, task in enumerate(TASKS, start=1):
        yield "harvest", "tasks", str(at), {
            "id": at, "name": task, "billable_by_default": True, "default_hourly_rate": None,
            "is_default": True, "is_active": True,
        }  # fmt: skip
    yield "clockify", "workspaces", WORKSPACE, {"id": WORKSPACE, "name": "Quality"}
    for at, role in enumerate(ROLES, start=1):
        yield "kantata", "roles", str(at), {"id": str(at), "name": role}
    for entity in COMPANIES:
        yield from _books(entity)


def _books(entity: str) -> Iterator[Record]:
    company = COMPANIES[entity]
    yield "bc", "companies", company, {"id": company, "name": entity, "displayName": entity,
        "systemVersion": "26.0"}  # fmt: skip
    found: list[tuple[str, Document]] = [
        ("generalLedgerSetup", {"localCurrencyCode": CURRENCIES[entity],
            "allowPostingFrom": "2026-03-01", "allowPostingTo": "2026-04-30"}),
        *(("accountingPeriods", {"startingDate": f"2026-{month:02}-01", "name": f"{month}",
            "newFiscalYear": month == 1, "closed": False, "dateLocked": False})
            for month in range(1, 13)),
        *(("accounts", {"number": number, "displayName": name, "directPosting": direct,
            "blocked": False})
            for number, name, direct in (("1100", "Receivables", False), ("2200", "Tax", False),
                ("4000", "Consulting revenue", True), ("6000", "Other income", True))),
        *(("currencies", {"code": code, "displayName": code,
            "amountRoundingPrecision": Decimal("0.01")})
            for code in ("EUR", "GBP", "USD", "CHF", "SEK")),
        *(("dimensions", {"id": guid(entity, "dimension", code), "code": code,
            "displayName": code}) for code in ("PROJECT", "COSTCENTRE")),
        ("dimensionValues", {"code": f"CC-{entity}",
            "dimensionId": guid(entity, "dimension", "COSTCENTRE"), "displayName": entity}),
    ]  # fmt: skip
    local = CURRENCIES[entity]
    for code, rate in (("EUR", "0.85"), ("USD", "0.80"), ("GBP", "1.1765")):
        if code != local and (entity, code) != ("DE", "EUR"):
            found += [
                ("currencyExchangeRates", quote(code, f"2026-03-{day:02}", local, rate))
                for day in (1, 5, 10, 15, 18, 20)
            ]
    for name, document in found:
        yield book(entity, name, document)


def quote(code: str, day: str, local: str, rate: str) -> Document:
    """What one unit of a currency is worth from a day on."""
    return {"currencyCode": code, "startingDate": day, "exchangeRateAmount": 1,
        "relationalCurrencyCode": local, "relationalExchangeRateAmount": Decimal(rate)}  # fmt: skip


def book(entity: str, name: str, document: Document) -> Record:
    """A record of a company's books."""
    words = [document.get(word) for word in ("number", "code", "startingDate", "currencyCode")]
    key = str(document.get("id") or guid(entity, name, *words))
    return "bc", f"{COMPANIES[entity]}/{name}", key, {"id": key, **document}


def of_site(site: Site) -> Iterator[Record]:
    """Everything that the systems hold of a site before any time is booked."""
    yield from of_worker(site.worker)
    if "psa" not in site.without:
        yield from workspace(site)
        yield from stories(site)
        yield from prices(site)
        yield place(site, site.worker)
    if "time" not in site.without:
        yield from _harvest(site) if site.time_system == "harvest" else _clockify(site)
    if "erp" not in site.without:
        yield from customer(site)
        yield from project_in_erp(site)


def of_worker(worker: Worker) -> Iterator[Record]:
    """A person in the PSA and in the time tool of their company."""
    role = str(ROLES.index(worker.role) + 1)
    key = worker.kantata_id
    yield "kantata", "users", key, {
        "id": key, "full_name": worker.name, "photo_path": None, "email_address": worker.email,
        "headline": worker.role, "disabled": False, "account_id": "1",
        "account_permission": "punch_clock", "role_id": role,
    }  # fmt: skip
    yield "kantata", "account_memberships", key, {
        "id": key, "user_id": key, "disabled_at": None, "permission": "punch_clock",
        "can_log_in": True, "non_participant": False,
    }  # fmt: skip
    if worker.entity == "GB":
        first, last = worker.name.split()
        yield "harvest", "users", str(worker.harvest_id), {
            "id": worker.harvest_id, "first_name": first, "last_name": last,
            "email": worker.email, "telephone": "", "timezone": "London", "is_contractor": False,
            "is_active": True, "weekly_capacity": 144_000, "default_hourly_rate": None,
            "cost_rate": None, "roles": [worker.role], "access_roles": ["member"],
        }  # fmt: skip
        return
    yield "clockify", "users", worker.clockify_id, {
        "id": worker.clockify_id, "email": worker.email, "name": worker.name, "status": "ACTIVE",
        "activeWorkspace": WORKSPACE, "defaultWorkspace": WORKSPACE,
        "memberships": [_member(worker, "WORKSPACE", WORKSPACE)],
        "settings": {"timeZone": ZONES["DE"], "weekStart": "MONDAY"},
    }  # fmt: skip


def _member(worker: Worker, kind: str, target: str) -> Document:
    return {"userId": worker.clockify_id, "hourlyRate": None, "costRate": None,
        "targetId": target, "membershipType": kind, "membershipStatus": "ACTIVE"}  # fmt: skip


def custom(subject: str, key: str, at: int, name: str, value: object) -> Record:
    """A custom field of a Kantata record."""
    number = str(int(key) * 10 + at)
    return "kantata", "custom_field_values", number, {
        "id": number, "subject_type": subject, "subject_id": key, "value": value,
        "display_value": str(value), "can_edit": True,
        "type": "currency" if isinstance(value, int) else "string", "setter_id": None,
        "account_id": "1", "custom_field_id": str(at), "custom_field_name": name,
    }  # fmt: skip


def group_id(site: Site) -> str:
    """The customer's id in Kantata."""
    return str(31_000_000 + site.number)


def workspace(site: Site, **changes: object) -> Iterator[Record]:
    """The project in Kantata, its customer and its custom fields."""
    key, group = site.kantata_id, group_id(site)
    yield "kantata", "workspaces", key, {
        "id": key, "title": site.title, "account_id": "1", "archived": False, "description": "",
        "start_date": START, "due_date": None, "currency": site.currency,
        "currency_symbol": _SYMBOLS.get(site.currency, "¤"), "currency_base_unit": 100,
        "status": {"color": "green", "key": 300, "message": "Active"},
        "rate_card_id": card_id(site),
        "require_time_approvals": True, "time_trackable": True, "workspace_group_ids": [group],
        "primary_workspace_group_id": group, "participant_ids": [], **changes,
    }  # fmt: skip
    yield "kantata", "workspace_groups", group, {
        "id": group, "name": site.customer_name, "company": True,
    }  # fmt: skip
    yield custom("WorkspaceGroup", group, 1, "Customer number", site.customer)
    yield custom("Workspace", key, 1, "Project code", site.code)
    yield custom("Workspace", key, 2, "Legal entity", site.entity)
    yield custom("Workspace", key, 3, "Billing type", _BILLING[site.kind])
    if site.cap:
        yield custom("Workspace", key, 4, "Not to exceed", site.cap * 100)


def story(site: Site, at: int, title: str, **changes: object) -> Record:
    """A task of a project in Kantata, or a milestone."""
    key = site.story_id(at)
    return "kantata", "stories", key, {
        "id": key, "workspace_id": site.kantata_id, "title": title, "story_type": "task",
        "state": "started", "billable": site.kind != "internal", "archived": False,
        "deleted_at": None, "due_date": None, "start_date": None, "budget_estimate_in_cents": None,
        "fixed_fee": False, "time_trackable": True, **changes,
    }  # fmt: skip


def stories(site: Site) -> Iterator[Record]:
    """Tasks and milestones."""
    for at, task in enumerate(TASKS, start=1):
        yield story(site, at, task)
    for at, amount in enumerate(site.sold_for, start=11):
        yield milestone(site, at, amount, is_reached=False)


def milestone(site: Site, at: int, amount: int | None, *, is_reached: bool) -> Record:
    """A milestone of an amount in major units."""
    return story(
        site, at, f"Stage {at - 10} of {site.name}", story_type="milestone", fixed_fee=True,
        time_trackable=False, state="completed" if is_reached else "started",
        budget_estimate_in_cents=None if amount is None else amount * 100,
    )  # fmt: skip


def reached(site: Site, at: int) -> Record:
    """The history's word that a milestone was completed; its instant is that of the writing."""
    key = f"{site.story_id(at)}9"
    return "kantata", "story_state_changes", key, {
        "id": key, "story_id": site.story_id(at), "state": "completed",
        "formatted_state": "Completed", "user_id": site.worker.kantata_id,
    }  # fmt: skip


def card_id(site: Site) -> str:
    """The project's own price list."""
    return str(61_000_000 + site.number * 100)


def prices(site: Site) -> Iterator[Record]:
    """The price list in Kantata: one version, the same price for every role."""
    key = card_id(site)
    yield (
        "kantata",
        "rate_card_sets",
        key,
        {"id": key, "title": site.code, "account_default": False},
    )
    yield "kantata", "rate_cards", key, {
        "id": key, "rate_card_set_id": key, "currency": site.priced_in, "uses": 1,
    }  # fmt: skip
    yield from price_version(site, 1, "2026-01-01", site.price)


def price_version(
    site: Site, at: int, since: str, price: Decimal, roles: tuple[str, ...] = ROLES
) -> Iterator[Record]:
    """A version of the price list from a day on."""
    key, version = card_id(site), str(int(card_id(site)) + at)
    yield "kantata", "rate_card_set_versions", version, {
        "id": version, "rate_card_set_id": key, "active": True, "effective_date": since,
        "used_currencies": [site.priced_in],
    }  # fmt: skip
    yield "kantata", "rate_card_versions", version, {
        "id": version, "rate_card_id": key, "rate_card_set_version_id": version, "default_rate": 0,
    }  # fmt: skip
    for role in roles:
        at_role = ROLES.index(role) + 1
        number = f"{version}{at_role:02}"
        yield "kantata", "rate_card_roles", number, {
            "id": number, "rate_card_version_id": version, "role_id": str(at_role),
            "rate": int(price * 100),
        }  # fmt: skip


def place(site: Site, worker: Worker, **changes: object) -> Record:
    """A person on a project in Kantata."""
    key = str(51_000_000_000 + site.number * 10_000 + worker.number)
    return "kantata", "workspace_resources", key, {
        "id": key, "workspace_id": site.kantata_id, "user_id": worker.kantata_id,
        "role_id": str(ROLES.index(worker.role) + 1), "label": worker.name,
        "role_name": worker.role, "full_name": worker.name, "resource_bill_rate": None,
        "earliest_allocation_date": START, "latest_allocation_date": None, **changes,
    }  # fmt: skip


def harvest_client(site: Site) -> Document:
    """The reference to a customer."""
    return {"id": 3_300_000 + site.number, "name": site.customer_name, "currency": site.currency}


def harvest_project(site: Site) -> Document:
    """The reference to a project."""
    return {"id": site.harvest_id, "name": site.title, "code": site.code}


def _harvest(site: Site) -> Iterator[Record]:
    client = harvest_client(site)
    yield "harvest", "clients", str(client["id"]), {
        **client, "is_active": True, "address": f"Customer {site.customer}",
    }  # fmt: skip
    yield "harvest", "projects", str(site.harvest_id), {
        **harvest_project(site), "client": client, "is_active": True,
        "is_billable": site.kind != "internal", "is_fixed_fee": site.kind == "fixed_fee",
        "bill_by": "none", "hourly_rate": None, "budget": None, "budget_by": "none",
        "budget_is_monthly": False, "cost_budget": None, "fee": None, "notes": None,
        "starts_on": START, "ends_on": None,
    }  # fmt: skip
    for at, task in enumerate(TASKS, start=1):
        number = site.harvest_id * 10 + at
        yield "harvest", "task_assignments", str(number), {
            "id": number, "project": harvest_project(site), "task": {"id": at, "name": task},
            "is_active": True, "billable": site.kind != "internal", "hourly_rate": None,
            "budget": None,
        }  # fmt: skip
    yield harvest_place(site, site.worker)


def harvest_place(site: Site, worker: Worker, **changes: object) -> Record:
    """A person on a project in Harvest."""
    number = site.harvest_id * 10_000 + worker.number
    return "harvest", "user_assignments", str(number), {
        "id": number, "project": harvest_project(site),
        "user": {"id": worker.harvest_id, "name": worker.name}, "is_active": True,
        "is_project_manager": False, "use_default_rates": True, "hourly_rate": None,
        "budget": None, **changes,
    }  # fmt: skip


def _clockify(site: Site) -> Iterator[Record]:
    client = f"65c0{site.number:020x}"
    yield "clockify", "clients", client, {
        "id": client, "workspaceId": WORKSPACE, "name": site.customer_name, "email": None,
        "address": None, "archived": False, "currencyId": None,
        "note": f"Customer {site.customer}",
    }  # fmt: skip
    yield "clockify", "projects", site.clockify_id, {
        "id": site.clockify_id, "workspaceId": WORKSPACE, "name": site.title, "clientId": client,
        "clientName": site.customer_name, "billable": site.kind != "internal", "archived": False,
        "public": True, "color": "#2f6690", "hourlyRate": None, "costRate": None,
        "memberships": [_member(site.worker, "PROJECT", site.clockify_id)], "note": "",
    }  # fmt: skip
    for at, task in enumerate(TASKS, start=1):
        key = f"65d{at}{site.number:020x}"
        yield "clockify", "tasks", key, {
            "id": key, "name": task, "projectId": site.clockify_id, "assigneeIds": [],
            "status": "ACTIVE", "billable": site.kind != "internal", "estimate": "PT0S",
            "duration": None, "hourlyRate": None,
        }  # fmt: skip


def customer(site: Site, **changes: object) -> Iterator[Record]:
    """The customer in Business Central."""
    yield book(site.entity, "customers", {
        "number": site.customer, "displayName": site.customer_name, "type": "Company",
        "currencyCode": site.currency, "blocked": " ", **changes,
    })  # fmt: skip


def project_in_erp(site: Site) -> Iterator[Record]:
    """The project in Business Central, how it is billed, and what an hour costs there."""
    yield book(site.entity, "dimensionValues", {
        "code": site.code, "dimensionId": guid(site.entity, "dimension", "PROJECT"),
        "displayName": site.name,
    })  # fmt: skip
    yield book(site.entity, "projects", {"number": site.code, "displayName": site.title})
    yield billing(site)
    for role in ROLES:
        yield price_in_erp(site, role, site.price)


def billing(site: Site, **changes: object) -> Record:
    """How a project is billed, as the ERP has it."""
    return book(site.entity, "projectBillings", {
        "id": guid(site.entity, "billing", site.code), "projectNumber": site.code,
        "customerNumber": site.customer, "currencyCode": site.currency,
        "taxCode": TAX_CODES[site.entity], "revenueAccountNumber": "4000",
        "costCentreCode": f"CC-{site.entity}", "billingRule": "MONTHLY",
        "purchaseOrderNumber": f"PO-{site.code}", "status": "Open", "startingDate": START,
        "endingDate": "0001-01-01", **changes,
    })  # fmt: skip


def price_in_erp(site: Site, role: str, price: Decimal) -> Record:
    """What an hour of a role costs on the project, as the ERP has it."""
    return book(site.entity, "projectPrices", {
        "id": guid("price", site.code, role), "projectNumber": site.code, "resourceNumber": "",
        "roleCode": role, "workTypeCode": "", "currencyCode": site.priced_in, "unitPrice": price,
        "startingDate": "2026-01-01", "endingDate": "0001-01-01",
    })  # fmt: skip


def of_entry(site: Site, one: Entry) -> Iterator[Record]:
    """An entry where it was booked, its approval, and the PSA's copy of it."""
    if one.worker.entity == "GB":
        yield "harvest", "time_entries", one.id, _in_harvest(site, one)
    else:
        yield "clockify", "time_entries", one.id, _in_clockify(site, one)
        if one.state != "draft":
            yield approval(one)
    if one.has_copy and one.state == "approved":
        yield copied(site, one)


def _in_harvest(site: Site, one: Entry) -> Document:
    is_approved = one.state == "approved"
    hours = one.hours
    return {
        "id": int(one.id), "spent_date": one.day.isoformat(),
        "user": {"id": one.worker.harvest_id, "name": one.worker.name},
        "client": harvest_client(site), "project": harvest_project(site),
        "task": {"id": one.task, "name": TASKS[one.task - 1]}, "hours": hours,
        "hours_without_timer": hours, "rounded_hours": hours, "notes": one.note,
        "is_locked": is_approved,
        "locked_reason": "Item Approved and Locked for this Time Period" if is_approved else None,
        "is_closed": is_approved, "approval_status": _HARVEST[one.state], "is_billed": False,
        "timer_started_at": None, "started_time": None, "ended_time": None, "is_running": False,
        "invoice": None, "external_reference": None, "billable": one.is_billable,
        "budgeted": False, "billable_rate": None, "cost_rate": None,
    }  # fmt: skip


def _in_clockify(site: Site, one: Entry) -> Document:
    began = datetime.combine(one.day, time(9), ZoneInfo(ZONES["DE"]))
    hours, minutes = divmod(one.minutes, 60)
    return {
        "id": one.id, "workspaceId": WORKSPACE, "userId": one.worker.clockify_id,
        "projectId": site.clockify_id, "taskId": f"65d{one.task}{site.number:020x}",
        "description": one.note, "billable": one.is_billable,
        "isLocked": one.state == "approved", "type": "REGULAR", "tagIds": [],
        "customFieldValues": [], "hourlyRate": None, "costRate": None,
        "timeInterval": {"start": utc_seconds(began),
            "end": utc_seconds(began + timedelta(minutes=one.minutes)),
            "duration": f"PT{hours}H{minutes}M"},
    }  # fmt: skip


def expense(site: Site, one: Entry, amount: Decimal, **changes: object) -> Record:
    """What a person spent for a project, in Harvest; approved, with a receipt and not billed."""
    key = str(2_700_000_000 + one.number)
    return "harvest", "expenses", key, {
        "id": int(key), "notes": one.note, "total_cost": amount, "units": 1.0,
        "is_closed": True, "is_locked": True, "is_billed": False, "approval_status": "approved",
        "locked_reason": "Item Approved and Locked for this Time Period",
        "spent_date": one.day.isoformat(), "billable": True,
        "receipt": {"url": "https://quality.harvestapp.com/receipt.pdf", "file_name": "receipt.pdf",
            "file_size": 39410, "content_type": "application/pdf"},
        "user": {"id": one.worker.harvest_id, "name": one.worker.name},
        "project": harvest_project(site), "client": harvest_client(site),
        "expense_category": {"id": 1, "name": "Travel", "unit_price": None, "unit_name": None},
        "invoice": None, **changes,
    }  # fmt: skip


def approval(one: Entry) -> Record:
    """The approval request of one entry in Clockify."""
    key, owner = f"65e0{one.number:020x}", {"userId": one.worker.clockify_id,
        "userName": one.worker.name}  # fmt: skip
    day = one.day.isoformat()
    return "clockify", "approval_requests", key, {
        "id": key,
        "approvalRequest": {
            "id": key, "workspaceId": WORKSPACE,
            "dateRange": {"start": f"{day}T00:00:00Z", "end": f"{day}T23:59:59Z"},
            "owner": owner, "creator": owner,
            "status": {"state": _CLOCKIFY[one.state], "note": "",
                "updatedAt": f"{one.decided_on.isoformat()}T08:00:00Z",
                "updatedBy": one.worker.clockify_id,
                "updatedByUserName": one.worker.name if one.state == "submitted" else "Indira"},
        },
        "entries": [{"id": one.id, "approvalRequestId": key}],
    }  # fmt: skip


def copied(site: Site, one: Entry) -> Record:
    """The PSA's copy of an entry."""
    minutes = one.minutes if one.psa_minutes is None else one.psa_minutes
    return "kantata", "time_entries", one.kantata_id, {
        "id": one.kantata_id, "workspace_id": site.kantata_id, "user_id": one.worker.kantata_id,
        "story_id": site.story_id(one.task), "date_performed": one.day.isoformat(),
        "time_in_minutes": minutes, "billable": one.is_billable, "notes": one.note,
        "rate_in_cents": 0, "currency": site.currency,
        "currency_symbol": _SYMBOLS.get(site.currency, "¤"), "currency_base_unit": 100,
        "approved": True, "taxable": False, "is_invoiced": False,
    }  # fmt: skip
