"""A small firm of four systems: what each of them holds, and its firm file."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

UK, IE = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
MADE = datetime(2026, 3, 1, 8, tzinfo=UTC)
HARVEST_TOKEN, KANTATA_TOKEN = "canary-harvest-7c1f", "canary-kantata-9a3e"
BC_CLIENT, BC_SECRET = "canary-client-51d0", "canary-bc-secret-e0d4"
SECRETS = (HARVEST_TOKEN, KANTATA_TOKEN, BC_SECRET)
TIME_HEAD = "id,person,project,date,hours,state\n"
TIME_ROWS = (
    "t1,ben.hall@example.com,BR-1,2026-03-03,7.5,approved\n"
    "t2,ben.hall@example.com,BR-1,2026-03-04,6.0,approved\n"
    "t3,ben.hall@example.com,BR-1,2026-03-05,2.0,draft\n"
)

FIRM_FILE = """\
firm: {id: north, name: North Bridge, time_zone: Europe/London, reporting_currency: GBP}
legal_entities:
  - {id: UK, name: North Bridge Ltd, currency: GBP, time_zone: Europe/London}
  - {id: IE, name: North Bridge Teo, currency: EUR, time_zone: Europe/Dublin}
systems:
  - id: psa
    vendor: kantata
    roles: [psa]
    base_url: env:PSA_URL
    credentials: {token: env:PSA_TOKEN}
    legal_entities: [UK, IE]
    requests_per_second: 1000
    options:
      custom_fields: {code: Code, legal_entity: Entity, billing_type: Billing}
      customer_fields: {number: Number}
      resource_fields: {home_legal_entity: Home}
      billing_type_values: {TM: time_and_materials}
  - id: clock
    vendor: harvest
    roles: [time]
    base_url: env:CLOCK_URL
    account: "77"
    credentials: {token: env:CLOCK_TOKEN}
    legal_entities: [UK]
    requests_per_second: 1000
    options: {page_size: 2, customer_key: {field: address}}
  - id: sheets
    vendor: files
    roles: [time]
    legal_entities: [IE]
    freshness_hours: 900
    options:
      folder: env:SHEETS
      streams:
        - name: time
          table: time_entries
          path: time.csv
          id: [id]
          columns:
            resource_external_id: person
            project_external_id: project
            work_date: date
            seconds: {column: hours, unit: hours}
            is_billable: {const: true}
            approval_state: state
        - {name: projects, table: projects, path: time.csv, id: [project], distinct: true,
           columns: {match_key: project, name: {const: Bridge}, status: {const: active},
                     is_billable: {const: true}}}
        - {name: people, table: resources, path: time.csv, id: [person], distinct: true,
           columns: {match_key: person, name: person, home_legal_entity: {const: IE},
                     is_active: {const: true}}}
  - id: books
    vendor: business_central
    roles: [erp]
    base_url: env:BOOKS_URL
    credentials: {client_id: env:BOOKS_ID, client_secret: env:BOOKS_SECRET}
    requests_per_second: 1000
    max_commit_delay_seconds: 0.3
    options:
      tenant: north
      environment: Production
      token_url: env:BOOKS_TOKEN_URL
      companies:
        UK: 11111111-1111-4111-8111-111111111111
        IE: 22222222-2222-4222-8222-222222222222
      revenue_accounts: ["4000"]
      custom_api: {publisher: psIntegration, group: billing, version: v1.0}
routing:
  psa: [{legal_entity: UK, system: psa}, {legal_entity: IE, system: psa}]
  time: [{legal_entity: UK, system: clock}, {legal_entity: IE, system: sheets}]
  erp:
    - {legal_entity: UK, system: books, company: 11111111-1111-4111-8111-111111111111}
    - {legal_entity: IE, system: books, company: 22222222-2222-4222-8222-222222222222}
going_live:
  - {legal_entity: UK, time_system: clock, bill_from: 2026-03-01}
  - {legal_entity: IE, time_system: sheets, bill_from: 2026-03-01}
ownership: [{object: project, field: "*", system: psa}, {object: customer, system: books}]
rates: {source: psa, precedence: [assignment]}
slas: {posting_days: 60, approval_days: 60}
rules: {MD03: {tolerances: {requires_purchase_order: 0}}}
approval:
  automatic:
    max_amount_per_batch: {GBP: "100000", EUR: "100000"}
    max_lines_per_batch: 100
    max_amount_per_day: {GBP: "100000", EUR: "100000"}
    max_amount_per_month: {GBP: "900000", EUR: "900000"}
stores: {folder: state}
"""

PEOPLE = (("Ann Field", "ann.field@example.com", "UK"), ("Ben Hall", "ben.hall@example.com", "IE"))
PROJECTS = (("AP-1", "Apollo", "UK", "GBP", "C100"), ("BR-1", "Bridge", "IE", "EUR", "C200"))
CUSTOMERS = (("C100", "Northwind", "GBP"), ("C200", "Lakeside", "EUR"))


def custom(key: int, subject: str, subject_id: str, name: str, value: str) -> dict[str, Any]:
    return {"id": str(key), "subject_type": subject, "subject_id": subject_id, "value": value,
            "display_value": value, "type": "string", "custom_field_name": name}  # fmt: skip


def kantata() -> dict[str, list[dict[str, Any]]]:
    """People, customers, projects and prices: 100 an hour on AP-1, 80 on BR-1."""
    fields = [("Home", "User", str(11 + at), entity) for at, (_, _, entity) in enumerate(PEOPLE)]
    for at, (code, _, entity, _, customer) in enumerate(PROJECTS):
        fields += [("Code", "Workspace", str(1 + at), code),
                   ("Entity", "Workspace", str(1 + at), entity),
                   ("Billing", "Workspace", str(1 + at), "TM"),
                   ("Number", "WorkspaceGroup", str(7 + at), customer)]  # fmt: skip
    return {
        "users": [{"id": str(11 + at), "full_name": name, "email_address": email}
                  for at, (name, email, _) in enumerate(PEOPLE)],
        "account_memberships": [{"id": str(91 + at), "user_id": str(11 + at)} for at in (0, 1)],
        "workspace_groups": [{"id": str(7 + at), "name": name, "company": True}
                             for at, (_, name, _) in enumerate(CUSTOMERS)],
        "workspaces": [
            {"id": str(1 + at), "title": title, "archived": False, "currency": currency,
             "currency_base_unit": 100, "workspace_group_ids": [str(7 + at)],
             "primary_workspace_group_id": str(7 + at), "start_date": "2026-01-05",
             "status": {"key": 300, "message": "Active"}}
            for at, (_, title, _, currency, _) in enumerate(PROJECTS)],
        "custom_field_values": [custom(60 + at, subject, key, name, value)
                                for at, (name, subject, key, value) in enumerate(fields)],
        "workspace_resources": [
            {"id": str(81 + at), "workspace_id": str(1 + at), "user_id": str(11 + at),
             "role_name": "Consultant", "resource_bill_rate": rate,
             "earliest_allocation_date": "2026-01-05"}
            for at, rate in enumerate((10_000, 8_000))],
    }  # fmt: skip


def harvest_entry(number: int, day: str, hours: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "spent_date": day, "hours": Decimal(hours), "rounded_hours": Decimal(hours),
        "hours_without_timer": Decimal(hours), "user": {"id": 5, "name": "Ann Field"},
        "client": {"id": 7, "name": "Northwind", "currency": "GBP"},
        "project": {"id": 8, "name": "Apollo", "code": "AP-1"},
        "task": {"id": 9, "name": "Build"}, "user_assignment": {"id": 10, "is_active": True},
        "task_assignment": {"id": 12, "billable": True, "is_active": True}, "notes": None,
        "is_locked": True, "locked_reason": None, "is_closed": False, "is_billed": False,
        "approval_status": "approved", "is_running": False, "billable": True, "budgeted": True,
        "timer_started_at": None, "started_time": None, "ended_time": None, "invoice": None,
        "external_reference": None, "billable_rate": None, "cost_rate": None, **more,
    }  # fmt: skip


def harvest() -> dict[str, list[dict[str, Any]]]:
    """Five approved entries of Ann on AP-1: 8, 7.5, 4, 2.25 and 1 hours."""
    client = {"id": 7, "name": "Northwind", "currency": "GBP"}
    project = {"id": 8, "name": "Apollo", "code": "AP-1", "is_active": True, "is_billable": True,
               "is_fixed_fee": False, "client": client}  # fmt: skip
    task = {"id": 9, "name": "Build"}
    user = {"id": 5, "name": "Ann Field"}
    days = (("2026-03-02", "8"), ("2026-03-03", "7.5"), ("2026-03-04", "4"),
            ("2026-03-05", "2.25"), ("2026-03-06", "1"))  # fmt: skip
    return {
        "company": [{"id": 1, "name": "North Bridge", "weekly_capacity": 144000}],
        "users": [{"id": 5, "first_name": "Ann", "last_name": "Field", "is_active": True,
                   "email": "ann.field@example.com", "timezone": "London", "roles": []}],
        "clients": [{**client, "is_active": True, "address": "C100"}],
        "projects": [project],
        "tasks": [{**task, "is_active": True, "billable_by_default": True}],
        "task_assignments": [{"id": 12, "billable": True, "is_active": True, "task": task,
                              "project": project}],
        "user_assignments": [{"id": 10, "is_active": True, "user": user, "project": project}],
        "time_entries": [harvest_entry(101 + at, day, hours)
                         for at, (day, hours) in enumerate(days)],
    }  # fmt: skip


def books(company: str) -> dict[str, list[dict[str, Any]]]:
    """One company's books: January and February closed, March open."""
    is_uk = company == UK
    at = 0 if is_uk else 1
    code, title, _, currency, customer = PROJECTS[at]
    number, name, _ = CUSTOMERS[at]
    dimension = "33333333-0000-4000-8000-00000000000" + str(at)
    return {
        "customers": [{"number": number, "displayName": name, "currencyCode": currency,
                       "blocked": " "}],
        "accounts": [{"number": n, "displayName": n, "directPosting": True, "blocked": False}
                     for n in ("1100", "2200", "4000")],
        "currencies": [{"code": currency}],
        "dimensions": [{"id": dimension, "code": "PROJECT"}],
        "dimensionValues": [{"code": code, "dimensionId": dimension, "displayName": title}],
        "accountingPeriods": [{"startingDate": f"2026-{month:02d}-01", "name": "M",
                               "closed": month < 3} for month in range(1, 7)],
        "generalLedgerSetup": [{"localCurrencyCode": currency, "allowPostingFrom": "2026-03-01",
                                "allowPostingTo": "2026-12-31"}],
        "projects": [{"number": code, "displayName": title}],
        "projectBillings": [{"projectNumber": code, "customerNumber": customer, "status": "Open",
                             "currencyCode": currency, "revenueAccountNumber": "4000",
                             "taxCode": "STANDARD", "costCentreCode": "CC1",
                             "billingRule": "T&M", "purchaseOrderNumber": "PO1"}],
    }  # fmt: skip
