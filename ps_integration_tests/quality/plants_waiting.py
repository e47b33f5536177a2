"""Faults of time that waits to be posted."""

from datetime import date, timedelta

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.clean import add_entry, external, word
from ps_integration_tests.quality.firm import AS_OF, TIME_SYSTEM
from ps_integration_tests.quality.planter import (
    LONG_AGO,
    Planter,
    a_day,
    entry_id,
    is_new,
    mail,
    number_of,
    person_of,
    project_of,
    time_system,
)
from ps_integration_tests.quality.plants_master import task_home

NEW_DAYS = [date(2026, 3, day) for day in range(23, 28)]
YESTERDAY = AS_OF - timedelta(days=1)


def closed_projects(planter: Planter) -> None:
    """TM08; where only the ERP has closed it, MD04 sees that too."""
    world = planter.world
    for turn in range(5):
        project = planter.project(is_old=False)
        systems = ("bc",) if turn % 2 else ("psa", "bc", time_system(project))
        for system in systems:
            copy = world.one("projects", system=system, match_key=project["match_key"])
            copy |= {"status": "closed", "closed_on": date(2026, 3, 20)}
        if turn % 2:
            key = f"project|{project['match_key']}|status|bc|{external('bc', number_of(project))}"
            planter.label("MD04", key, "manual_edit_in_copy", "bc")
        for entry in planter.waiting(planter.entries(project)):
            planter.label("TM08", entry_id(entry), "wrong_project", entry["system"])


def caps(planter: Planter) -> None:
    """TM15: more was worked than the customer agreed to."""
    world = planter.world
    for turn in range(6):
        project = planter.project(is_old=False, fits=lambda row: number_of(row) % 3 != 1)
        waiting = planter.waiting(planter.entries(project))
        enough = turn == 5
        cap = sum(int(str(row["seconds"])) for row in waiting) * (20 if enough else 1)
        world["projects"]["psa", project["external_id"]]["cap_minor"] = cap
        if not enough:
            planter.label("TM15", project["match_key"], "cap_reached", "psa")


def currencies(planter: Planter) -> None:
    """BL08: priced in a currency whose exchange rate is missing or too old."""
    world = planter.world
    for turn in range(5):
        project = planter.project(is_old=False)
        currency, own = ("CHF", "SEK")[turn % 2], str(project["currency"])
        for price in world.rows("rates", project_external_id=project["external_id"]):
            price["currency"] = currency
        if turn % 2:
            world.put(
                "fx_rates", "bc", f"stale-{turn}-{currency}-{own}", from_currency=currency,
                company=f"{project['legal_entity']} Ltd", to_currency=own, rate_type="spot",
                valid_on=date(2026, 3, 2), rate=1,
            )  # fmt: skip
        problem = "fx_stale" if _knows_rate(planter, project, currency) else "fx_missing"
        key = f"{currency}|{own}|{problem}|{project['match_key']}"
        planter.label("BL08", key, "fx", "bc")


def _knows_rate(planter: Planter, project: Row, currency: str) -> bool:
    company = f"{project['legal_entity']} Ltd"
    return bool(planter.world.rows("fx_rates", company=company, from_currency=currency))


def assignments(planter: Planter) -> None:
    """TM09: on no day assigned, or on other days; both systems agree about it."""
    world = planter.world
    for turn in range(6):
        project = planter.project(is_old=False)
        person = planter.world.rng.choice(
            sorted({person_of(row) for row in planter.entries(project)})
        )
        rows = [
            row for home in (project["external_id"], task_home(project))
            for row in world.rows("assignments", project_external_id=home)
            if person_of(row) == person
        ]  # fmt: skip
        for row in rows:
            if turn % 2:
                row["ends_on"] = date(2026, 3, 20)
            else:
                world.drop("assignments", lambda other, row=row: other is row)
        cause = "wrong_date" if turn % 2 else "master_data_incomplete"
        for entry in planter.entries(project):
            if person_of(entry) == person and entry["approval_state"] == "approved":
                planter.label("TM09", entry_id(entry), cause, "psa")


def periods(planter: Planter) -> None:
    """TM10: worked in a month that the ERP has closed, or has not opened; BL01 where it is old."""
    for turn in range(8):
        entry = planter.entry(is_posted=False)
        entry["work_date"] = date(2026, 4, 1) if turn == 7 else date(2026, 2, 3 + turn)
        planter.label("TM10", entry_id(entry), "period_closed", "bc")
        if turn != 7:
            _label_unbilled(planter, entry, "TM10", "period_closed")


def forgotten(planter: Planter) -> None:
    """BL01: worked a month ago, and in no document; TM01 where its approval is old, too."""
    for turn in range(12):
        entry = planter.entry(is_posted=False)
        entry["work_date"] = date(2026, 3, 1)
        if turn % 3 == 0:
            entry["approved_at"] = LONG_AGO
            planter.label("TM01", entry_id(entry), "not_synced_yet", "bc")
        _label_unbilled(planter, entry, "unplanned", "not_synced_yet")


def _label_unbilled(planter: Planter, entry: Row, reason: str, cause: str) -> None:
    """Label work of a project and month that one thing keeps, once."""
    project = planter.world.one("projects", system="psa", match_key=project_of(entry))
    key = f"{project['match_key']}|{project['currency']}|{reason}|{cause}"
    if all(label.record_key != key for label in planter.labels):
        planter.label("BL01", key, cause, "bc")


def hours(planter: Planter) -> None:
    """TM11: below none, more than a day has, more than a day should have."""
    for turn in range(9):
        entry = planter.entry(is_posted=False, fits=is_new)
        person, day = person_of(entry), entry["work_date"]
        if turn % 3 == 0:
            entry["seconds"] = -entry["seconds"]
            planter.label("TM11", entry_id(entry), "unit_or_timezone", entry["system"])
            continue
        others = [
            row for row in planter.entries_of(person)
            if row["work_date"] == day and row["approval_state"] == "approved"
        ]  # fmt: skip
        worked = sum(row["seconds"] for row in others)
        wanted = (17, 25)[turn % 3 - 1] * 3600
        entry["seconds"] += wanted - worked
        if wanted > 24 * 3600:
            for row in others:
                planter.label("TM11", entry_id(row), "unit_or_timezone", entry["system"])
        else:
            key = f"day|{mail(person)}|{day}"
            planter.label("TM11", key, "unit_or_timezone", entry["system"])


def approvals(planter: Planter) -> None:
    """TM13: handed in, and nobody has looked at it."""
    for turn in range(10):
        entry = planter.entry(is_posted=False)
        entry |= {
            "approval_state": "submitted", "approved_at": None,
            "submitted_at": AS_OF - timedelta(days=6 + turn),
        }  # fmt: skip
        planter.label("TM13", entry_id(entry), "not_synced_yet", entry["system"])


def doubles(planter: Planter) -> None:
    """TM14; another note, other hours or another beginning make it another piece of work."""
    world = planter.world
    for turn in range(18):
        entry = planter.entry(is_posted=False)
        note = str(entry["note"])
        again = world.put_like(
            "time_entries", str(entry["system"]), f"{entry['external_id']}x", entry
        )
        if turn < 12:
            again["note"] = (note, note.upper(), f"{note}.", " ".join(note.split()[::-1]))[turn % 4]
            planter.label("TM14", f"{entry_id(entry)}x", "duplicate_entry", entry["system"])
        elif turn < 15:
            again["note"] = f"{word(world.rng)} {word(world.rng)} {word(world.rng)}"
        elif turn < 17:
            again["seconds"] += 900
        else:
            entry["started_at"] = AS_OF - timedelta(days=6)
            again["started_at"] = AS_OF - timedelta(days=6, hours=-4)


def flags(planter: Planter) -> None:
    """TM16: billable where nothing is billed, not billable where everything is."""
    rng = planter.world.rng
    for _ in range(6):
        entry = planter.entry(is_posted=False)
        entry["is_billable"] = False
        planter.label("TM16", entry_id(entry), "unknown", entry["system"])
    for turn in range(2):
        project = planter.project(kind="internal")
        rows = [row for row in planter.entries(project) if row["approval_state"] == "approved"]
        for entry in rng.sample(rows, min(4, len(rows))):
            planter.begin()
            entry["is_billable"] = True
            planter.label("TM16", entry_id(entry), "wrong_project", entry["system"])
        travel = planter.project(is_old=bool(turn))
        rows = [
            row for row in planter.entries(travel)
            if str(row["task_external_id"]).endswith("travel")
            and row["approval_state"] == "approved"
        ]  # fmt: skip
        for entry in rng.sample(rows, min(4, len(rows))):
            planter.begin()
            entry["is_billable"] = True
            planter.label("TM16", entry_id(entry), "unknown", entry["system"])


def leave(planter: Planter) -> None:
    """TM17: away all day, away for half of it, or on a holiday; other leave says nothing."""
    world = planter.world
    for turn in range(12):
        entry = planter.entry(is_posted=turn % 2 == 0)
        person, day = person_of(entry), entry["work_date"]
        worked = sum(row["seconds"] for row in planter.entries_of(person)
                     if row["work_date"] == day)  # fmt: skip
        is_partial = turn % 3 == 0
        spare = 8 * 3600 - worked
        world.put(
            "absences", "hr", f"away-{turn}", resource_external_id=f"hr-R{person}",
            kind="vacation", starts_on=day, ends_on=day,
            approval_state="submitted" if turn == 11 else "approved",
            seconds_per_day=max(spare + (-60 if turn == 9 else 1800), 0) if is_partial else None,
        )  # fmt: skip
        if turn not in {9, 11}:
            planter.label("TM17", f"{mail(person)}|{day}", "wrong_date", "hr")
    holiday = date(2026, 2, 16)
    world["config.public_holidays"]["UK"] = {
        "legal_entity": "UK", "day": holiday, "name": "Shrove Monday",
    }  # fmt: skip
    for _ in range(4):
        entry = planter.entry(
            is_posted=False, fits=lambda row: person_of(row) % 3 == 1 and row["system"] == "harvest"
        )
        entry |= {
            "work_date": holiday, "approval_state": "submitted", "approved_at": None,
            "submitted_at": YESTERDAY,
        }  # fmt: skip
        planter.label("TM17", f"{mail(person_of(entry))}|{holiday}", "wrong_date", "harvest")


def moved_within(planter: Planter) -> None:
    """What nobody needs to hear of: edited before posting, to another day, by a quarter hour."""
    for _ in range(20):
        entry = planter.entry(is_posted=False)
        entry["work_date"] = a_day(entry, NEW_DAYS, planter)
        entry["seconds"] += 60
        entry["note"] = f"{entry['note']} {word(planter.world.rng)}"
    for number in range(6):
        person = planter.world.rng.randrange(0, 300, 3)
        some = planter.world.rows("assignments", system=TIME_SYSTEM["US"])
        home = next(row for row in some if person_of(row) == person)
        if number_of(home) % 4 != 0 and not planter.is_taken("project", f"p-{number_of(home):03}"):
            add_entry(
                planter.world, "harvest", f"late-{number}", person, number_of(home), "travel",
                date(2026, 3, 21), 3600, YESTERDAY,
            )  # fmt: skip


PROJECT_PLANTS = (closed_projects, caps, currencies, assignments)
WAITING_PLANTS = (
    periods, forgotten, hours, approvals, doubles, leave, moved_within,
)  # fmt: skip
FLAG_PLANTS = (flags,)
