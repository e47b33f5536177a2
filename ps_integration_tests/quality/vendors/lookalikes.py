"""What looks like a fault and is none: nothing may be reported of it."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ps_integration_tests.quality.vendors import records
from ps_integration_tests.quality.vendors.faults_posted import typed
from ps_integration_tests.quality.vendors.faults_work import away, spent
from ps_integration_tests.quality.vendors.kinds import AFTER, LATER, lookalike
from ps_integration_tests.quality.vendors.site import Site, guid
from ps_integration_tests.quality.vendors.stage import Stage

Told = Iterator[Any]


def _state(state: str, words: str) -> None:
    @lookalike(words=words)
    def waiting(s: Stage, p: Site) -> Told:
        one = s.entry(p, day=date(2026, 3, 16), minutes=210, state=state,
            decided_on=date(2026, 3, 17))  # fmt: skip
        s.book(p, one)
        s.write([records.copied(p, one)])
        s.change("kantata", "time_entries", one.kantata_id, approved=False)
        yield None
        one.state = "approved"
        s.book(p, one)
        s.write([records.copied(p, one)])


_state("draft", "A draft stands alike in time tool and PSA")
_state("submitted", "Time handed in yesterday stands alike in time tool and PSA")


@lookalike()
def note_edited(s: Stage, p: Site) -> Told:
    """The note of an entry was edited."""
    p.entries[0].note = "Something else"
    s.book(p, p.entries[0])
    yield None


@lookalike()
def next_price(s: Stage, p: Site) -> Told:
    """PSA and ERP have a dearer price from May on."""
    s.write(records.price_version(p, 2, "2026-05-01", p.price + 9))
    for role in records.ROLES:
        s.change_record(records.price_in_erp(p, role, p.price), endingDate="2026-04-30")
        record = records.price_in_erp(p, role, p.price + 9)
        key = guid("next price", p.code, role)
        s.write([(*record[:2], key, {**record[3], "id": key, "startingDate": "2026-05-01"})])
    yield None


def _leave(words: str, **row: object) -> None:
    @lookalike(words=words)
    def leave(s: Stage, p: Site) -> Told:
        one = p.entries[0]
        away(s, p, 1, **{"From": one.day, "To": one.day, **row})
        yield None


_leave("Leave on a day of work was refused", State="rejected")
_leave("Leave on a day of work is only asked for", State="submitted")
_leave("Leave is of the year before", From="2025-03-02", To="2025-03-13")


@lookalike()
def half_day(s: Stage, p: Site) -> Told:
    """Half a day of leave, and four hours booked beside it."""
    one = p.entries[0]
    one.minutes = 240
    s.book(p, one)
    away(s, p, 1, From=one.day, To=one.day, Hours="4")
    yield None


@lookalike()
def day_before(s: Stage, p: Site) -> Told:
    """Leave ends on the day before the first day of work."""
    first = p.entries[0].day
    away(s, p, 1, From=first - timedelta(days=9), To=first - timedelta(days=1))
    yield None


@lookalike()
def same_note(s: Stage, p: Site) -> Told:
    """The same hours with the same note on the next day."""
    one = p.entries[-1]
    s.book(p, s.entry(p, day=one.day + timedelta(days=1), minutes=one.minutes, note=one.note))
    yield None


@lookalike()
def two_tasks(s: Stage, p: Site) -> Told:
    """As many hours of the same day on another task, with another note."""
    one = p.entries[0]
    one.minutes = 240
    s.book(p, one, s.entry(p, day=one.day, minutes=240, task=2))
    yield None


@lookalike()
def two_notes(s: Stage, p: Site) -> Told:
    """As many hours of the same day on the same task, with quite another note."""
    one = p.entries[0]
    one.minutes = 180
    s.book(p, one, s.entry(p, day=one.day, minutes=180))
    yield None


@lookalike()
def limit_kept(s: Stage, p: Site) -> Told:
    """Twelve hours on one day, which is the firm's limit."""
    one = p.entries[0]
    one.minutes = 720
    s.book(p, one)
    yield None


@lookalike()
def cap_kept(s: Stage, p: Site) -> Told:
    """The cap is a little above what was worked."""
    cap = p.worth() + 100
    s.write([records.custom("Workspace", p.kantata_id, 4, "Not to exceed", cap)])
    yield None


@lookalike()
def closing_day(s: Stage, p: Site) -> Told:
    """The project closes in every system on its last day of work."""
    last = p.entries[-1].day.isoformat()
    _close(s, p, last)
    yield None


def _close(s: Stage, p: Site, day: str) -> None:
    s.change("kantata", "workspaces", p.kantata_id, archived=True)
    s.write([records.custom("Workspace", p.kantata_id, 5, "Closed on", day)])
    s.change_record(records.billing(p), status="Completed", endingDate=day)
    if p.time_system == "harvest":
        s.change("harvest", "projects", str(p.harvest_id), is_active=False, ends_on=day)
    else:
        s.change("clockify", "projects", p.clockify_id, archived=True)


@lookalike(night=AFTER)
def closed_when_done(s: Stage, p: Site) -> Told:
    """The project closes in every system after its work was billed."""
    _close(s, p, "2026-03-18")
    yield None


@lookalike(entity="DE")
def approved_after_closing(s: Stage, p: Site) -> Told:
    """Work of before the closing day is approved after it."""
    _close(s, p, "2026-03-13")
    one = s.entry(p, day=date(2026, 3, 13), minutes=60, decided_on=date(2026, 3, 17))
    s.book(p, one)
    yield None


@lookalike()
def last_day(s: Stage, p: Site) -> Told:
    """The person's last day of employment is their last day of work."""
    s.put_drop("people", p.worker.email, Left=p.entries[-1].day.isoformat())
    yield None


@lookalike(night=AFTER)
def leaver(s: Stage, p: Site) -> Told:
    """The person has left, after all work was billed, and no date is said in the time tool."""
    s.put_drop("people", p.worker.email, Left="2026-03-17", Active="no")
    if p.time_system == "harvest":
        s.change("harvest", "users", str(p.worker.harvest_id), is_active=False)
    else:
        s.change("clockify", "users", p.worker.clockify_id, status="INACTIVE")
    s.change("kantata", "account_memberships", p.worker.kantata_id,
        disabled_at="2026-03-18T09:00:00Z")  # fmt: skip
    yield None


@lookalike()
def first_day(s: Stage, p: Site) -> Told:
    """The person's first day of employment is their first day of work."""
    s.put_drop("people", p.worker.email, Joined=p.entries[0].day.isoformat())
    yield None


@lookalike()
def place_kept(s: Stage, p: Site) -> Told:
    """The person's place on the project ends on the last day of work."""
    last = p.entries[-1].day.isoformat()
    s.change_record(records.place(p, p.worker), latest_allocation_date=last,
        earliest_allocation_date=p.entries[0].day.isoformat())  # fmt: skip
    yield None


@lookalike(is_born=True, currency="USD", priced_in="GBP", entity="GB")
def foreign_currency(s: Stage, p: Site) -> Told:
    """A project is billed in dollars at a price in pounds, with a rate of the same week."""
    s.build(p)
    yield None


@lookalike(is_born=True, kind="internal")
def internal(s: Stage, p: Site) -> Told:
    """A project of the firm's own, with time that is not billable."""
    for one in p.entries:
        one.is_billable = False
    s.build(p)
    yield None


@lookalike(is_born=True, kind="fixed_fee")
def fixed_fee(s: Stage, p: Site) -> Told:
    """Hours on a project with a fixed fee."""
    s.build(p)
    yield None


@lookalike(is_born=True)
def no_time_yet(s: Stage, p: Site) -> Told:
    """A new project that nobody has worked on."""
    p.entries.clear()
    s.build(p)
    yield None


@lookalike(kind="milestone", entity="DE", sold_for=(4000,))
def not_reached(s: Stage, p: Site) -> Told:
    """A milestone that is due and not reached."""
    s.change("kantata", "stories", p.story_id(11), due_date="2026-03-10")
    yield None


@lookalike(kind="milestone", entity="DE", sold_for=(4000,))
def reached_yesterday(s: Stage, p: Site) -> Told:
    """A milestone that was reached the day before."""
    s.write([records.milestone(p, 11, 4000, is_reached=True)])
    s.change("kantata", "stories", p.story_id(11), due_date="2026-03-17")
    yield None


def _sale(words: str, stage: str, won: str, *, has_project: bool = False) -> None:
    @lookalike(words=words)
    def sale(s: Stage, p: Site) -> Told:
        s.put_drop("sales", f"S{p.number}", Name=s.names.two(), Customer=p.customer,
            Entity=p.entity, Stage=stage, Won=won, Amount="50000.00", Currency=p.currency,
            Project=p.code if has_project else "")  # fmt: skip
        p.tokens.add(f"s{p.number}")
        yield None
        s.put_drop("sales", f"S{p.number}", Project=p.code)


_sale("A sale was lost", "lost", "")
_sale("A sale is open", "open", "")
_sale("A sale was won yesterday", "won", "2026-03-17")
_sale("A sale was won, and its project is there", "won", "2026-02-20", has_project=True)


def _near(words: str, first: str, second: str) -> None:
    @lookalike(is_born=True, words=words)
    def near(s: Stage, p: Site) -> Told:
        one, two = p.customer_name.split()
        p.customer_name = first.format(one, two)
        s.build(p)
        other = f"C9{p.number:03}"
        p.tokens.add(other.lower())
        s.write([records.book(p.entity, "customers", {"number": other,
            "displayName": second.format(one, two), "type": "Company",
            "currencyCode": p.currency, "blocked": " "})])  # fmt: skip
        yield None


_near("Two customers of one group, of two countries", "{0} Systems UK", "{0} Systems US")
_near("Two customers with names of which one contains the other", "{0}", "{0}son")
_near("Two customers of one family name", "{0} Construction", "{0} Catering")
_near("Two customers of one first word", "{0} Housing Trust", "{0} Museum Trust")
_near("Two numbered funds", "{0} Property Fund 1", "{0} Property Fund 2")


@lookalike(night=AFTER)
def note_after(s: Stage, p: Site) -> Told:
    """The note of a posted entry was edited."""
    p.entries[0].note = "Something else"
    s.book(p, p.entries[0])
    yield None


@lookalike(night=AFTER)
def there_and_back(s: Stage, p: Site) -> Told:
    """A posted entry was changed and changed back within the day."""
    one = p.entries[0]
    one.minutes += 15
    s.book(p, one)
    one.minutes -= 15
    s.book(p, one)
    yield None


def _payment(words: str, share: Decimal) -> None:
    @lookalike(night=AFTER, words=words)
    def payment(s: Stage, p: Site) -> Told:
        document = s.invoice(p)
        total = Decimal(str(document["totalAmountIncludingTax"]))
        rest = total - (total * share).quantize(Decimal("0.01"))
        s.change("bc", f"{p.company}/salesInvoices", document["id"], remainingAmount=rest,
            status="Open" if rest else "Paid")  # fmt: skip
        yield None


_payment("The customer paid our invoice", Decimal(1))
_payment("The customer paid half of our invoice", Decimal("0.5"))


@lookalike(night=AFTER)
def later_due(s: Stage, p: Site) -> Told:
    """Finance gave the customer another month to pay."""
    document = s.invoice(p)
    s.change("bc", f"{p.company}/salesInvoices", document["id"], dueDate="2026-05-30")
    yield None


@lookalike(night=AFTER)
def typed_draft(s: Stage, p: Site) -> Told:
    """A clerk's draft invoice in the ERP, not posted."""
    typed(s, p, Decimal(2), Decimal(100), status="Draft")
    yield None


@lookalike(night=AFTER)
def typed_elsewhere(s: Stage, p: Site) -> Told:
    """A clerk invoices the customer for something on another account."""
    typed(s, p, Decimal(1), Decimal(450))
    s.change("bc", f"{p.company}/salesInvoiceLines", guid("typed line", p.code),
        lineObjectNumber="6000", dimensionSetLines=[])  # fmt: skip
    yield None


@lookalike(night=2)
def draft_deleted(s: Stage, p: Site) -> Told:
    """An author deletes a draft."""
    one = s.entry(p, day=date(2026, 3, 16), minutes=75, state="draft")
    one.has_copy = False
    s.book(p, one)
    yield LATER
    p.tokens.add(one.id)
    s.erase(p.time_system, "time_entries", one.id)
    p.entries.remove(one)
    yield None


@lookalike(night=AFTER)
def late_work(s: Stage, p: Site) -> Told:
    """More work of the same week is approved after the first was billed."""
    s.book(p, s.entry(p, day=date(2026, 3, 13), minutes=90, decided_on=date(2026, 3, 19)))
    yield None


@lookalike(entity="DE")
def rejected(s: Stage, p: Site) -> Told:
    """An approver sends an entry back before anything was posted."""
    one = s.entry(p, day=date(2026, 3, 13), minutes=90, state="rejected")
    one.has_copy = False
    s.book(p, one)
    yield None


@lookalike(is_born=True)
def known_in_capitals(s: Stage, p: Site) -> Told:
    """The PSA writes the person's e-mail in capitals."""
    s.build(p)
    s.change("kantata", "users", p.worker.kantata_id, email_address=p.worker.email.upper())
    yield None


@lookalike(is_born=True)
def price_rose(s: Stage, p: Site) -> Told:
    """The price rose in the middle of the month, in PSA and ERP alike."""
    s.build(p)
    since = p.entries[2].day
    s.write(records.price_version(p, 2, since.isoformat(), p.price + 8))
    for role in records.ROLES:
        old = records.price_in_erp(p, role, p.price)
        s.change_record(old, endingDate=(since - timedelta(days=1)).isoformat())
        key = guid("rise", p.code, role)
        s.write([(*old[:2], key, {**old[3], "id": key, "unitPrice": p.price + 8,
            "startingDate": since.isoformat()})])  # fmt: skip
    yield None


@lookalike()
def supplier_paid(s: Stage, p: Site) -> Told:
    """A supplier invoices a person's hours of March, as many as were worked."""
    hours = sum((one.hours for one in p.entries), start=Decimal(0))
    s.put_drop("people", p.worker.email, Supplier=f"V{p.number}")
    s.put_drop("costs", f"K{p.number}", Supplier=f"V{p.number}", Person=p.worker.email,
        Project=p.code, Period="2026-03", Hours=hours, Amount="900.00",
        Currency=p.currency)  # fmt: skip
    p.tokens |= {f"k{p.number}", f"v{p.number}"}
    yield None


def _expense(words: str, **changes: object) -> None:
    @lookalike(entity="GB", words=words)
    def expense(s: Stage, p: Site) -> Told:
        spent(s, p, Decimal("61.35"), **changes)
        yield None


_expense("An expense was billed with approval and receipt", is_billed=True)
_expense("A person's draft of an expense without a receipt", approval_status="unsubmitted",
    receipt=None, is_closed=False, is_locked=False, locked_reason=None,
    spent_date="2026-03-16")  # fmt: skip


@lookalike(is_born=True, kind="milestone", entity="GB", sold_for=(4000,))
def milestones_in_harvest(s: Stage, p: Site) -> Told:
    """A project with milestones in the PSA, and billable in Harvest, which knows no milestones."""
    s.build(p)
    yield None


@lookalike(entity="GB", beside="IN03")
def hours_are_a_word(s: Stage, p: Site) -> Told:
    """Harvest sends the hours of one entry as a word; quarantine says so."""
    s.change("harvest", "time_entries", p.entries[0].id, hours="two")
    yield None


@lookalike(is_born=True, kind="internal")
def supplier_on_internal(s: Stage, p: Site) -> Told:
    """A supplier invoices a person's hours of March on a project of the firm's own."""
    for one in p.entries:
        one.is_billable = False
    s.build(p)
    s.put_drop("people", p.worker.email, Supplier=f"V{p.number}")
    hours = sum((one.hours for one in p.entries), start=Decimal(0))
    s.put_drop("costs", f"K{p.number}", Supplier=f"V{p.number}", Person=p.worker.email,
        Project=p.code, Period="2026-03", Hours=hours, Amount="300.00",
        Currency=p.currency)  # fmt: skip
    p.tokens |= {f"k{p.number}", f"v{p.number}"}
    yield None


@lookalike()
def address_edited(s: Stage, p: Site) -> Told:
    """Finance corrected the customer's address in the ERP."""
    [record] = records.customer(p)
    s.change_record(record, addressLine1="1 High Street", city="Leeds")
    yield None


@lookalike(is_born=True)
def new_joiner(s: Stage, p: Site) -> Told:
    """A new joiner is in every system and books time on their first day."""
    s.put_drop("people", p.worker.email, Joined="2026-03-16")
    p.entries.clear()
    s.entry(p, day=date(2026, 3, 16), minutes=420)
    s.build(p)
    yield None


@lookalike(kind="milestone", entity="DE", sold_for=(6000,))
def billed_tonight(s: Stage, p: Site) -> Told:
    """A milestone was reached twelve days ago, and is billed the night it is first seen."""
    s.write([records.milestone(p, 11, 6000, is_reached=True)])
    s.change("kantata", "stories", p.story_id(11), due_date="2026-03-06")
    yield None
