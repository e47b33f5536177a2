"""Makes a clean world of some 25,000 entries: everything agrees, and no rule finds anything.

Worked in March 2026; what was worked until the 20th is posted, the rest was approved yesterday.
"""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.firm import AS_OF, ENTITIES, REVENUE, TIME_SYSTEM
from ps_integration_tests.quality.world import World

PEOPLE, PROJECTS, CUSTOMERS = 380, 225, 66
OLD = 150
"""Projects with a lower number were worked on before the 21st; others began after it."""
DAYS = [date(2026, 3, day) for day in range(2, 28) if date(2026, 3, day).weekday() < 5]
POSTED_UNTIL = date(2026, 3, 20)
ROLES = {"Consultant": "120.50", "Manager": "180.25", "Partner": "310.00", "Analyst": "91.40"}
TASKS = {"design": True, "build": True, "review": True, "travel": False}
IDLE_TASK = "handover"
"""A task of every project on which nobody works."""
STREAMS = {
    "harvest": ("time_entries", "projects", "tasks", "resources", "assignments"),
    "clockify": (
        "time_entries", "projects", "tasks", "resources", "assignments", "invoice_statuses",
    ),
    "psa": (
        "time_entries", "projects", "customers", "tasks", "resources", "assignments", "rates",
        "milestones", "invoice_statuses",
    ),
    "bc": (
        "customers", "projects", "rates", "accounting_periods", "fx_rates", "erp_documents",
        "erp_lines",
    ),
    "hr": ("resources", "absences"),
    "crm": ("opportunities",),
}  # fmt: skip
NIGHTS = 7
_VOWELS, _CONSONANTS = "aeiou", "bdfgklmnprstvz"


@dataclass(frozen=True)
class Project:
    """What a generator needs to know of a project."""

    number: int
    entity: str
    customer: int
    kind: str

    @property
    def key(self) -> str:
        return f"p-{self.number:03}"

    @property
    def is_old(self) -> bool:
        return self.number < OLD

    @property
    def has_actuals(self) -> bool:
        """Whether the PSA keeps hours of its own for it."""
        return self.is_old and self.number % 4 == 0


def word(rng: random.Random, syllables: int = 3) -> str:
    """A word that nobody knows."""
    made = (rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(syllables))
    return "".join(made).capitalize()


def clean(seed: int) -> World:
    """The clean world of a seed."""
    world = World(random.Random(seed))
    projects = [_project(number) for number in range(PROJECTS)]
    _reads(world)
    for entity, currency in ENTITIES.items():
        _books(world, entity, currency)
    _customers(world)
    for project in projects:
        _project_rows(world, project)
    _people(world)
    _entries(world, projects)
    _documents(world)
    _sales_and_leave(world, projects)
    return world


def _project(number: int) -> Project:
    entity = list(ENTITIES)[number % 3]
    kinds = {4: "fixed_fee", 7: "milestone", 11: "internal"}
    customer = number % 3 + 3 * (number // 3 % (CUSTOMERS // 3))
    return Project(number, entity, customer, kinds.get(number // 3 % 13, "time_and_materials"))


def _reads(world: World) -> None:
    for system, streams in STREAMS.items():
        for stream in streams:
            for night in range(NIGHTS):
                at = AS_OF - timedelta(days=night, hours=1)
                run = "quality-04-01" if night == 0 else f"night-{night}"
                world["raw.reads"][system, stream, night] = {
                    "run_id": run, "system": system, "stream": stream, "mode": "full",
                    "status": "complete", "records_read": 900 + world.rng.randrange(200),
                    "started_at": at, "finished_at": at + timedelta(minutes=5),
                }  # fmt: skip
            for path in ("$.id", "$.name", "$.updated"):
                world["raw.shapes"][system, stream, path, "string"] = {
                    "system": system, "stream": stream, "path": path, "json_type": "string",
                    "first_seen_at": AS_OF - timedelta(days=200), "last_seen_at": AS_OF,
                    "run_id": "quality-04-01", "records_seen": 5000,
                }  # fmt: skip


def _books(world: World, entity: str, currency: str) -> None:
    world["ops.openings"][entity] = {
        "legal_entity": entity,
        "time_system": TIME_SYSTEM[entity],
        "signed_by": "Ravi Shah",
    }
    for month, state in ((2, "closed"), (3, "open"), (4, "not_open")):
        world.put(
            "accounting_periods", "bc", f"{entity}-{month}", company=f"{entity} Ltd",
            period=f"2026-{month:02}", starts_on=date(2026, month, 1),
            ends_on=date(2026, month + 1, 1), state=state,
        )  # fmt: skip
    for other in sorted(set(ENTITIES.values()) - {currency}):
        for day in range(45):
            on = date(2026, 2, 15) + timedelta(days=day)
            world.put(
                "fx_rates", "bc", f"{entity}-{other}-{on}", company=f"{entity} Ltd",
                from_currency=other, to_currency=currency, rate_type="spot", valid_on=on,
                rate=Decimal("0.8") + Decimal(day) / 1000,
            )  # fmt: skip


def _customers(world: World) -> None:
    for number in range(CUSTOMERS):
        name = f"{word(world.rng)} {word(world.rng)}"
        entity = list(ENTITIES)[number % 3]
        for system in ("psa", "bc"):
            world.put(
                "customers", system, f"{system}-C{number}", match_key=f"c-{number:02}", name=name,
                currency=ENTITIES[entity], legal_entity=entity, is_blocked=False,
                company=f"{entity} Ltd" if system == "bc" else None,
            )  # fmt: skip


def _project_rows(world: World, project: Project) -> None:
    rng, entity = world.rng, project.entity
    name = f"{word(rng)} {word(rng)} {rng.choice(('rollout', 'audit', 'migration', 'design'))}"
    shared = {
        "match_key": project.key, "name": name, "customer_key": f"c-{project.customer:02}",
        "currency": ENTITIES[entity], "status": "active", "billing_type": project.kind,
        "is_billable": project.kind != "internal", "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31), "has_billing_attributes": False,
    }  # fmt: skip
    for system in ("psa", "bc", TIME_SYSTEM[entity]):
        more: Row = {}
        if system != TIME_SYSTEM[entity]:
            more = {"legal_entity": entity, "customer_external_id": f"{system}-C{project.customer}"}
        if system == "bc":
            more |= {
                "company": f"{entity} Ltd", "tax_code": "S20", "revenue_account": REVENUE,
                "cost_centre": f"CC{project.number % 7}", "billing_rule": "MONTHLY",
                "purchase_order": f"PO-{project.number}", "has_billing_attributes": True,
            }  # fmt: skip
        world.put("projects", system, external(system, project.number), **shared | more)
    for system in ("psa", TIME_SYSTEM[entity]):
        for task, is_billable in {**TASKS, IDLE_TASK: True}.items():
            world.put(
                "tasks", system, f"{external(system, project.number)}-{task}", name=task,
                match_key=f"{project.key} {task}", is_active=True,
                project_external_id=external(system, project.number),
                is_billable=is_billable and project.kind != "internal",
            )  # fmt: skip
    for role, price in ROLES.items():
        for system in ("psa", "bc") if project.number % 3 == 0 else ("psa",):
            world.put(
                "rates", system, f"{external(system, project.number)}-{role}",
                scope="project_role", project_external_id=external(system, project.number),
                role=role, currency=ENTITIES[entity], valid_from=date(2026, 1, 1),
                unit_price=Decimal(price) + project.number % 9,
            )  # fmt: skip


def external(system: str, number: int) -> str:
    """The id of a project in a system."""
    return f"{system}-P{number:03}"


def _people(world: World) -> None:
    for number in range(PEOPLE):
        entity = list(ENTITIES)[number % 3]
        mail = f"person{number}@example.com"
        for system in ("hr", "psa", TIME_SYSTEM[entity]):
            is_time = system == TIME_SYSTEM[entity]
            world.put(
                "resources", system, f"{system}-R{number}", match_key=mail, email=mail,
                name=f"Person {number}", home_legal_entity=None if is_time else entity,
                role=list(ROLES)[number // 3 % 4] if system == "psa" else None, is_active=True,
                starts_on=date(2020, 1, 1) if system == "hr" else None,
            )  # fmt: skip


def _entries(world: World, projects: list[Project]) -> None:
    rng = world.rng
    by_entity: defaultdict[tuple[str, bool], list[Project]] = defaultdict(list)
    for project in projects:
        by_entity[project.entity, project.is_old].append(project)
    for person in range(PEOPLE):
        entity = list(ENTITIES)[person % 3]
        mine = rng.sample(by_entity[entity, True], 2) + rng.sample(by_entity[entity, False], 1)
        for project in mine:
            _assign(world, person, project)
        for day in DAYS:
            known = mine[:2] if day <= POSTED_UNTIL else mine
            jobs = [(project, task) for project in known for task in TASKS]
            for project, task in rng.sample(jobs, rng.choice((3, 3, 4))):
                _entry(world, person, project, task, day)


def _assign(world: World, person: int, project: Project) -> None:
    for system in ("psa", TIME_SYSTEM[project.entity]):
        world.put(
            "assignments", system, f"{external(system, project.number)}-R{person}",
            project_external_id=external(system, project.number), is_active=True,
            resource_external_id=f"{system}-R{person}", starts_on=date(2026, 1, 1),
            ends_on=date(2026, 9, 30),
        )  # fmt: skip


def _entry(world: World, person: int, project: Project, task: str, day: date) -> None:
    system, rng = TIME_SYSTEM[project.entity], world.rng
    number = len(world["time_entries"])
    is_posted = day <= POSTED_UNTIL
    approved = datetime.combine(day + timedelta(days=3), AS_OF.timetz()) if is_posted else None
    row = add_entry(
        world, system, f"{system}-{number}", person, project.number, task, day,
        900 * rng.randint(3, 10), approved or AS_OF - timedelta(days=1),
    )  # fmt: skip
    bills = row["is_billable"] and project.kind == "time_and_materials"
    row["is_invoiced"] = bool(system == "clockify" and is_posted and bills)
    if not is_posted and rng.random() < 0.01:
        row |= {
            "approval_state": "submitted", "approved_at": None,
            "submitted_at": AS_OF - timedelta(days=2),
        }  # fmt: skip
    if project.has_actuals:
        actual = dict(row) | {
            "system": "psa", "external_id": f"actual-{number}", "record_id": f"actual-{number}",
            "resource_external_id": f"psa-R{person}", "is_invoiced": False,
            "project_external_id": external("psa", project.number), "submitted_at": None,
            "task_external_id": f"{external('psa', project.number)}-{task}",
            "approval_state": "approved", "approved_at": approved,
        }  # fmt: skip
        if row["approval_state"] == "approved":
            world["time_entries"]["psa", f"actual-{number}"] = actual


def add_entry(
    world: World, system: str, external_id: str, person: int, project: int, task: str, day: date,
    seconds: int, approved_at: datetime,
) -> Row:  # fmt: skip
    """An approved entry."""
    task_id = f"{external(system, project)}-{task}"
    return world.put(
        "time_entries", system, external_id, resource_external_id=f"{system}-R{person}",
        project_external_id=external(system, project), task_external_id=task_id, work_date=day,
        seconds=seconds, is_billable=world["tasks"][system, task_id]["is_billable"],
        approval_state="approved", approved_at=approved_at, submitted_at=None, is_invoiced=False,
        note=f"{word(world.rng)} {word(world.rng)} {word(world.rng)}", is_running=False,
    )  # fmt: skip


def role_of(world: World, entry: Row) -> str:
    """The role of the person who worked, from the PSA."""
    person = str(entry["resource_external_id"]).rpartition("-R")[2]
    return str(world["resources"]["psa", f"psa-R{person}"]["role"])


def price_of(world: World, entry: Row) -> Decimal:
    """The price of an hour of that entry, from the PSA."""
    number = str(entry["project_external_id"]).rpartition("-P")[2]
    price = world["rates"]["psa", f"psa-P{number}-{role_of(world, entry)}"]
    return Decimal(str(price["unit_price"]))


def minor(quantity: Decimal, price: Decimal) -> int:
    """Cents, half up."""
    return int((quantity * price * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _documents(world: World) -> None:
    billed: defaultdict[str, list[Row]] = defaultdict(list)
    for entry in world["time_entries"].values():
        project = world["projects"][entry["system"], entry["project_external_id"]]
        is_hourly = project["billing_type"] == "time_and_materials" and entry["is_billable"]
        if entry["system"] != "psa" and entry["work_date"] <= POSTED_UNTIL and is_hourly:
            billed[str(project["match_key"])].append(entry)
    for project, entries in sorted(billed.items()):
        for start in range(0, len(entries), 20):
            ref = f"PS-{project}-202603-{start // 20 + 1}"
            post(world, ref, project, entries[start : start + 20])
    for number in range(OLD):
        if _project(number).kind == "milestone":
            _milestones(world, number)


def _milestones(world: World, number: int) -> None:
    project = world["projects"]["psa", external("psa", number)]
    days = {"one": date(2026, 3, 10), "two": date(2026, 3, 31), "three": None}
    for name, reached in days.items():
        row = world.put(
            "milestones", "psa", f"M{number}-{name}", name=f"{name} of {number}",
            project_external_id=project["external_id"], amount_minor=500_000 + number,
            currency=project["currency"], is_reached=reached is not None, reached_on=reached,
            is_invoiced=False,
        )  # fmt: skip
        if name == "one":
            post(world, f"PS-{project['match_key']}-M", str(project["match_key"]), [row])


def post(world: World, ref: str, project_key: str, sources: list[Row]) -> Row:
    """A document as it was sent, confirmed and read back, told to PSA and time system."""
    project = world.one("projects", system="bc", match_key=project_key)
    erp_id, number = f"id-{ref}", f"INV-{len(world['ops.documents']):05}"
    confirmed = datetime(2026, 3, 28, 3, tzinfo=AS_OF.tzinfo)
    document: Row = {
        "document_ref": ref, "batch_id": f"b-{project['legal_entity']}", "kind": "invoice",
        "system": "bc", "company": project["company"], "legal_entity": project["legal_entity"],
        "project_id": project_key, "customer_key": project["customer_key"],
        "currency": project["currency"], "period": "2026-03", "posting_date": date(2026, 3, 27),
        "state": "posted", "amount_minor": 0, "erp_id": erp_id, "erp_number": number,
        "readback_minor": 0, "sent_at": confirmed, "confirmed_at": confirmed,
    }  # fmt: skip
    world["ops.documents"][ref] = document
    theirs = world.put(
        "erp_documents", "bc", erp_id, company=project["company"], kind="invoice", number=number,
        reference=ref, status="open", is_posted=True, is_standing=True,
        customer_key=project["customer_key"], currency=project["currency"],
        invoice_date=date(2026, 3, 27), posting_date=date(2026, 3, 27), amount_minor=0,
    )  # fmt: skip
    for line_no, source in enumerate(sources, start=1):
        _line(world, document, theirs, line_no, source)
    if world.rng.random() < 0.1:
        world.put(
            "erp_lines", "bc", f"{erp_id}/text", company=project["company"],
            document_external_id=erp_id, line_no=15, line_type="comment", description="Thank you",
            currency=project["currency"],
        )  # fmt: skip
    number_of = project_key.removeprefix("p-")
    _tell(world, "psa", "project", external("psa", int(number_of)), erp_id)
    return document


def _line(world: World, document: Row, theirs: Row, line_no: int, source: Row) -> None:
    is_entry = "seconds" in source
    kind = "time_entry" if is_entry else "milestone"
    quantity = Decimal(int(str(source["seconds"]))) / 3600 if is_entry else Decimal(1)
    price = price_of(world, source) if is_entry else Decimal(int(str(source["amount_minor"]))) / 100
    amount = minor(quantity, price)
    key = f"bc|{source['system']}|{kind}|{source['external_id']}|1|0"
    shared = {"quantity": quantity, "unit_price": price, "amount_minor": amount}
    world["ops.posting_lines"][key] = {
        "line_key": key, "document_ref": document["document_ref"], "line_no": line_no,
        "object_kind": kind, "object_id": f"{source['system']}:{source['external_id']}", "part": 1,
        "correction_no": 0, "project_id": document["project_id"], "period": "2026-03",
        "legal_entity": document["legal_entity"], "currency": document["currency"],
        "work_date": source["work_date" if is_entry else "reached_on"],
        "seconds": source.get("seconds"), **shared,
    }  # fmt: skip
    world.put(
        "erp_lines", "bc", f"{theirs['external_id']}/{line_no}", company=document["company"],
        document_external_id=theirs["external_id"], line_no=line_no * 10, line_type="account",
        object_number=REVENUE, project_key=str(document["project_id"]).upper(),
        currency=document["currency"], **shared,
    )  # fmt: skip
    for total in (document, theirs):
        total["amount_minor"] = int(str(total["amount_minor"])) + amount
    document["readback_minor"] = document["amount_minor"]
    if source["system"] == "clockify":
        subject = str(source["external_id"])
        _tell(world, "clockify", "time_entry", subject, str(theirs["external_id"]), "invoiced")


def _tell(
    world: World, system: str, kind: str, subject: str, erp_id: str, status: str = "open"
) -> None:
    told = datetime(2026, 3, 28, 4, tzinfo=AS_OF.tzinfo)
    world["ops.feedback"][system, kind, subject, erp_id] = {
        "system": system, "subject_kind": kind, "subject_external_id": subject,
        "reference": erp_id, "status": status, "state": "told", "changed_at": told,
        "told_at": told,
    }  # fmt: skip
    world.put(
        "invoice_statuses", system, f"{kind}|{subject}|{erp_id}", subject_kind=kind,
        subject_external_id=subject, status=status,
        reference=erp_id if kind == "project" else None,
    )  # fmt: skip


def _sales_and_leave(world: World, projects: list[Project]) -> None:
    rng = world.rng
    for project in projects[::3]:
        world.put(
            "opportunities", "crm", f"O{project.number}", name=word(rng), stage="won",
            customer_key=f"c-{project.customer:02}", legal_entity=project.entity,
            won_on=date(2026, 1, 10), amount_minor=1_000_000, currency=ENTITIES[project.entity],
            project_key=project.key,
        )  # fmt: skip
    for number, (stage, won) in enumerate((("open", None), ("lost", None), ("won", 2)) * 5):
        world.put(
            "opportunities", "crm", f"OX{number}", name=word(rng), stage=stage, legal_entity="US",
            won_on=AS_OF.date() - timedelta(days=won) if won else None, amount_minor=700_000,
            currency="USD", project_key=f"p-9{number:02}" if won else None,
        )  # fmt: skip
    for number, person in enumerate(rng.sample(range(PEOPLE), 60)):
        day = date(2026, 3, 28)
        world.put(
            "absences", "hr", f"A{number}", resource_external_id=f"hr-R{person}", kind="vacation",
            starts_on=day, ends_on=day + timedelta(days=1), approval_state="approved",
        )  # fmt: skip
