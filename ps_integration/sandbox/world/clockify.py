"""What Clockify holds: the time of people employed in the UK and in India."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from ps_integration.sandbox.codec import Document, utc_seconds
from ps_integration.sandbox.world.entries import BILL_FROM, Entry
from ps_integration.sandbox.world.listed import OLD_CLOCKIFY_PROJECT, OLD_PROJECT_NUMBERS
from ps_integration.sandbox.world.people import PEOPLE, ZONES, Person
from ps_integration.sandbox.world.projects import CUSTOMERS, TASKS, Project
from ps_integration.sandbox.world.record import SETTING_UP, Record

SYSTEM = "clockify_emea"
WORKSPACE = "65900000000000000000beef"
_APPROVER = "Indira Joshi"
_STATES = {
    "submitted": "PENDING",
    "approved": "APPROVED",
    "rejected": "REJECTED",
    "withdrawn": "WITHDRAWN_APPROVAL",
}


def records(day: date, projects: Iterable[Project], people: set[Person]) -> Iterator[Record]:
    """Master data at the end of a day."""
    yield Record(SYSTEM, "workspaces", WORKSPACE, {"id": WORKSPACE, "name": "Halden Ridge EMEA"})
    yield from (_user(person) for person in PEOPLE if person in people)
    shown = [project for project in projects if is_here(project)]
    yield from (_client(number) for number in sorted({project.customer for project in shown}))
    for project in shown:
        ids = [project.clockify_id]
        ids += [OLD_CLOCKIFY_PROJECT] if project.code == "UK-203" else []
        for project_id in ids:
            yield _project(project, project_id, day, people)
            yield from _tasks(project, project_id)


def is_here(project: Project) -> bool:
    """Whether people of the UK or India book time on it."""
    return any(entity in project.staff for entity in ("UK", "IN")) or (
        project.entity != "US" and not project.staff
    )


def _membership(person: Person, kind: str, target: str) -> Document:
    return {
        "userId": person.clockify_id,
        "hourlyRate": None,
        "costRate": None,
        "targetId": target,
        "membershipType": kind,
        "membershipStatus": "ACTIVE",
    }


def _user(person: Person) -> Record:
    document = {
        "id": person.clockify_id,
        "email": person.email,
        "name": person.name,
        "status": "ACTIVE",
        "activeWorkspace": WORKSPACE,
        "defaultWorkspace": WORKSPACE,
        "memberships": [_membership(person, "WORKSPACE", WORKSPACE)],
        "settings": {"timeZone": ZONES[person.entity], "weekStart": "MONDAY"},
    }
    return Record(SYSTEM, "users", person.clockify_id, document)


def _client_id(customer: str) -> str:
    return f"65c0{int(customer[1:] or 0):020x}"


def _client(customer: str) -> Record:
    name = CUSTOMERS[customer][0] if customer else "Halden Ridge"
    document = {
        "id": _client_id(customer),
        "workspaceId": WORKSPACE,
        "name": name,
        "email": None,
        "address": None,
        "archived": False,
        "currencyId": None,
        "note": f"Customer {customer}" if customer else None,
    }
    return Record(SYSTEM, "clients", _client_id(customer), document)


def _project(project: Project, project_id: str, day: date, people: set[Person]) -> Record:
    members = [person for person in PEOPLE if person in people and person.entity in project.staff]
    document = {
        "id": project_id,
        "workspaceId": WORKSPACE,
        "name": project.title,
        "clientId": _client_id(project.customer),
        "clientName": CUSTOMERS[project.customer][0] if project.customer else "Halden Ridge",
        "billable": project.billing != "internal",
        "archived": project.is_closed(day),
        "public": True,
        "color": "#2f6690",
        "hourlyRate": None,
        "costRate": None,
        "memberships": [_membership(person, "PROJECT", project_id) for person in members],
        "note": "",
    }
    return Record(SYSTEM, "projects", project_id, document)


def _task_id(task: str, project_id: str) -> str:
    return f"65d{list(TASKS).index(task)}{project_id[4:]}"


def _tasks(project: Project, project_id: str) -> Iterator[Record]:
    for task, is_billable in TASKS.items():
        key = _task_id(task, project_id)
        document = {
            "id": key,
            "name": task,
            "projectId": project_id,
            "assigneeIds": [],
            "status": "ACTIVE",
            "billable": is_billable and project.billing != "internal",
            "estimate": "PT0S",
            "duration": None,
            "hourlyRate": None,
        }
        yield Record(SYSTEM, "tasks", key, document)


def entry(one: Entry) -> Record:
    """One entry as it stands; a timer that runs has no end."""
    old = one.number in OLD_PROJECT_NUMBERS
    project_id = OLD_CLOCKIFY_PROJECT if old else one.project.clockify_id
    started = one.started_at
    ended = None if one.is_running else started + timedelta(minutes=one.minutes)
    hours, minutes = divmod(one.minutes, 60)
    document = {
        "id": one.id,
        "workspaceId": WORKSPACE,
        "userId": one.person.clockify_id,
        "projectId": project_id,
        "taskId": _task_id(one.task, project_id),
        "description": one.note,
        "billable": one.is_billable,
        "isLocked": one.state == "approved",
        "type": "REGULAR",
        "tagIds": [],
        "customFieldValues": [],
        "hourlyRate": None,
        "costRate": None,
        "timeInterval": {
            "start": utc_seconds(started),
            "end": utc_seconds(ended) if ended else None,
            "duration": f"PT{hours}H{minutes}M" if ended else None,
        },
    }
    return Record(SYSTEM, "time_entries", one.id, document, one.created_at, one.updated_at)


def marks(entries: Iterable[Entry]) -> Iterator[Record]:
    """Time before going live was invoiced by hand and is marked so."""
    for one in entries:
        if one.state == "approved" and one.work_date < BILL_FROM:
            invoiced = {"invoiced": True}
            at = one.updated_at
            yield Record(SYSTEM, "invoiced_entries", one.id, invoiced, at, at)


def requests(entries: Iterable[Entry]) -> Iterator[Record]:
    """The approval requests: a timesheet per person and half-month, and some handed in alone."""
    sheets: dict[str, list[Entry]] = {}
    for one in entries:
        if one.submitted_at is not None:
            key = f"65e0{one.person.number:04x}{one.submitted_at:%Y%m%d%H%M}{0:04x}"
            alone = f"65e1{one.number:020x}"
            sheets.setdefault(alone if one.own_request else key, []).append(one)
    for key, sheet in sheets.items():
        yield _request(key, sheet)


def _request(key: str, sheet: list[Entry]) -> Record:
    first = sheet[0]
    person = first.person
    submitted = first.submitted_at or SETTING_UP
    at = max(one.approved_at or submitted for one in sheet)
    if first.state == "withdrawn":
        at = first.changed_at or at
    days = sorted(one.work_date for one in sheet)
    status = {
        "state": _STATES[first.state],
        "note": "",
        "updatedAt": utc_seconds(at),
        "updatedBy": PEOPLE[-1].clockify_id,
        "updatedByUserName": person.name if first.state == "submitted" else _APPROVER,
    }
    document = {
        "approvalRequest": {
            "id": key,
            "workspaceId": WORKSPACE,
            "dateRange": {
                "start": utc_seconds(datetime.combine(days[0], datetime.min.time(), UTC)),
                "end": utc_seconds(datetime.combine(days[-1], datetime.max.time(), UTC)),
            },
            "owner": {"userId": person.clockify_id, "userName": person.name},
            "creator": {"userId": person.clockify_id, "userName": person.name},
            "status": status,
        },
        "entries": [{"id": one.id, "approvalRequestId": key} for one in sheet],
    }
    return Record(SYSTEM, "approval_requests", key, document, submitted, at)
