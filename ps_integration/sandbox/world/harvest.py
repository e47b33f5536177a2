"""What Harvest holds: the time of people employed in the US."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.world.entries import BILL_FROM, Entry
from ps_integration.sandbox.world.people import PEOPLE, RAILS_ZONES, Person
from ps_integration.sandbox.world.projects import CUSTOMERS, START, TASKS, Project
from ps_integration.sandbox.world.record import SETTING_UP, Record, text_of

SYSTEM = "harvest_us"
ACCOUNT = "410200"
STATEMENT_KEY_FROM = date(2026, 3, 3)
"""From this day on the vendor sends one more field with every client."""
_OWN = "Halden Ridge"
_STATUS = {"draft": "unsubmitted", "submitted": "submitted", "approved": "approved"}
_LOCKED = "Item Approved and Locked for this Time Period"


def records(day: date, projects: Iterable[Project], people: set[Person]) -> Iterator[Record]:
    """Master data at the end of a day."""
    yield Record(SYSTEM, "company", "1", _company())
    yield from (_user(person) for person in PEOPLE if person in people)
    shown = [project for project in projects if is_here(project)]
    customers = {project.customer for project in shown}
    yield from (_client(number, day) for number in sorted(customers))
    for at, (task, is_billable) in enumerate(TASKS.items(), start=1):
        yield Record(SYSTEM, "tasks", str(at), _task(at, task, is_billable=is_billable))
    for project in shown:
        yield Record(SYSTEM, "projects", str(project.harvest_id), _project(project, day))
        yield from _task_assignments(project)
        yield from _user_assignments(project, people)


def is_here(project: Project) -> bool:
    """Whether people of the US book time on it."""
    return "US" in project.staff or (project.entity == "US" and not project.staff)


def _company() -> Document:
    return {
        "base_uri": "https://haldenridge.harvestapp.com",
        "full_domain": "haldenridge.harvestapp.com",
        "name": "Halden Ridge Consulting Inc",
        "is_active": True,
        "week_start_day": "Monday",
        "wants_timestamp_timers": False,
        "time_format": "decimal",
        "date_format": "%Y-%m-%d",
        "approval_feature": True,
        "weekly_capacity": 144_000,
    }


def _user(person: Person) -> Record:
    document = {
        "id": person.harvest_id,
        "first_name": person.given,
        "last_name": person.family,
        "email": person.email,
        "telephone": "",
        "timezone": RAILS_ZONES["US"],
        "is_contractor": False,
        "is_active": True,
        "weekly_capacity": 144_000,
        "default_hourly_rate": None,
        "cost_rate": None,
        "roles": [person.grade],
        "access_roles": ["member"],
    }
    return Record(SYSTEM, "users", str(person.harvest_id), document)


def _client_id(customer: str) -> int:
    return 3_300_000 + int(customer[1:] or 0)


def _client_reference(customer: str) -> Document:
    name, currency = (CUSTOMERS[customer][0], CUSTOMERS[customer][2]) if customer else (_OWN, "USD")
    return {"id": _client_id(customer), "name": name, "currency": currency}


def _client(customer: str, day: date) -> Record:
    document = {
        **_client_reference(customer),
        "is_active": True,
        "address": f"Customer {customer}" if customer else None,
    }
    changed = SETTING_UP
    if day >= STATEMENT_KEY_FROM:
        document["statement_key"] = f"{_client_id(customer):032x}"
        changed = datetime.combine(STATEMENT_KEY_FROM, datetime.min.time(), UTC)
    return Record(SYSTEM, "clients", str(_client_id(customer)), document, SETTING_UP, changed)


def _task(number: int, name: str, *, is_billable: bool) -> Document:
    return {
        "id": number,
        "name": name,
        "billable_by_default": is_billable,
        "default_hourly_rate": None,
        "is_default": True,
        "is_active": True,
    }


def _project(project: Project, day: date) -> Document:
    return {
        "id": project.harvest_id,
        "name": project.title,
        "code": project.code,
        "client": _client_reference(project.customer),
        "is_active": not project.is_closed(day),
        "is_billable": project.billing != "internal",
        "is_fixed_fee": project.billing == "fixed_fee",
        "bill_by": "none",
        "hourly_rate": None,
        "budget": None,
        "budget_by": "none",
        "budget_is_monthly": False,
        "cost_budget": None,
        "fee": None,
        "notes": None,
        "starts_on": START.isoformat(),
        "ends_on": text_of(project.closed_on) if project.is_closed(day) else None,
    }


def _task_assignments(project: Project) -> Iterator[Record]:
    for at, (task, is_billable) in enumerate(TASKS.items(), start=1):
        number = project.harvest_id * 10 + at
        document = {
            "id": number,
            "project": _project_reference(project),
            "task": {"id": at, "name": task},
            "is_active": True,
            "billable": is_billable and project.billing != "internal",
            "hourly_rate": None,
            "budget": None,
        }
        yield Record(SYSTEM, "task_assignments", str(number), document)


def _user_assignments(project: Project, people: set[Person]) -> Iterator[Record]:
    for person in PEOPLE:
        if person not in people:
            continue
        number = project.harvest_id * 100 + person.number
        document = {
            "id": number,
            "project": _project_reference(project),
            "user": {"id": person.harvest_id, "name": person.name},
            "is_active": True,
            "is_project_manager": False,
            "use_default_rates": True,
            "hourly_rate": None,
            "budget": None,
        }
        yield Record(SYSTEM, "user_assignments", str(number), document)


def _project_reference(project: Project) -> Document:
    return {"id": project.harvest_id, "name": project.title, "code": project.code}


def entry(one: Entry) -> Record:
    """One entry as it stands."""
    is_approved = one.state == "approved"
    hours = Decimal(one.minutes) / 60
    task = list(TASKS).index(one.task) + 1
    document = {
        "id": int(one.id),
        "spent_date": one.work_date.isoformat(),
        "user": {"id": one.person.harvest_id, "name": one.person.name},
        "client": _client_reference(one.project.customer),
        "project": _project_reference(one.project),
        "task": {"id": task, "name": one.task},
        "hours": hours,
        "hours_without_timer": hours,
        "rounded_hours": hours,
        "notes": one.note or None,
        "is_locked": is_approved,
        "locked_reason": _LOCKED if is_approved else None,
        "is_closed": is_approved,
        "approval_status": _STATUS[one.state],
        "is_billed": is_approved and one.work_date < BILL_FROM,
        "timer_started_at": None,
        "started_time": None,
        "ended_time": None,
        "is_running": False,
        "invoice": None,
        "external_reference": None,
        "billable": one.is_billable,
        "budgeted": False,
        "billable_rate": None,
        "cost_rate": None,
    }
    return Record(SYSTEM, "time_entries", one.id, document, one.created_at, one.updated_at)
