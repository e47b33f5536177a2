"""Takes the cause that a break states away, and nothing else: then the break must be gone.

Every remedy sees the break as the rules wrote it, never the label of the fault. What a record was
before the fault comes from the clean world, and only as far as the stated cause speaks of it.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.clean import post
from ps_integration_tests.quality.firm import AS_OF
from ps_integration_tests.quality.planter import (
    entry_id,
    number_of_person,
    person_of,
    project_of,
)
from ps_integration_tests.quality.remedies_of_masters import MASTER_REMEDIES
from ps_integration_tests.quality.world import VOIDED, World

Remedy = Callable[[World, World, Row], None]


def _expense(**mended: object) -> Remedy:
    """Billed, approved, or proven after all."""

    def remedy(world: World, clean: World, found: Row) -> None:
        world["expenses"][found["left_system"], found["left_id"]].update(mended)

    return remedy


def _charged(world: World, clean: World, found: Row) -> None:
    """The charge is posted after all."""
    world.put(
        "intercompany_charges", "bc", f"new-{found['record_key']}", is_posted=True, amount_minor=1,
        from_legal_entity=found["left_system"], to_legal_entity=found["legal_entity"],
        project_key=found["project_id"], period=found["period"], currency=found["currency"],
    )  # fmt: skip


def _charge_moved(world: World, clean: World, found: Row) -> None:
    """The charge that is there is for this project and month."""
    world["intercompany_charges"][found["right_system"], found["right_id"]].update(
        project_key=found["project_id"], period=found["period"]
    )


def _costed(world: World, clean: World, found: Row) -> None:
    """What stands alone gets its other half: the supplier's invoice, or the approval."""
    key, project, currency = [*str(found["record_key"]).split("|"), ""][:3]
    if key == "bc":
        cost = world["subcontractor_costs"]["bc", project]
        person = number_of_person(str(cost["resource_key"]))
        for entry in world["time_entries"].values():
            if person_of(entry) == person and project_of(entry) == found["project_id"]:
                entry.update(approval_state="approved", approved_at=AS_OF - timedelta(hours=20))
        return
    world.put(
        "subcontractor_costs", "bc", f"new-{key}", is_posted=True, amount_minor=1,
        resource_key=key, project_key=project, period=found["period"], currency=currency,
    )  # fmt: skip


def _cost_moved(world: World, clean: World, found: Row) -> None:
    """The cost that is there is for this project and month."""
    world["subcontractor_costs"][found["right_system"], found["right_id"]].update(
        project_key=found["project_id"], period=found["period"]
    )


def remove_cause(world: World, clean: World, found: Row) -> bool:
    """Do what takes the stated cause away; False where no cause is stated, or none that has one."""
    remedy = REMEDIES.get((str(found["rule"]), str(found["cause"])))
    if remedy is None:
        return False
    remedy(world, clean, found)
    return True


def _entry(world: World, found: Row) -> Row:
    system, _, external_id = str(found["entry_id"]).partition(":")
    return world["time_entries"][system, external_id]


def _of_clean(*names: str) -> Remedy:
    def restore(world: World, clean: World, found: Row) -> None:
        before = _entry(clean, found)
        _entry(world, found).update({name: before[name] for name in names})

    return restore


def _restored(world: World, clean: World, found: Row) -> None:
    key = tuple(str(found["entry_id"]).split(":", 1))
    world["time_entries"][key] = dict(clean["time_entries"][key])


def _posted(world: World, _clean: World, found: Row) -> None:
    """What waits is posted, with all that waits for the same."""
    if found["entry_id"] is not None:
        post(world, f"PS-now-{found['entry_id']}", str(found["project_id"]), [_entry(world, found)])
        return
    what, *place = str(found["record_key"]).split("|")
    states = {"approval": {"planned"}, "draft": {"draft"}}.get(
        what, {"approved", "sending", "unknown"}
    )
    for document in list(world["ops.documents"].values()):
        names = ("system", "company", "legal_entity", "currency")
        if document["state"] in states and [str(document[name]) for name in names] == place:
            _sent_anew(world, document["document_ref"])


def _billed(world: World, _clean: World, found: Row) -> None:
    """What kept the work is gone, and it is billed."""
    for month in world.rows("accounting_periods", period=found["period"]):
        month["state"] = "open"
    old = (AS_OF - timedelta(days=30)).date()
    ids = {line["object_id"] for line in world["ops.posting_lines"].values()}
    entries = [
        row for row in world["time_entries"].values()
        if row["system"] != "psa" and row["work_date"] < old and entry_id(row) not in ids
        and project_of(row) == found["project_id"]
    ]  # fmt: skip
    post(world, f"PS-late-{found['record_key']}", str(found["project_id"]), entries)


def _sent_anew(world: World, ref: object) -> None:
    """A document that is stuck arrives after all, under another reference."""
    project = world["ops.documents"][ref]["project_id"]
    ids = {line["object_id"] for line in world.rows("ops.posting_lines", document_ref=ref)}
    entries = [row for row in world["time_entries"].values() if entry_id(row) in ids]
    _forget(world, ref)
    post(world, f"{ref}-now", str(project), entries)


def _forget(world: World, ref: object) -> None:
    world.drop("ops.posting_lines", lambda row: row["document_ref"] == ref)
    world.drop("ops.documents", lambda row: row["document_ref"] == ref)


def _cancelled(world: World, _clean: World, found: Row) -> None:
    for document in world.rows("erp_documents", number=found["right_id"]):
        document.update(VOIDED)


def _once(world: World, clean: World, found: Row) -> None:
    if str(found["record_key"]).startswith("document|"):
        erp_id = str(found["record_key"]).rpartition("|")[2]
        world["erp_documents"]["bc", erp_id] |= VOIDED
        return
    for ref in str(found["right_id"]).split(", ")[1:]:
        _forget(world, ref)


def _line_as_sent(world: World, _clean: World, found: Row) -> None:
    ref, line_no = str(found["record_key"]).split("|")
    ours = world.one("ops.posting_lines", document_ref=ref, line_no=int(line_no))
    theirs = world["erp_lines"]["bc", f"id-{ref}/{line_no}"]
    change = int(str(ours["amount_minor"])) - int(str(theirs["amount_minor"]))
    for name in ("quantity", "unit_price", "amount_minor"):
        theirs[name] = ours[name]
    world["erp_documents"]["bc", f"id-{ref}"]["amount_minor"] += change


def _document_as_sent(world: World, clean: World, found: Row) -> None:
    key = ("bc", f"id-{found['record_key']}")
    world["ops.erp_reversals"].pop(found["record_key"], None)
    world["erp_documents"][key] = dict(clean["erp_documents"][key])
    for line in clean.rows("erp_lines", document_external_id=key[1]):
        world["erp_lines"]["bc", line["external_id"]] = dict(line)


def _rate_as_it_was(world: World, clean: World, found: Row) -> None:
    number = f"psa-P{str(found['project_id']).removeprefix('p-')}"
    for price in world.rows("rates", system="psa", project_external_id=number):
        before = clean["rates"].get(("psa", price["external_id"]), price)
        price["unit_price"] = before["unit_price"]


def _not_billable(world: World, clean: World, found: Row) -> None:
    """The flags of the entry and of its project are set back."""
    entry = _entry(world, found)
    entry["is_billable"] = _entry(clean, found)["is_billable"]
    project = project_of(entry)
    before = clean.one("projects", system="psa", match_key=project)
    for row in world.rows("projects", match_key=project):
        row["is_billable"] = before["is_billable"]


def _to_another_project(world: World, _clean: World, found: Row) -> None:
    entry = _entry(world, found)
    mine = world.rows("assignments", resource_external_id=entry["resource_external_id"])
    others = {row["project_external_id"] for row in mine} - {entry["project_external_id"]}
    entry["project_external_id"] = min(others)
    entry["task_external_id"] = f"{min(others)}-design"


def _assigned(world: World, _clean: World, found: Row) -> None:
    entry = _entry(world, found)
    number = str(entry["project_external_id"]).rpartition("-")[2]
    person = str(entry["resource_external_id"]).rpartition("-")[2]
    world.put(
        "assignments", "psa", f"new-{number}-{person}", is_active=True,
        project_external_id=f"psa-{number}", resource_external_id=f"psa-{person}",
    )  # fmt: skip


def _on_an_assigned_day(world: World, _clean: World, found: Row) -> None:
    row = world["assignments"]["psa", found["right_id"]]
    _entry(world, found)["work_date"] = row["ends_on"]


def _opened(world: World, _clean: World, found: Row) -> None:
    for period in world.rows("accounting_periods", period=found["period"]):
        if str(period["company"]).startswith(str(found["legal_entity"])):
            period["state"] = "open"


def _plausible(world: World, _clean: World, found: Row) -> None:
    if found["entry_id"] is not None and _entry(world, found)["seconds"] < 0:
        _entry(world, found)["seconds"] *= -1
        return
    person, day = str(found["right_id"] or found["left_id"]).split()
    longest = max(_worked(world, person, day), key=lambda row: row["seconds"])
    longest["seconds"] = min(longest["seconds"], 3600)


def _worked(world: World, person: str, day: str, *, in_psa: bool = False) -> list[Row]:
    """What a person booked on a day: in the time system, or in the PSA."""
    number = number_of_person(person)
    return [
        row for row in world["time_entries"].values()
        if str(row["work_date"]) == day and (row["system"] == "psa") is in_psa
        and person_of(row) == number
    ]  # fmt: skip


def _actual(world: World, found: Row) -> list[Row]:
    person, project, day = str(found["record_key"]).split("|")
    return [row for row in _worked(world, person, day, in_psa=True) if project_of(row) == project]


def _brought_over(world: World, clean: World, found: Row) -> None:
    """What the clean PSA had of that day and the PSA has not."""
    here = {row["external_id"] for row in _actual(world, found)}
    for row in _actual(clean, found):
        if row["external_id"] not in here:
            world["time_entries"]["psa", row["external_id"]] = dict(row)


def _moved_back(world: World, clean: World, found: Row) -> None:
    """What the PSA has on another day, or has here and not then, is where it was."""
    mine = {row["external_id"] for place in (world, clean) for row in _actual(place, found)}
    for external_id in mine:
        before = clean["time_entries"]["psa", external_id]
        world["time_entries"]["psa", external_id].update(
            work_date=before["work_date"], project_external_id=before["project_external_id"]
        )


def _in_line(world: World, _clean: World, found: Row) -> None:
    for row in _actual(world, found)[:1]:
        row["seconds"] += found["difference_seconds"]


def _less_one(world: World, _clean: World, found: Row) -> None:
    surplus = -int(str(found["difference_seconds"]))
    rows = [row for row in _actual(world, found) if row["seconds"] == surplus]
    world.drop("time_entries", lambda other: any(other is row for row in rows[-1:]))


def _approved(world: World, _clean: World, found: Row) -> None:
    _entry(world, found).update(approval_state="approved", approved_at=AS_OF - timedelta(hours=20))


def _deleted(world: World, _clean: World, found: Row) -> None:
    entry = _entry(world, found)
    world.drop("time_entries", lambda row: row is entry)


def _no_cap(world: World, _clean: World, found: Row) -> None:
    world["projects"]["psa", found["left_id"]]["cap_minor"] = None


def _another_day(world: World, _clean: World, found: Row) -> None:
    if found["right_id"] is not None:
        world.drop("absences", lambda row: row["external_id"] == found["right_id"])
        return
    person, day = str(found["record_key"]).split("|")
    for row in _worked(world, person, day):
        row["work_date"] += timedelta(days=1)


def _milestone_billed(world: World, _clean: World, found: Row) -> None:
    row = world["milestones"]["psa", found["left_id"]]
    post(world, f"PS-now-{found['left_id']}", str(found["project_id"]), [row])


def _told(world: World, _clean: World, found: Row) -> None:
    system, kind, subject, reference = str(found["record_key"]).split("|")
    note = world["ops.feedback"][system, kind, subject, reference]
    note |= {"state": "told", "told_at": note["changed_at"]}
    world.put(
        "invoice_statuses", system, f"{kind}|{subject}|{reference}", subject_kind=kind,
        subject_external_id=subject, status=note["status"], reference=reference,
    )  # fmt: skip


def _mark_taken_off(world: World, _clean: World, found: Row) -> None:
    ref, _, system = str(found["record_key"]).partition("|")
    for status in world.rows("invoice_statuses", reference=f"id-{ref}", system=system):
        status["status"] = "cancelled"
    for line in world.rows("ops.posting_lines", document_ref=ref):
        key = tuple(str(line["object_id"]).split(":", 1))
        if key[0] == system and key in world["time_entries"]:
            world["time_entries"][key]["is_invoiced"] = False


def _exchange_rate(world: World, _clean: World, found: Row) -> None:
    currency, own, _, project = str(found["record_key"]).split("|")
    for day in range(40):
        on = AS_OF.date() - timedelta(days=day)
        world.put(
            "fx_rates", "bc", f"new-{project}-{on}", company=f"{found['legal_entity']} Ltd",
            from_currency=currency, to_currency=own, rate_type="spot", valid_on=on,
            rate=Decimal("1.1"),
        )  # fmt: skip


def _settled(world: World, _clean: World, found: Row) -> None:
    """A letter that waited arrives after all, and its receiver says what it was told."""
    if found["left_id"] in world["ops.documents"]:
        _sent_anew(world, found["left_id"])
    else:
        _told(world, _clean, found)


def _read_again(world: World, _clean: World, found: Row) -> None:
    for row in world.rows("raw.reads", system=found["left_system"]):
        if found["left_id"] in {row["stream"], "*"}:
            row |= {"started_at": AS_OF, "finished_at": AS_OF}


def _there_again(world: World, clean: World, found: Row) -> None:
    world.drop("raw.missing", lambda row: row["record_id"] == found["left_id"])
    if found["entry_id"] is not None:
        _restored(world, clean, found)


REMEDIES: dict[tuple[str, str], Remedy] = MASTER_REMEDIES | {
    ("TM01", "not_synced_yet"): _posted,
    ("TM01", "sync_failed"): _posted,
    ("TM02", "unauthorised_posting"): _cancelled,
    ("TM03", "manual_edit_in_copy"): _line_as_sent,
    ("TM03", "rounding"): _line_as_sent,
    ("TM03", "unit_or_timezone"): _line_as_sent,
    ("TM04", "manual_edit_in_copy"): _line_as_sent,
    ("TM04", "rounding"): _line_as_sent,
    ("TM05", "duplicate_posting"): _once,
    ("TM06", "edited_after_posting"): _of_clean("seconds", "task_external_id", "is_billable"),
    ("TM06", "wrong_project"): _of_clean("project_external_id", "task_external_id"),
    ("TM06", "wrong_date"): _of_clean("work_date"),
    ("TM06", "rate_changed_late"): _rate_as_it_was,
    ("TM07", "approval_withdrawn"): _of_clean("approval_state", "approved_at"),
    ("TM07", "deleted_after_posting"): _restored,
    ("TM08", "wrong_project"): _to_another_project,
    ("TM09", "master_data_incomplete"): _assigned,
    ("TM09", "wrong_date"): _on_an_assigned_day,
    ("TM10", "period_closed"): _opened,
    ("TM11", "unit_or_timezone"): _plausible,
    ("TM12", "not_synced_yet"): _brought_over,
    ("TM12", "manual_edit_in_copy"): _in_line,
    ("TM12", "sync_failed"): _in_line,
    ("TM12", "duplicate_entry"): _less_one,
    ("TM12", "wrong_date"): _moved_back,
    ("TM12", "wrong_project"): _moved_back,
    ("TM13", "not_synced_yet"): _approved,
    ("TM14", "duplicate_entry"): _deleted,
    ("TM15", "cap_reached"): _no_cap,
    ("TM16", "wrong_project"): _not_billable,
    ("TM16", "edited_after_posting"): _of_clean("is_billable"),
    ("TM17", "wrong_date"): _another_day,
    ("BL02", "not_synced_yet"): _milestone_billed,
    ("BL01", "not_synced_yet"): _billed,
    ("BL01", "period_closed"): _billed,
    ("BL07", "not_synced_yet"): _charged,
    ("BL07", "wrong_project"): _charge_moved,
    ("BL07", "wrong_date"): _charge_moved,
    ("BL10", "not_synced_yet"): _costed,
    ("BL10", "wrong_project"): _cost_moved,
    ("BL10", "wrong_date"): _cost_moved,
    ("BL09", "not_synced_yet"): _expense(is_invoiced=True),
    ("BL09", "unauthorised_posting"): _expense(approval_state="approved"),
    ("BL09", "master_data_incomplete"): _expense(has_receipt=True),
    ("BL03", "manual_edit_in_copy"): _told,
    ("BL03", "sync_failed"): _told,
    ("BL04", "not_synced_yet"): _mark_taken_off,
    ("BL05", "manual_edit_in_copy"): _document_as_sent,
    ("BL05", "unauthorised_posting"): _document_as_sent,
    ("BL05", "rounding"): _document_as_sent,
    ("BL06", "manual_edit_in_copy"): _document_as_sent,
    ("BL06", "unauthorised_posting"): _document_as_sent,
    ("BL06", "rounding"): _document_as_sent,
    ("BL08", "fx"): _exchange_rate,
    ("IN01", "sync_failed"): _settled,
    ("IN02", "sync_failed"): _read_again,
    ("IN06", "sync_failed"): _settled,
    ("IN07", "deleted_after_posting"): _there_again,
}
