"""The exception workbook there and back: what is decided in it happens, once, and is kept."""

import hashlib
from datetime import date, timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from ps_integration.errors import AskFinanceError
from ps_integration.reports.columns import FIRST_ROW
from ps_integration.reports.working import AT, TITLES
from ps_integration.stores.operational.models import Audit, Proposal
from ps_integration_tests.reports.hostile import PAYLOADS
from ps_integration_tests.workbook.conftest import IDS, NOW, ROWS
from ps_integration_tests.workbook.edit import MAIN, Book


def audited(work, action):
    with work.store.snapshot() as session:
        query = select(Audit).where(Audit.action == action).order_by(Audit.seq)
        return list(session.scalars(query))


def test_the_sheet_lists_every_open_break_and_hides_what_names_it(work, tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(work.export())
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Exceptions").to_python()
    assert tuple(rows[FIRST_ROW - 1]) == TITLES
    assert [row[AT["Break"]] for row in rows[FIRST_ROW:]] == IDS
    assert [row[AT["At risk"]] for row in rows[FIRST_ROW:]] == [123.45, 50.0, 900.0, ""]
    assert [row[AT["Assigned to"]] for row in rows[FIRST_ROW:]][:2] == ["billing queue", "finance"]
    xml = Book(path.read_bytes()).parts[MAIN].decode()
    assert xml.count("hidden=") >= 1
    assert "<sheetProtection" in xml
    assert xml.count("<dataValidation ") == 6
    assert "<f>" not in xml


def test_the_same_breaks_draw_the_same_bytes(work):
    assert work.export() == work.export()


def test_decisions_are_carried_out_together(work):
    book = Book(work.export())
    book.set("Assign to", "ben").set("Comment", "Ask the customer")
    book.set("Decision", "snooze", 1).set("Snooze until", date(2026, 4, 7), 1)
    book.set("Decision", "Accept", 2).set("Accept amount", 900, 2)
    book.set("Comment", "Agreed in the call", 2).set("Accept until", date(2026, 5, 1), 2)
    book.set("Decision", "accept", 3).set("Comment", "known", 3)
    data = book.bytes()
    done = work.bring(data)
    assert (len(done.decided), done.repeated) == (4, 0)
    items = [work.show(row)[0] for row in range(4)]
    assert (items[0].assigned_to, items[0].state) == ("ben", "open")
    assert items[1].snoozed_until == date(2026, 4, 7)
    assert [item.state for item in items] == ["open", "open", "open", "accepted"]
    with work.store.snapshot() as session:
        [proposal] = session.scalars(select(Proposal))
    assert (proposal.amount_minor, proposal.currency) == (900, "JPY")
    assert (proposal.proposed_by, proposal.until) == ("maria", date(2026, 5, 1))
    sha256 = hashlib.sha256(data).hexdigest()
    assert [row.subject for row in audited(work, "import_decisions")] == [sha256]
    for action in ("assign_break", "snooze_break", "propose_accept_break", "accept_break"):
        [row] = audited(work, action)
        assert (row.who, row.detail["file_sha256"]) == ("maria", sha256)


def test_a_second_person_confirms_in_a_workbook_of_their_own(work):
    book = Book(work.export()).set("Decision", "accept").set("Accept amount", 123.45)
    work.bring(book.set("Comment", "Settled by letter").bytes())
    waits = Book(work.export())
    assert "123.45 GBP until 2026-06-30: Settled by letter" in waits.row(0)
    data = waits.set("Decision", "confirm").bytes()
    with pytest.raises(AskFinanceError, match=r"Exceptions!G4: .*another person must confirm"):
        work.bring(data)
    with pytest.raises(AskFinanceError, match=r"Exceptions!G4: .*above the limit of ben"):
        work.bring(data, "ben")
    work.bring(data, "olga.k")
    item, events = work.show(0)
    assert (item.state, item.accepted_minor) == ("accepted", 12345)
    assert item.accepted_until == date(2026, 6, 30)
    assert events[-1].detail["proposed_by"] == "maria"


def test_the_same_file_again_changes_nothing_and_says_so(work):
    data = Book(work.export()).set("Comment", "one").set("Assign to", "ben", 1).bytes()
    work.bring(data)
    before = work.contents()
    again = work.bring(data, "olga")
    assert (dict(again.decided), again.repeated) == ({}, 2)
    assert again.earlier == "2026-04-01 12:00 UTC by maria"
    assert work.contents() == before


def test_more_decisions_in_the_same_file_are_added(work):
    book = Book(work.export()).set("Comment", "one")
    work.bring(book.bytes())
    done = work.bring(book.set("Comment", "two", 1).bytes())
    assert (set(done.decided), done.repeated) == ({IDS[1]}, 1)
    with pytest.raises(AskFinanceError, match="Exceptions!G4: the break has changed"):
        work.bring(book.set("Comment", "one, and another thing").bytes())


def test_a_file_without_decisions_changes_nothing(work):
    before = work.contents()
    assert not work.bring(work.export()).decided
    assert work.contents() == before


def test_a_rehearsal_checks_everything_and_keeps_nothing(work):
    before = work.contents()
    data = Book(work.export()).set("Comment", "one").bytes()
    assert work.bring(data, is_dry=True).is_dry
    assert work.contents() == before
    assert not work.bring(data).is_dry


def test_one_refusal_and_nothing_of_the_file_is_applied(work):
    before = work.contents()
    book = Book(work.export()).set("Comment", "fine").set("Assign to", "ben", 1)
    book.set("Decision", "confirm", 2)
    with pytest.raises(AskFinanceError, match=r"Exceptions!G6: .*nobody has proposed"):
        work.bring(book.bytes())
    assert work.contents() == before
    [refusal] = audited(work, "refuse_import")
    assert refusal.detail["refusals"] == 1


def test_a_break_that_changed_since_the_export_is_stale_and_others_are_not(work):
    book = Book(work.export()).set("Comment", "one").set("Comment", "two", 1)
    worse = [("TM06", "harvest:1", 20000, "GBP"), *ROWS[1:]]
    work.night(1, worse, NOW + timedelta(days=1))
    with pytest.raises(AskFinanceError) as refused:
        work.bring(book.bytes())
    assert str(refused.value).count("Exceptions!") == 1
    assert "Exceptions!G4: the break has changed since the export" in str(refused.value)


def test_a_night_that_sees_the_same_again_makes_nothing_stale(work):
    data = Book(work.export()).set("Comment", "one").bytes()
    work.night(1, at=NOW + timedelta(days=1), detail="it is open for another day")
    assert len(work.bring(data).decided) == 1


def test_a_key_that_was_replaced_still_checks_what_it_sealed(work):
    other = Book(work.export(key=b"o" * 32)).set("Comment", "one").bytes()
    with pytest.raises(Exception, match="the seal does not hold"):
        work.bring(other)


TEXTS = [text for text in PAYLOADS if "\x00" not in text and len(text) <= 2000]


def test_text_that_looks_like_a_formula_stays_text_there_and_back(work):
    formulas = [text for text in TEXTS if text.lstrip()[:1] in "=+-@{\uff1d" and text.isprintable()]
    for text in formulas:
        data = Book(work.export()).set("Comment", text).bytes()
        work.bring(data)
        assert work.show(0)[1][-1].note == text.strip()
    assert len(formulas) >= 8


def test_whatever_the_data_say_an_untouched_row_is_untouched(work):
    for number in range(0, len(TEXTS), 4):
        rows = [("TM06", "harvest:1", 12345 + number, "GBP"), *ROWS[1:]]
        at = NOW + timedelta(minutes=number + 1)
        names = ("detail", "left_value", "right_value", "customer_key")
        texts = dict(zip(names, TEXTS[number:], strict=False))
        work.night(number + 1, rows, at, **texts)
        assert len(work.bring(Book(work.export()).set("Assign to", "ben").bytes()).decided) == 1
