"""Faults of time that is not posted yet: entries, approvals, assignments, caps, leave, periods."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ps_integration_tests.quality.vendors import records
from ps_integration_tests.quality.vendors.kinds import BEFORE, FOR_GOOD, LATER, fault
from ps_integration_tests.quality.vendors.site import Entry, Site, Worker
from ps_integration_tests.quality.vendors.stage import Stage

Told = Iterator[Any]


def gone(s: Stage, p: Site, one: Entry) -> None:
    """Delete an entry, its copy and its approval."""
    if p.time_system == "harvest":
        s.erase("harvest", "time_entries", one.id)
    else:
        s.erase("clockify", "time_entries", one.id)
        s.erase("clockify", "approval_requests", records.approval(one)[2])
    if one.has_copy:
        s.erase("kantata", "time_entries", one.kantata_id)


@fault("TM08", "", beside="MD04 MD07")
def closed_in_psa(s: Stage, p: Site) -> Told:
    """The PSA closed the project before the last day of work."""
    late = p.entries[-1]
    closed = (late.day - timedelta(days=1)).isoformat()
    s.change("kantata", "workspaces", p.kantata_id, archived=True)
    s.write([records.custom("Workspace", p.kantata_id, 5, "Closed on", closed)])
    yield p.worth(late)
    s.change("kantata", "workspaces", p.kantata_id, archived=False)
    s.erase(*records.custom("Workspace", p.kantata_id, 5, "", "")[:3])


@fault("TM08", "", beside="MD04 MD05")
def closed_in_erp(s: Stage, p: Site) -> Told:
    """The ERP completed the project before the last day of work."""
    late = p.entries[-1]
    ended = (late.day - timedelta(days=1)).isoformat()
    before = s.change_record(records.billing(p), status="Completed", endingDate=ended)
    yield p.worth(late)
    s.change_record(records.billing(p), **before)


@fault("TM08", "", beside="MD04 MD05")
def closed_ahead_in_erp(s: Stage, p: Site) -> Told:
    """The ERP completed the project with an ending date ahead; work goes on after that."""
    s.change_record(records.billing(p), status="Completed", endingDate="2026-12-31")
    yield LATER
    yield LATER
    one = s.entry(p, day=date(2026, 3, 20), minutes=180, decided_on=date(2026, 3, 20))
    s.book(p, one)
    yield p.worth(one)
    s.change_record(records.billing(p), status="Open", endingDate="0001-01-01")


@fault("TM09", "", is_born=True)
def not_assigned(s: Stage, p: Site) -> Told:
    """Somebody books on a project without being on it in PSA or time tool; a colleague is."""
    s.build(p)
    _displaced(s, p)
    if p.time_system == "harvest":
        s.erase(*records.harvest_place(p, p.worker)[:3])
    else:
        s.change("clockify", "projects", p.clockify_id, memberships=[])
    yield p.worth()
    s.write([records.place(p, p.worker)])


@fault("TM09 MD07", "", is_born=True)
def only_in_time_tool(s: Stage, p: Site) -> Told:
    """Somebody is on a project in the time tool only; in the PSA a colleague is."""
    s.build(p)
    other = _displaced(s, p)
    yield None
    s.write([records.place(p, p.worker)])
    s.erase(*records.place(p, other)[:3])


def _displaced(s: Stage, p: Site) -> Worker:
    """The PSA has a colleague on the project instead of the person who books."""
    other = s.worker(p.entity)
    s.employ(other)
    s.write(records.of_worker(other), [records.place(p, other)])
    s.erase(*records.place(p, p.worker)[:3])
    return other


@fault("TM09", "")
def place_ended(s: Stage, p: Site) -> Told:
    """The person's place on the project ended in the PSA before the last day of work."""
    late = p.entries[-1]
    last = (late.day - timedelta(days=1)).isoformat()
    s.change_record(records.place(p, p.worker), latest_allocation_date=last)
    yield p.worth(late)
    s.change_record(records.place(p, p.worker), latest_allocation_date=None)


@fault("TM09", "")
def place_begins_later(s: Stage, p: Site) -> Told:
    """The person's place on the project begins after the first day of work."""
    first = p.entries[1].day.isoformat()
    s.change_record(records.place(p, p.worker), earliest_allocation_date=first)
    yield p.worth(p.entries[0])
    s.change_record(records.place(p, p.worker), earliest_allocation_date=records.START)


@fault("TM10", "period_closed")
def in_closed_period(s: Stage, p: Site) -> Told:
    """An hour of February comes in after February was closed in the ERP."""
    one = s.entry(p, day=date(2026, 2, 24), minutes=150)
    s.book(p, one)
    yield p.worth(one)
    gone(s, p, one)
    yield FOR_GOOD


@fault("TM11", "")
def more_than_a_day(s: Stage, p: Site) -> Told:
    """Twenty-five hours on one day."""
    one = p.entries[0]
    before = one.minutes
    one.minutes = 1500
    s.book(p, one)
    yield p.worth(one)
    one.minutes = before
    s.book(p, one)


@fault("TM11", "", beside="TM06")
def long_day(s: Stage, p: Site) -> Told:
    """Two entries of one day come to thirteen hours and a half; the firm's limit is twelve."""
    one = p.entries[0]
    before = one.minutes
    one.minutes = 405
    other = s.entry(p, day=one.day, minutes=405, task=2)
    s.book(p, one, other)
    yield None
    one.minutes = before
    other.minutes = 30
    s.book(p, one, other)


@fault("TM11", "", entity="GB", beside="TM12")
def negative(s: Stage, p: Site) -> Told:
    """Somebody books a correction as negative hours."""
    one = s.entry(p, day=p.entries[0].day, minutes=-90)
    one.has_copy = False
    s.book(p, one)
    yield None
    s.erase("harvest", "time_entries", one.id)
    yield FOR_GOOD


@fault("TM12", "manual_edit_in_copy")
def copy_mistyped(s: Stage, p: Site) -> Told:
    """Somebody mistyped the hours of the PSA's copy."""
    one = p.entries[1]
    one.psa_minutes = one.minutes + 60
    s.book(p, one)
    yield None
    one.psa_minutes = None
    s.book(p, one)


@fault("TM12", "not_synced_yet sync_failed", is_born=True)
def copy_missing(s: Stage, p: Site) -> Told:
    """One entry of a new project never came to the PSA."""
    one = p.entries[1]
    one.has_copy = False
    s.build(p)
    yield None
    one.has_copy = True
    s.book(p, one)


@fault("TM12", "duplicate_entry")
def copied_twice(s: Stage, p: Site) -> Told:
    """The PSA has the copy of an entry twice."""
    one = p.entries[1]
    twin = replace(one, number=one.number + 500_000)
    p.tokens.add(twin.kantata_id)
    s.write([records.copied(p, twin)])
    yield None
    yield FOR_GOOD


@fault("TM12", "")
def only_in_psa(s: Stage, p: Site) -> Told:
    """Somebody typed approved time straight into the PSA."""
    one = s.entry(p, day=date(2026, 3, 13), minutes=120)
    p.entries.remove(one)
    p.tokens.add(one.kantata_id)
    s.write([records.copied(p, one)])
    yield None
    yield FOR_GOOD


@fault("TM12", "wrong_date manual_edit_in_copy")
def copy_on_another_day(s: Stage, p: Site) -> Told:
    """Somebody moved the PSA's copy of an entry to another day."""
    one = p.entries[1]
    before = s.change("kantata", "time_entries", one.kantata_id, date_performed="2026-03-16")
    yield None
    s.change("kantata", "time_entries", one.kantata_id, **before)


@fault("TM13", "", entity="DE")
def never_approved(s: Stage, p: Site) -> Told:
    """Time was handed in ten days ago, and nobody has approved it."""
    one = s.entry(p, day=date(2026, 3, 6), minutes=240, state="submitted",
        decided_on=date(2026, 3, 7))  # fmt: skip
    s.book(p, one)
    yield None
    one.state = "approved"
    one.decided_on = date(2026, 3, 23)
    s.book(p, one)


def _short(s: Stage, p: Site) -> Entry:
    """An entry that can be booked twice within one day's limit."""
    one = p.entries[2]
    one.minutes = min(one.minutes, 345)
    s.book(p, one)
    return one


@fault("TM14", "duplicate_entry")
def booked_twice(s: Stage, p: Site) -> Told:
    """An entry was booked twice."""
    one = _short(s, p)
    twin = s.entry(p, day=one.day, minutes=one.minutes, note=one.note, task=one.task)
    s.book(p, twin)
    yield p.worth(twin)
    gone(s, p, twin)
    yield FOR_GOOD


@fault("TM14", "duplicate_entry")
def booked_twice_note_cut(s: Stage, p: Site) -> Told:
    """An entry was booked twice, the second time with its note cut at thirty characters."""
    one = _short(s, p)
    one.note = f"{one.note} about the plan of the second stage and its staff"
    twin = s.entry(p, day=one.day, minutes=one.minutes, note=one.note[:30], task=one.task)
    s.book(p, one, twin)
    yield p.worth(twin)
    gone(s, p, twin)
    yield FOR_GOOD


@fault("TM14", "duplicate_entry")
def booked_twice_in_capitals(s: Stage, p: Site) -> Told:
    """An entry was booked twice, the second time in capitals and with a full stop."""
    one = _short(s, p)
    twin = s.entry(p, day=one.day, minutes=one.minutes, note=f"{one.note.upper()}.", task=one.task)
    s.book(p, twin)
    yield p.worth(twin)
    gone(s, p, twin)
    yield FOR_GOOD


@fault("TM14", "duplicate_entry")
def booked_twice_mistyped(s: Stage, p: Site) -> Told:
    """An entry was booked twice, the second time with one letter mistyped."""
    one = _short(s, p)
    note = one.note[:4] + "x" + one.note[5:]
    twin = s.entry(p, day=one.day, minutes=one.minutes, note=note, task=one.task)
    s.book(p, twin)
    yield p.worth(twin)
    gone(s, p, twin)
    yield FOR_GOOD


@fault("TM14", "duplicate_entry")
def booked_twice_without_note(s: Stage, p: Site) -> Told:
    """An entry without a note was booked twice."""
    one = _short(s, p)
    one.note = ""
    twin = s.entry(p, day=one.day, minutes=one.minutes, note="", task=one.task)
    s.book(p, one, twin)
    yield p.worth(twin)
    gone(s, p, twin)
    yield FOR_GOOD


@fault("TM15", "cap_reached")
def above_the_cap(s: Stage, p: Site) -> Told:
    """The PSA sets a cap below what has been worked."""
    cap = p.worth() * 6 // 1000
    record = records.custom("Workspace", p.kantata_id, 4, "Not to exceed", cap * 100)
    s.write([record])
    yield p.worth() - cap * 100
    s.erase(*record[:3])


@fault("TM16", "", beside="MD04 MD05")
def billable_on_internal(s: Stage, p: Site) -> Told:
    """The PSA calls the project internal, its time is booked as billable."""
    _, collection, key, _ = records.custom("Workspace", p.kantata_id, 3, "", "")
    before = s.change("kantata", collection, key, value="Internal", display_value="Internal")
    yield None
    s.change("kantata", collection, key, **before)


@fault("TM16", "", beside="MD07")
def billable_on_travel(s: Stage, p: Site) -> Told:
    """The PSA says that travel is not billable, and it is booked as billable."""
    one = s.entry(p, day=date(2026, 3, 13), minutes=90, task=2)
    s.change("kantata", "stories", p.story_id(2), billable=False)
    if p.time_system == "harvest":
        s.change("harvest", "task_assignments", str(p.harvest_id * 10 + 2), billable=False)
    else:
        s.change("clockify", "tasks", f"65d2{p.number:020x}", billable=False)
    s.book(p, one)
    yield None
    one.is_billable = False
    s.book(p, one)


def away(s: Stage, p: Site, at: int, **row: object) -> None:
    """HR has a leave of the site's person."""
    key = f"L{p.number}{at}"
    p.tokens.add(key.lower())
    s.put_drop("leave", key, **{"Person": p.worker.email, "Kind": "holiday",
        "State": "approved", "Hours": "", **row})  # fmt: skip


def back(s: Stage, p: Site, *numbers: int) -> None:
    """HR's leave is refused after all."""
    for at in numbers:
        s.put_drop("leave", f"L{p.number}{at}", State="rejected")


@fault("TM17", "")
def worked_on_leave(s: Stage, p: Site) -> Told:
    """Time is booked on a day of a week's approved leave."""
    day = p.entries[0].day
    away(s, p, 1, From=day - timedelta(days=2), To=day)
    yield None
    back(s, p, 1)


@fault("TM17", "", beside="TM06")
def two_half_days(s: Stage, p: Site) -> Told:
    """Two half days of leave on one day, and five hours booked on it."""
    one = p.entries[0]
    before, one.minutes = one.minutes, 300
    s.book(p, one)
    for at in (1, 2):
        away(s, p, at, From=one.day, To=one.day, Hours="4")
    yield None
    back(s, p, 1, 2)
    one.minutes = before
    s.book(p, one)


@fault("TM17", "", beside="TM06")
def half_day_and_too_much(s: Stage, p: Site) -> Told:
    """Half a day of leave, and seven hours and a half booked on it."""
    one = p.entries[0]
    before, one.minutes = one.minutes, 450
    s.book(p, one)
    away(s, p, 1, From=one.day, To=one.day, Hours="4")
    yield None
    back(s, p, 1)
    one.minutes = before
    s.book(p, one)


@fault("TM17", "", entity="DE")
def on_public_holiday(s: Stage, p: Site) -> Told:
    """Time is booked in Berlin on 8 March, a public holiday there."""
    one = s.entry(p, day=date(2026, 3, 8), minutes=180)
    s.book(p, one)
    yield None
    gone(s, p, one)
    yield FOR_GOOD


@fault("BL08", "fx", is_born=True, currency="CHF", priced_in="GBP", entity="GB")
def no_rate_of_exchange(s: Stage, p: Site) -> Told:
    """A project is billed in francs at a price in pounds, and nobody entered a rate for francs."""
    s.build(p)
    yield None
    s.write(records.book("GB", "currencyExchangeRates", records.quote("CHF", f"2026-03-{day:02}",
        "GBP", "0.88")) for day in (1, 5, 10, 15, 20))  # fmt: skip


@fault("BL08", "fx", is_born=True, currency="SEK", priced_in="EUR", entity="DE")
def stale_rate_of_exchange(s: Stage, p: Site) -> Told:
    """The newest rate for kronor is of January, the work of March."""
    s.write([records.book("DE", "currencyExchangeRates", records.quote("SEK", "2026-01-10",
        "EUR", "0.09"))])  # fmt: skip
    s.build(p)
    yield None
    s.write(records.book("DE", "currencyExchangeRates", records.quote("SEK", f"2026-03-{day:02}",
        "EUR", "0.09")) for day in (1, 5, 10, 15, 20))  # fmt: skip


@fault("BL02", "", kind="milestone", entity="DE", sold_for=(4000,))
def milestone_without_amount(s: Stage, p: Site) -> Told:
    """A milestone without an amount was reached ten days ago."""
    s.write([records.milestone(p, 11, None, is_reached=True)])
    s.change("kantata", "stories", p.story_id(11), due_date="2026-03-06")
    yield None
    s.write([records.milestone(p, 11, 4000, is_reached=False)])


@fault("BL10", "", beside="MD04")
def cost_without_time(s: Stage, p: Site) -> Told:
    """A supplier invoices a person's February, and the person has no time in it."""
    s.put_drop("people", p.worker.email, Supplier=f"V{p.number}")
    s.put_drop("costs", f"K{p.number}", Supplier=f"V{p.number}", Person=p.worker.email,
        Period="2026-02", Hours="40", Amount="3200.00", Currency=p.currency)  # fmt: skip
    p.tokens |= {f"k{p.number}", f"v{p.number}"}
    yield 320_000
    yield FOR_GOOD


@fault("IN07", "", beside="MD03 TM12")
def vanished(s: Stage, p: Site) -> Told:
    """An approved entry that was never posted vanishes from the time system."""
    one = s.entry(p, day=date(2026, 3, 13), minutes=135)
    s.book(p, one)
    s.change_record(records.billing(p), taxCode="")
    yield LATER
    s.change_record(records.billing(p), taxCode=records.TAX_CODES[p.entity])
    gone(s, p, one)
    yield LATER
    yield None
    s.book(p, one)


def spent(s: Stage, p: Site, amount: Decimal, **changes: object) -> records.Record:
    """Somebody's expense on a project in Harvest."""
    record = records.expense(p, p.entries[0], amount, **changes)
    p.tokens.add(record[2])
    s.write([record])
    return record


def _billed(words: str, **changes: object) -> None:
    @fault("BL09", "", entity="GB", words=words)
    def billed(s: Stage, p: Site) -> Told:
        record = spent(s, p, Decimal("84.60"), is_billed=True, **changes)
        yield 8460
        s.change_record(record, is_billed=False, approval_status="submitted")
        yield FOR_GOOD


_billed("An expense was billed without a receipt", receipt=None)
_billed("An expense was billed before its approval", approval_status="submitted")


@fault("BL09", "not_synced_yet", entity="GB", night=BEFORE)
def expense_waits(s: Stage, p: Site) -> Told:
    """An approved expense of six weeks ago was never billed."""
    one = p.entries[0]
    record = spent(s, p, Decimal("120.40"), spent_date="2026-02-04")
    p.tokens.add(one.id)
    yield LATER
    yield LATER
    yield 12040
    s.change_record(record, is_billed=True)
