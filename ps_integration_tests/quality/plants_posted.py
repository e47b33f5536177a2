"""Faults of what is posted: changed at the source or in the ERP, sent twice, never settled."""

from datetime import date, timedelta

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.clean import REVENUE, TASKS, external, minor, post, role_of, word
from ps_integration_tests.quality.firm import AS_OF
from ps_integration_tests.quality.planter import (
    LONG_AGO,
    Planter,
    a_day,
    entry_id,
    mail,
    number_of,
    person_of,
    project_of,
    time_system,
)
from ps_integration_tests.quality.world import VOIDED

OLD_DAYS = [date(2026, 3, day) for day in range(2, 21) if date(2026, 3, day).weekday() < 5]


def waiting_too_long(planter: Planter) -> None:
    """TM01 of an entry without a document, and of a batch under way; IN01 and IN06 of one stuck."""
    for _ in range(10):
        entry = planter.entry(is_posted=False)
        entry["approved_at"] = LONG_AGO
        planter.label("TM01", entry_id(entry), "not_synced_yet", "bc")
    states = ("held", "dead", "unknown", "sending", "approved", "planned", "draft")
    for turn, state in enumerate(states * 3):
        document = _stuck(planter, turn, state)
        past = turn < 14
        if state in {"unknown", "sending"}:
            document["unknown_until"] = AS_OF + timedelta(hours=-1 if past else 5)
        if state in {"held", "dead"}:
            planter.label("IN01", document["document_ref"], "sync_failed", "bc")
        elif state in {"unknown", "sending"} and past:
            planter.label("IN06", document["document_ref"], "sync_failed", "bc")
        else:
            _label_wait(planter, document)


def _label_wait(planter: Planter, document: Row) -> None:
    """Label what one approval or one step brings on, once."""
    first = {"planned": "approval", "draft": "draft"}.get(document["state"], "sending")
    names = ("system", "company", "legal_entity", "currency")
    key = "|".join([first, *(str(document[name]) for name in names)])
    if all(label.record_key != key for label in planter.labels):
        planter.label("TM01", key, "not_synced_yet", "bc")


def _stuck(planter: Planter, turn: int, state: str) -> Row:
    first = planter.entry(is_posted=False)
    key = project_of(first)
    others = [
        row for row in planter.waiting(planter.entries(planter.world.one(
            "projects", system="psa", match_key=key)))
        if planter.is_free(row)
    ][:2]  # fmt: skip
    entries = [first, *others]
    ref = f"PS-{key}-202603-S{turn}"
    document = post(planter.world, ref, key, entries)
    for entry in entries:
        planter.take(entry)
        entry["approved_at"] = LONG_AGO
    erp_id = document["erp_id"]
    planter.world.drop("erp_documents", lambda row: row["external_id"] == erp_id)
    planter.world.drop("erp_lines", lambda row: row["document_external_id"] == erp_id)
    planter.world.drop("ops.feedback", lambda row: row["reference"] == erp_id)
    planter.world.drop("invoice_statuses", lambda row: str(row["external_id"]).endswith(erp_id))
    document |= {"state": state, "erp_id": None, "erp_number": None, "readback_minor": None}
    return document


def typed_by_hand(planter: Planter) -> None:
    """TM02: invoiced in the ERP by somebody; what bills no project, or is cancelled, is quiet."""
    world = planter.world
    for turn in range(16):
        planter.begin()
        project = world.rng.choice(world.rows("projects", system="bc", billing_type="fixed_fee"))
        status, is_posted = {13: ("cancelled", True), 14: ("open", False)}.get(turn, ("open", True))
        day = date(2026, 1, 20) if turn == 15 else date(2026, 3, 10)
        erp_id = f"by-hand-{turn}"
        world.put(
            "erp_documents", "bc", erp_id, company=project["company"], number=f"M-{turn}",
            kind="credit_memo" if turn == 3 else "invoice", status=status, is_posted=is_posted,
            is_standing=is_posted and status == "open",
            reference=("", "see mail", "PS-p-001-OTHER")[turn % 3], invoice_date=day,
            customer_key=project["customer_key"], currency=project["currency"],
            posting_date=day, amount_minor=20_000,
        )  # fmt: skip
        for line_no in range(1, 2 + turn % 2):
            world.put(
                "erp_lines", "bc", f"{erp_id}/{line_no}", company=project["company"],
                document_external_id=erp_id, line_no=line_no, line_type="account",
                object_number="5000" if turn == 12 else REVENUE, quantity=2, unit_price=100,
                project_key=project["match_key"], amount_minor=20_000,
                currency=project["currency"],
            )  # fmt: skip
            if turn < 12:
                key = f"bc|{project['company']}|{erp_id}/{line_no}"
                planter.label("TM02", key, "unauthorised_posting", "bc")


def lines_changed(planter: Planter) -> None:
    """TM03 and TM04; where the total changes too, BL05 and BL06 see the document."""
    for turn in range(28):
        document = planter.document()
        ours, theirs = planter.world.rng.choice(planter.lines_of(document))
        key = f"{document['document_ref']}|{ours['line_no']}"
        before = theirs["amount_minor"]
        if turn % 4 == 0:
            theirs["quantity"] += 1
            planter.label("TM03", key, "manual_edit_in_copy", "bc")
        elif turn % 4 == 1:
            theirs["quantity"] += planter.world.rng.choice((-1, 2)) * theirs["quantity"] / 2
            theirs["amount_minor"] = minor(theirs["quantity"], theirs["unit_price"])
            planter.label("TM03", key, "manual_edit_in_copy", "bc")
        elif turn % 4 == 2:
            theirs["amount_minor"] += planter.world.rng.choice((-1, 1))
            planter.label("TM04", key, "rounding", "bc")
        else:
            theirs["unit_price"] += planter.world.rng.randint(1, 60)
            theirs["amount_minor"] = minor(theirs["quantity"], theirs["unit_price"])
            planter.label("TM04", key, "manual_edit_in_copy", "bc")
        _total(planter, document, theirs["amount_minor"] - before)


def _total(planter: Planter, document: Row, change: int) -> None:
    theirs = planter.world["erp_documents"]["bc", document["erp_id"]]
    theirs["amount_minor"] += change
    if change:
        cause = "rounding" if abs(change) == 1 else "manual_edit_in_copy"
        planter.label("BL05", document["document_ref"], cause, "bc")
        planter.label("BL06", document["document_ref"], cause, "bc")


def documents_changed(planter: Planter) -> None:
    """BL05 by what was changed, BL04 where a copy believes otherwise, BL06 where lines are gone."""
    world = planter.world
    changes = (
        {"number": "INV-NEW"}, {"posting_date": date(2026, 4, 2)}, {"currency": "CHF"},
        {"customer_key": "c-99"},
    )  # fmt: skip
    for change in changes * 2:
        document = planter.document()
        world["erp_documents"]["bc", document["erp_id"]].update(change)
        planter.label("BL05", document["document_ref"], "manual_edit_in_copy", "bc")
    for _ in range(8):
        document = planter.document()
        world["erp_documents"]["bc", document["erp_id"]] |= VOIDED
        planter.label("BL05", document["document_ref"], "unauthorised_posting", "bc")
        world["ops.erp_reversals"][document["document_ref"]] = {
            "document_ref": document["document_ref"], "amount_minor": document["amount_minor"],
            "currency": document["currency"], "erp_number": document["erp_number"],
            "found_at": AS_OF, "policy": "hold",
        }  # fmt: skip
        for system in ("psa", "clockify") if document["legal_entity"] == "DE" else ("psa",):
            key = f"{document['document_ref']}|{system}"
            planter.label("BL04", key, "not_synced_yet", system)
    for turn in range(8):
        document = planter.document()
        _, theirs = planter.lines_of(document)[-1]
        erp_id = document["erp_id"]
        if turn % 2:
            world.drop("erp_lines", lambda row, theirs=theirs: row is theirs)
            _total(planter, document, -theirs["amount_minor"])
        else:
            world.drop("erp_documents", lambda row, erp_id=erp_id: row["external_id"] == erp_id)
            world.drop(
                "erp_lines", lambda row, erp_id=erp_id: row["document_external_id"] == erp_id
            )
            planter.label("BL06", document["document_ref"], "unauthorised_posting", "bc")


def twice(planter: Planter) -> None:
    """TM05: a second document under our reference, or an entry in two of ours."""
    world = planter.world
    for turn in range(6):
        document = planter.document()
        theirs = world["erp_documents"]["bc", document["erp_id"]]
        again = f"{document['erp_id']}-again"
        world.put_like(
            "erp_documents",
            "bc",
            again,
            theirs,
            number=f"D-{turn}",
            is_posted=turn % 2 == 0,
            is_standing=turn % 2 == 0,
            status=("open", "draft")[turn % 2],
        )
        key = f"document|{document['document_ref']}|{again}"
        planter.label("TM05", key, "duplicate_posting", "bc")
    for turn in range(6):
        entry = planter.entry(is_posted=True)
        first = planter.document_of(entry)
        key = f"bc|{entry['system']}|time_entry|{entry['external_id']}|1|0"
        before = dict(world["ops.posting_lines"][key])
        second = post(world, f"{first}-T{turn}", project_of(entry), [entry])
        line = world["ops.posting_lines"].pop(key)
        world["ops.posting_lines"][key] = before
        world["ops.posting_lines"][f"{key}#"] = line | {
            "line_key": f"{key}#", "version_sha256": before["version_sha256"],
        }  # fmt: skip
        planter.keep_apart("document", second["document_ref"])
        planter.label("TM05", f"entry|{entry_id(entry)}|1|0", "duplicate_posting", "bc")


def edited(planter: Planter) -> None:
    """TM06 by what was edited; TM16 sees an hour that is not billable any more."""
    rng = planter.world.rng
    for turn in range(30):
        entry = planter.entry(is_posted=True)
        cause, system = "edited_after_posting", entry["system"]
        what = ("hours", "hours", "task", "flag", "date", "project")[turn % 6]
        if what == "hours":
            entry["seconds"] += rng.choice((-1, 1, 2, 4)) * 900
        elif what == "task":
            task = str(entry["task_external_id"]).rpartition("-")
            others = sorted(name for name, bills in TASKS.items() if bills and name != task[2])
            entry["task_external_id"] = f"{task[0]}-{rng.choice(others)}"
        elif what == "flag":
            entry["is_billable"] = False
            planter.label("TM16", entry_id(entry), "edited_after_posting", system)
        elif what == "date":
            entry["work_date"], cause = a_day(entry, OLD_DAYS, planter), "wrong_date"
        else:
            cause = _move(planter, entry)
        planter.label("TM06", entry_id(entry), cause, system)


def _move(planter: Planter, entry: Row) -> str:
    task = str(entry["task_external_id"]).rpartition("-")[2]
    elsewhere = [
        row["project_external_id"]
        for row in planter.world.rows(
            "assignments", system=entry["system"],
            resource_external_id=entry["resource_external_id"],
        )
        if row["project_external_id"] != entry["project_external_id"]
        and number_of(row) % 4 != 0
        and planter.world["projects"][entry["system"], row["project_external_id"]]["billing_type"]
        in {"time_and_materials", "fixed_fee"}
    ]  # fmt: skip
    if not elsewhere:
        elsewhere = [entry["project_external_id"]]
        entry["task_external_id"] = f"{elsewhere[0]}-{'build' if task != 'build' else 'design'}"
        return "edited_after_posting"
    entry["project_external_id"] = planter.world.rng.choice(elsewhere)
    entry["task_external_id"] = f"{entry['project_external_id']}-{task}"
    return "wrong_project"


def repriced(planter: Planter) -> None:
    """TM06 for all that a price of three projects had priced."""
    for _ in range(3):
        _reprice(planter)


def _reprice(planter: Planter) -> None:
    project = planter.project(is_old=True, fits=lambda row: number_of(row) % 3 != 0)
    role = planter.world.rng.choice(("Consultant", "Manager", "Partner", "Analyst"))
    price = planter.world["rates"]["psa", f"{project['external_id']}-{role}"]
    price["unit_price"] += planter.world.rng.randint(2, 15)
    for entry in planter.entries(project):
        if role_of(planter.world, entry) == role and planter.document_of(entry) is not None:
            planter.label("TM06", entry_id(entry), "rate_changed_late", "psa")


def withdrawn(planter: Planter) -> None:
    """TM07, and IN07 where the source never said that it was deleted.

    What is in no listing, and nothing says that it was deleted, is not known to be gone: quiet.
    """
    world = planter.world
    for turn in range(21):
        entry = planter.entry(is_posted=True)
        system, external_id = entry["system"], entry["external_id"]
        if turn % 3:
            entry |= {"approval_state": ("rejected", "draft")[turn % 2], "approved_at": None}
            planter.label("TM07", entry_id(entry), "approval_withdrawn", system)
            continue
        world.drop("time_entries", lambda row, entry=entry: row is entry)
        if turn % 2:
            planter.label("TM07", entry_id(entry), "deleted_after_posting", system)
            _vanish(planter, system, "time_entries", external_id)
            key = f"{system}|time_entries|{external_id}"
            planter.label("IN07", key, "deleted_after_posting", system)
    for turn in range(4):
        project = planter.project(kind="fixed_fee")
        system = time_system(project)
        task = f"{external(system, number_of(project))}-handover"
        if turn:
            _vanish(planter, system, "tasks", f"gone-{task}")
            planter.label("IN07", f"{system}|tasks|gone-{task}", "unknown", system)
        else:
            _vanish(planter, system, "tasks", f"once-{task}", misses=1)


def _vanish(
    planter: Planter, system: object, stream: str, record_id: object, misses: int = 2
) -> None:
    at = AS_OF - timedelta(hours=1)
    planter.world["raw.missing"][system, stream, record_id] = {
        "system": system, "stream": stream, "record_id": record_id, "run_id": "quality-04-01",
        "missed_at": at, "misses": misses,
    }  # fmt: skip
    for seq, is_tombstone in ((1, False), (2, True)):
        planter.world["raw.records"][system, stream, record_id, seq] = {
            "raw_seq": seq, "system": system, "stream": stream, "record_id": record_id,
            "payload": None if is_tombstone else "{}", "is_tombstone": is_tombstone,
            "fetched_at": at, "run_id": "quality-04-01",
        }  # fmt: skip


def feedback(planter: Planter) -> None:
    """BL03: edited in the copy, or never told; IN01 where the note was refused."""
    world = planter.world
    for turn in range(16):
        document = planter.document(lambda row: row["legal_entity"] != "DE")
        erp_id, subject = document["erp_id"], external("psa", int(document["project_id"][2:]))
        told = world["ops.feedback"]["psa", "project", subject, erp_id]
        copy = world["invoice_statuses"]["psa", f"project|{subject}|{erp_id}"]
        key = f"psa|project|{subject}|{erp_id}"
        if turn % 2:
            copy["status"] = ("paid", "draft")[turn % 4 // 2]
            planter.label("BL03", key, "manual_edit_in_copy", "psa")
        else:
            world.drop("invoice_statuses", lambda row, copy=copy: row is copy)
            told |= {"state": ("pending", "refused")[turn % 4 // 2], "told_at": None}
            planter.label("BL03", key, "sync_failed", "psa")
            if told["state"] == "refused":
                planter.label("IN01", key, "sync_failed", "psa")


def milestones(planter: Planter) -> None:
    """BL02: reached, and billed by nobody; one that is due since three days is not late yet."""
    for turn in range(8):
        project = planter.project(kind="fixed_fee")
        reached = AS_OF.date() - timedelta(days=3 if turn == 7 else 4 + turn)
        key = f"late-{turn}"
        planter.world.put(
            "milestones", "psa", key, name=word(planter.world.rng), amount_minor=300_000,
            project_external_id=project["external_id"], currency=project["currency"],
            is_reached=True, reached_on=reached, is_invoiced=False,
        )  # fmt: skip
        if turn != 7:
            planter.label("BL02", f"psa:{key}", "not_synced_yet", "bc")


def expenses(planter: Planter) -> None:
    """BL09: not billed in time, or billed too early; what is young, proven or internal is quiet."""
    kinds = {
        "not_synced_yet": {"is_invoiced": False, "has_receipt": True},
        "unauthorised_posting": {"is_invoiced": True, "approval_state": "submitted"},
        "master_data_incomplete": {"is_invoiced": True, "has_receipt": False},
        "": {"is_invoiced": True, "has_receipt": True},
        "young": {"is_invoiced": False, "spent_on": AS_OF.date() - timedelta(days=10)},
        "internal": {"is_invoiced": False, "is_billable": False},
    }
    for turn in range(18):
        entry = planter.entry(is_posted=True)
        kind, key = list(kinds)[turn % len(kinds)], f"spent-{turn}"
        shared = {
            "spent_on": AS_OF.date() - timedelta(days=11 + turn % 2), "is_billable": True,
            "approval_state": "approved", "has_receipt": None, "currency": "GBP",
        }  # fmt: skip
        planter.world.put(
            "expenses", str(entry["system"]), key, category=word(planter.world.rng),
            amount_minor=planter.world.rng.randint(500, 90_000), **shared | kinds[kind],
            resource_external_id=entry["resource_external_id"],
            project_external_id=entry["project_external_id"],
        )  # fmt: skip
        if turn % len(kinds) < 3:
            planter.label("BL09", f"{entry['system']}:{key}", kind, str(entry["system"]))


def actuals(planter: Planter) -> None:
    """TM12: the PSA's own hours differ, are missing, or are too many."""
    world = planter.world
    for turn in range(18):
        entry = planter.entry(is_posted=True, has_actuals=True)
        number = str(entry["external_id"]).rpartition("-")[2]
        copy = world["time_entries"]["psa", f"actual-{number}"]
        key = f"{mail(person_of(entry))}|{project_of(entry)}|{entry['work_date']}"
        if turn % 3 == 0:
            copy["seconds"] += 900
            planter.label("TM12", key, "manual_edit_in_copy", "psa")
        elif turn % 3 == 1:
            world.drop("time_entries", lambda row, copy=copy: row is copy)
            world.never_seen.add(entry_id(copy))
            planter.label("TM12", key, "not_synced_yet", "psa")
        else:
            world.put_like("time_entries", "psa", f"actual-{number}-again", copy)
            planter.label("TM12", key, "duplicate_entry", "psa")
    for _ in range(8):
        entry = planter.entry(is_posted=True, has_actuals=True)
        number = str(entry["external_id"]).rpartition("-")[2]
        copy = world["time_entries"]["psa", f"actual-{number}"]
        days = [day for day in OLD_DAYS if abs(day - entry["work_date"]) <= timedelta(days=6)]
        copy["work_date"] = a_day(entry, days, planter)
        planter.keep_apart("day", (person_of(entry), copy["work_date"]))
        for day in (entry["work_date"], copy["work_date"]):
            key = f"{mail(person_of(entry))}|{project_of(entry)}|{day}"
            planter.label("TM12", key, "wrong_date", "psa")


DOCUMENT_PLANTS = (documents_changed, lines_changed, twice, feedback)
SOURCE_PLANTS = (repriced, milestones, expenses, withdrawn, edited, actuals)
STUCK_PLANTS = (waiting_too_long, typed_by_hand)
