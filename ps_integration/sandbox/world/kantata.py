"""What Kantata holds: people, customers, projects, prices, milestones and its own actuals."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.world.entries import Entry
from ps_integration.sandbox.world.listed import WITHOUT_PSA_COPY
from ps_integration.sandbox.world.people import PEOPLE, Person
from ps_integration.sandbox.world.projects import CUSTOMERS, START, TASKS, Project
from ps_integration.sandbox.world.rates import CARDS
from ps_integration.sandbox.world.record import SETTING_UP, Record, text_of

SYSTEM = "kantata"
BILLING_TYPES = {
    "tm": "Time and materials",
    "milestone": "Milestones",
    "fixed_fee": "Fixed fee",
    "internal": "Internal",
}
MILESTONES = {
    "US-107": (("Plan agreed", 1_500_000, None), ("Clinic live", 4_500_000, date(2026, 3, 5))),
    "UK-206": (("Controls tested", 3_000_000, date(2026, 2, 17)), ("Sign-off", 2_000_000, None)),
}
"""Name, amount in minor units of the project's currency, and the day it was reached."""
_SYMBOLS = {"USD": "$", "GBP": "£", "INR": "₹", "EUR": "€"}
ROLES = tuple(dict.fromkeys(person.grade for person in PEOPLE))


def records(day: date, projects: Iterable[Project], people: set[Person]) -> Iterator[Record]:
    """Master data at the end of a day."""
    for at, role in enumerate(ROLES, start=1):
        yield Record(SYSTEM, "roles", str(at), {"id": str(at), "name": role})
    for person in PEOPLE:
        if person in people:
            yield from _user(person)
    shown = tuple(projects)
    for number in sorted({project.customer for project in shown} - {""}):
        yield from _group(number)
    for project in shown:
        yield from _workspace(project, day)
        yield from _stories(project, day)
        yield from _places(project, people)
    yield from _cards()


def _custom(subject: str, key: str, at: int, name: str, value: object) -> Record:
    number = str(int(key) * 10 + at)
    document = {
        "id": number,
        "subject_type": subject,
        "subject_id": key,
        "value": value,
        "display_value": str(value),
        "can_edit": True,
        "type": "currency" if isinstance(value, int) else "string",
        "setter_id": None,
        "account_id": "1",
        "custom_field_id": str(at),
        "custom_field_name": name,
    }
    return Record(SYSTEM, "custom_field_values", number, document)


def _user(person: Person) -> Iterator[Record]:
    key = person.kantata_id
    document = {
        "id": key,
        "full_name": person.name,
        "photo_path": None,
        "email_address": person.email,
        "headline": person.grade,
        "disabled": False,
        "account_id": "1",
        "account_permission": "punch_clock",
        "role_id": str(ROLES.index(person.grade) + 1),
    }
    yield Record(SYSTEM, "users", key, document)
    membership = {
        "id": key,
        "user_id": key,
        "disabled_at": None,
        "permission": "punch_clock",
        "can_log_in": True,
        "non_participant": False,
    }
    yield Record(SYSTEM, "account_memberships", key, membership)


def _group_id(customer: str) -> str:
    return str(31_000_000 + int(customer[1:]))


def _group(customer: str) -> Iterator[Record]:
    key = _group_id(customer)
    document = {"id": key, "name": CUSTOMERS[customer][0], "company": True}
    yield Record(SYSTEM, "workspace_groups", key, document)
    yield _custom("WorkspaceGroup", key, 1, "Customer number", customer)


def _workspace(project: Project, day: date) -> Iterator[Record]:
    key, closed = project.kantata_id, project.is_closed(day)
    groups = [_group_id(project.customer)] if project.customer else []
    document = {
        "id": key,
        "title": project.title,
        "account_id": "1",
        "archived": closed,
        "description": "",
        "start_date": START.isoformat(),
        "due_date": text_of(project.closed_on) if closed else None,
        "currency": project.currency,
        "currency_symbol": _SYMBOLS[project.currency],
        "currency_base_unit": 100,
        "status": {"color": "green", "key": 300, "message": "Active"},
        "rate_card_id": _card_id(project.rate_card),
        "require_time_approvals": True,
        "time_trackable": True,
        "workspace_group_ids": groups,
        "primary_workspace_group_id": groups[0] if groups else None,
        "participant_ids": [],
    }
    yield Record(SYSTEM, "workspaces", key, document)
    fields = ("Project code", "Legal entity", "Billing type")
    values = (project.code, project.entity, BILLING_TYPES[project.billing])
    for at, (name, value) in enumerate(zip(fields, values, strict=True), start=1):
        yield _custom("Workspace", key, at, name, value)
    if project.cap:
        yield _custom("Workspace", key, 4, "Not to exceed", project.cap * 100)
    if closed:
        yield _custom("Workspace", key, 5, "Closed on", str(project.closed_on))


def _story_id(project: Project, at: int) -> str:
    return str(41_000_000 + project.number * 100 + at)


def _story(project: Project, at: int, title: str, *, is_billable: bool) -> Document:
    return {
        "id": _story_id(project, at),
        "workspace_id": project.kantata_id,
        "title": title,
        "story_type": "task",
        "state": "started",
        "billable": is_billable,
        "archived": False,
        "deleted_at": None,
        "due_date": None,
        "start_date": None,
        "budget_estimate_in_cents": None,
        "fixed_fee": False,
        "time_trackable": True,
    }


def _stories(project: Project, day: date) -> Iterator[Record]:
    for at, (task, billable) in enumerate(TASKS.items(), start=1):
        is_billable = billable and project.billing != "internal"
        story = _story(project, at, task, is_billable=is_billable)
        yield Record(SYSTEM, "stories", story["id"], story)
    for at, (name, amount, reached_on) in enumerate(MILESTONES.get(project.code, ()), start=11):
        reached = reached_on is not None and reached_on <= day
        story = {
            **_story(project, at, name, is_billable=True),
            "story_type": "milestone",
            "state": "completed" if reached else "started",
            "budget_estimate_in_cents": amount,
            "fixed_fee": True,
            "time_trackable": False,
        }
        changed = _noon(reached_on) if reached_on and reached else SETTING_UP
        yield Record(SYSTEM, "stories", story["id"], story, SETTING_UP, changed)
        yield _state_change(story["id"], 1, "started", SETTING_UP)
        if reached:
            yield _state_change(story["id"], 2, "completed", changed)


def _noon(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC).replace(hour=12)


def _state_change(story: str, at: int, state: str, when: datetime) -> Record:
    key = f"{story}{at}"
    document = {
        "id": key,
        "story_id": story,
        "state": state,
        "formatted_state": state.capitalize(),
        "user_id": PEOPLE[0].kantata_id,
    }
    return Record(SYSTEM, "story_state_changes", key, document, when, when)


def _places(project: Project, people: set[Person]) -> Iterator[Record]:
    for person in PEOPLE:
        if person not in people or person.entity not in project.staff:
            continue
        key = str(51_000_000 + project.number * 1000 + person.number)
        document = {
            "id": key,
            "workspace_id": project.kantata_id,
            "user_id": person.kantata_id,
            "role_id": str(ROLES.index(person.grade) + 1),
            "label": person.name,
            "role_name": person.grade,
            "full_name": person.name,
            "resource_bill_rate": None,
            "earliest_allocation_date": START.isoformat(),
            "latest_allocation_date": None,
        }
        yield Record(SYSTEM, "workspace_resources", key, document)


def _card_id(name: str) -> str:
    return str(61_000 + list(CARDS).index(name) * 100)


def _cards() -> Iterator[Record]:
    for name, card in CARDS.items():
        key = _card_id(name)
        of_set = {"id": key, "title": f"{name} 2026", "account_default": False}
        yield Record(SYSTEM, "rate_card_sets", key, of_set)
        document = {"id": key, "rate_card_set_id": key, "currency": card.currency, "uses": 1}
        yield Record(SYSTEM, "rate_cards", key, document)
        for at, (start, prices) in enumerate(card.versions.items(), start=1):
            version = str(int(key) + at)
            dated = {
                "id": version,
                "rate_card_set_id": key,
                "active": True,
                "effective_date": start.isoformat(),
                "used_currencies": [card.currency],
            }
            yield Record(SYSTEM, "rate_card_set_versions", version, dated)
            link = {
                "id": version,
                "rate_card_id": key,
                "rate_card_set_version_id": version,
                "default_rate": 0,
            }
            yield Record(SYSTEM, "rate_card_versions", version, link)
            for role, price in prices.items():
                number = f"{version}{ROLES.index(role) + 1:02d}"
                priced = {
                    "id": number,
                    "rate_card_version_id": version,
                    "role_id": str(ROLES.index(role) + 1),
                    "rate": int(price * 100),
                }
                yield Record(SYSTEM, "rate_card_roles", number, priced)


def actual(one: Entry) -> Record | None:
    """The PSA's copy of an entry: made when the entry is approved, set to nothing with it."""
    if one.approved_at is None or one.state == "rejected" or one.number in WITHOUT_PSA_COPY:
        return None
    minutes = one.minutes if one.psa_minutes is None else one.psa_minutes
    document = {
        "id": one.kantata_id,
        "workspace_id": one.project.kantata_id,
        "user_id": one.person.kantata_id,
        "story_id": _story_id(one.project, list(TASKS).index(one.task) + 1),
        "date_performed": one.work_date.isoformat(),
        "time_in_minutes": minutes,
        "billable": one.is_billable,
        "notes": one.note or None,
        "rate_in_cents": 0,
        "currency": one.project.currency,
        "currency_symbol": _SYMBOLS[one.project.currency],
        "currency_base_unit": 100,
        "approved": True,
        "taxable": False,
        "is_invoiced": False,
    }
    at = one.approved_at
    return Record(SYSTEM, "time_entries", one.kantata_id, document, at, one.changed_at or at)
