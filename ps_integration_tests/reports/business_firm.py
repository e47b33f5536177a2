"""Small random firms: the rows that the business report reads."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ps_integration.reports.business.value import Basis, business_report
from ps_integration.stores.warehouse.warehouse import Warehouse

AS_OF = datetime(2026, 3, 31, 23, tzinfo=UTC)
TODAY = AS_OF.date()
FIRST = date(2026, 2, 1)
DAY = 8 * 3600
ENTITIES = {"UK": "GBP", "US": "USD"}
COSTS = {"UK": 5_001}
"""Minor units an hour."""
PEOPLE = {f"p{n}@x.com": ("UK", "US", None)[n % 3] for n in range(5)}
PROJECTS = {f"pr-{n}": ("UK", "US")[n % 2] for n in range(4)}
SUPPLIED = "p1@x.com"
BASIS = Basis("Firm", "night", AS_OF, TODAY, "UTC", FIRST, DAY, tuple(COSTS))


def firm(seed):
    """Rows by table."""
    rng = random.Random(seed)

    def day():
        return TODAY - timedelta(days=rng.randrange(75))

    tables = defaultdict(list)
    tables["config.run"] = [{"run_id": "night", "as_of": AS_OF, "as_of_date": TODAY}]
    tables["config.labour_costs"] = [
        {"legal_entity": code, "currency": ENTITIES[code], "hour_minor": minor}
        for code, minor in COSTS.items()
    ]
    tables["config.systems"] = [
        {"system": "clock", "vendor": "harvest", "roles": "time"},
        {"system": "psa", "vendor": "kantata", "roles": "psa"},
    ]
    tables["config.public_holidays"] = [{"legal_entity": "UK", "day": date(2026, 3, 17)}]
    tables["billing.projects"] = [
        {"project_id": key, "name": key.upper(), "customer_key": f"c-{entity}",
         "legal_entity": entity, "currency": ENTITIES[entity], "status": "active",
         "is_billable": True, "cap_minor": rng.choice((None, 400_000))}
        for key, entity in PROJECTS.items()
    ]  # fmt: skip
    tables["billing.resources"] = [
        {"resource_id": key, "name": key, "home_legal_entity": entity, "is_active": True,
         "starts_on": date(2026, 2, 16) if key.startswith("p2") else None}
        for key, entity in PEOPLE.items()
    ]  # fmt: skip
    tables["canonical.resources"] = [
        {"system": "hr", "external_id": "R1", "supplier_key": "V-1"},
        {"system": "hr", "external_id": "R0", "supplier_key": " "},
    ]
    tables["canonical.crosswalk"] = [
        {"object_kind": kind, "canonical_id": key, "system": "hr", "external_id": external,
         "valid_from": date(2020, 1, 1), "valid_to": date(9999, 12, 31)}
        for kind, key, external in (
            ("resource", SUPPLIED, "R1"), ("resource", "p0@x.com", "R0"), ("project", "pr-0", "P0"),
        )
    ]  # fmt: skip
    tables["canonical.absences"] = [
        {"system": "hr", "external_id": f"a{n}", "resource_external_id": "R0", "starts_on": start,
         "ends_on": start + timedelta(days=rng.randrange(4)),
         "seconds_per_day": rng.choice((None, 7_200)),
         "approval_state": rng.choice(("approved", "submitted"))}
        for n, start in enumerate(day() for _ in range(3))
    ]  # fmt: skip
    tables["canonical.milestones"] = [
        {"system": "hr", "external_id": f"m{n}", "project_external_id": "P0",
         "currency": "GBP", "amount_minor": rng.randrange(90_000),
         "is_reached": rng.choice((True, False, None))}
        for n in range(3)
    ]  # fmt: skip
    tables["config.revenue_targets"] = [
        {"system": "books", "object_number": number} for number in ("4000", "4001")
    ]
    tables["canonical.erp_documents"] = [
        {"system": "books", "company": "C", "external_id": f"E{at}",
         "reference": f"D{at}" if at % 2 == 0 else f"X{at}",
         "kind": ("invoice", "credit_memo")[at == 1], "is_posted": at != 2,
         "is_standing": at not in (2, 3), "status": "cancelled" if at == 3 else "open",
         "posting_date": date(2026, 3, 5 + at)}
        for at in range(5)
    ]  # fmt: skip
    for n in range(60):
        _entry(rng, tables, n, day())
    for n, (key, entity) in enumerate(PROJECTS.items()):
        common = {
            "system": "books", "external_id": f"x{n}", "project_key": key.upper() + " ",
            "period": rng.choice(("2026-01", "2026-02", "2026-03")), "currency": ENTITIES[entity],
            "is_posted": rng.random() < 0.8, "amount_minor": rng.randrange(1, 50_000),
        }  # fmt: skip
        tables["canonical.subcontractor_costs"].append({**common, "resource_key": SUPPLIED})
        tables["canonical.intercompany_charges"].append(
            {**common, "from_legal_entity": "UK", "to_legal_entity": entity}
        )
    return tables


def _entry(rng, tables, n, worked):
    project, person = rng.choice(list(PROJECTS)), rng.choice(list(PEOPLE))
    state = rng.choice(("approved",) * 4 + ("draft", "submitted", "rejected"))
    entry = {
        "entry_id": f"clock:{n}", "system": rng.choice(("clock", "psa")),
        "resource_id": person, "project_id": project,
        "legal_entity": PROJECTS[project], "currency": ENTITIES[PROJECTS[project]],
        "home_legal_entity": PEOPLE[person], "work_date": worked, "period": f"{worked:%Y-%m}",
        "seconds": rng.randrange(1, 12) * 900, "is_billable": rng.random() < 0.8,
        "project_is_billable": True, "task_is_billable": rng.choice((True, None)),
        "billing_type": "time_and_materials", "is_primary": rng.random() < 0.9,
        "is_deleted": rng.random() < 0.1, "approval_state": state,
    }  # fmt: skip
    tables["billing.entries"].append(entry)
    if state != "approved":
        return
    fate = rng.choice(("posted", "queued", "queued", "excepted", "deferred", "written_off"))
    document = f"D{n % 7}"
    part = {
        "entry_id": entry["entry_id"], "part": 1, "legal_entity": entry["legal_entity"],
        "currency": entry["currency"], "period": entry["period"], "project_id": project,
        "resource_id": person, "work_date": worked, "seconds": entry["seconds"],
        "amount_minor": rng.choice((None, rng.randrange(1, 90_000))), "disposition": fate,
        "reason": {"queued": "planned", "excepted": "break_entry"}.get(fate, fate),
        "break_id": f"b{n % 3}" if fate == "excepted" else None,
        "document_ref": document if fate in ("queued", "posted") else None,
    }  # fmt: skip
    tables["billing.dispositions"].append(part)
    if not tables["ops.breaks"]:
        tables["ops.breaks"] = [
            {"break_id": f"b{at}", "rule": ("TM11", "MD01", "TM10")[at], "owner": "finance"}
            for at in range(3)
        ]
        tables["ops.documents"] = [
            {"document_ref": f"D{at}", "system": "books",
             "state": ("posted", "planned", "approved", "refused", "posted", "dead", "posted")[at]}
            for at in range(7)
        ]  # fmt: skip
        tables["ops.erp_reversals"] = [{"document_ref": "D6"}]
    if fate in ("queued", "posted"):
        tables["ops.posting_lines"].append(
            {"line_key": f"l{n}", "document_ref": document, "object_id": entry["entry_id"],
             "project_id": project, "currency": entry["currency"], "period": entry["period"],
             "object_kind": rng.choice(("time_entry", "time_entry", "milestone")),
             "seconds": entry["seconds"], "work_date": worked, "quantity": 1,
             "amount_minor": rng.randrange(-20_000, 90_000)}
        )  # fmt: skip
        tables["canonical.erp_lines"].append(
            {"system": "books", "company": "C", "external_id": f"el{n}", "currency": "GBP",
             "document_external_id": f"E{n % 5}", "project_key": project.upper() + " ",
             "object_number": rng.choice(("4000", "4001", "9000")), "line_no": n,
             "line_type": rng.choice(("Account", "comment")), "quantity": rng.randrange(1, 9),
             "amount_minor": rng.randrange(1, 9_000)}
        )  # fmt: skip


def reported(tables):
    """The business report of those rows."""
    with Warehouse(Path(":memory:")) as warehouse, warehouse.transaction():
        for table, rows in tables.items():
            names = list(dict.fromkeys(name for row in rows for name in row))
            if rows:
                warehouse.insert(table, [{name: row.get(name) for name in names} for row in rows])
        return business_report(warehouse, BASIS)
