"""Every illegal edit of the exception workbook is refused with its cell, and nothing is applied."""

import re
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_integration.errors import AskFinanceError, FixConfigError
from ps_integration.reports.columns import letters
from ps_integration.reports.sealed import said
from ps_integration.reports.working import AT, HAND_TITLES, TITLES
from ps_integration.stores.operational import break_decisions as decisions
from ps_integration.stores.operational import breaks
from ps_integration.stores.operational.break_decisions import Acceptance
from ps_integration.workflows.break_work import Decision, decide, desk
from ps_integration.workflows.workbook_read import read_pages
from ps_integration_tests.workbook.conftest import FIRM, IDS, NOW, ROWS
from ps_integration_tests.workbook.edit import ROW, Book

HIDDEN = ("Break", "Version", "Seal")


def cell(title, row=0):
    return f"Exceptions!{letters(AT[title])}{ROW + row}"


def accepting(book, **changed):
    """A row that would be accepted, but for one cell."""
    told = {
        "Decision": "accept", "Comment": "agreed", "Accept amount": 123.45,
        "Accept until": date(2026, 5, 1), **{k.replace("_", " "): v for k, v in changed.items()},
    }  # fmt: skip
    for title, value in told.items():
        if value is not None:
            book.set(title, value)
    return book


def snoozing(book, until):
    return book.set("Decision", "snooze").set("Snooze until", until)


NINE = datetime(2026, 4, 7, 9)  # noqa: DTZ001 - a spreadsheet knows no zones
DECIDED = [
    ("unknown decision", lambda b: b.set("Decision", "ignore"), "Decision", "is no decision"),
    ("decision as a number", lambda b: b.set("Decision", 1), "Decision", "is no decision"),
    ("decision of the command line", lambda b: b.set("Decision", "reopen"), "Decision", "no deci"),
    ("unknown owner", lambda b: b.set("Assign to", "nobody"), "Assign to", "nobody a break can"),
    ("owner as a number", lambda b: b.set("Assign to", 7), "Assign to", "is not text"),
    ("owner is true", lambda b: b.set("Assign to", True), "Assign to", "is not text"),
    ("snooze in the past", lambda b: snoozing(b, date(2026, 3, 31)), "Snooze until", "not after"),
    ("snooze until today", lambda b: snoozing(b, date(2026, 4, 1)), "Snooze until", "not after"),
    ("snooze for ever", lambda b: snoozing(b, date(2027, 4, 1)), "Snooze until", "more than 30"),
    ("snooze without a date", lambda b: b.set("Decision", "snooze"), "Snooze until", "needs the"),
    ("date as text", lambda b: snoozing(b, "2026-04-07"), "Snooze until", "is not a date"),
    ("date in words", lambda b: snoozing(b, "next week"), "Snooze until", "is not a date"),
    ("an instant", lambda b: snoozing(b, NINE), "Snooze until", "an instant"),
    ("date without snooze", lambda b: b.set("Snooze until", date(2026, 4, 7)), "Snooze until",
     "goes with the decision snooze"),
    ("wake what is awake", lambda b: b.set("Decision", "wake"), "Decision", "is not snoozed"),
    ("amount above at risk", lambda b: accepting(b, Accept_amount=123.46), "Accept amount",
     "more than the 123.45 GBP at risk"),
    ("amount below at risk", lambda b: accepting(b, Accept_amount=100), "Accept amount",
     "does not cover"),
    ("negative amount", lambda b: accepting(b, Accept_amount=-123.45), "Accept amount",
     "is negative"),
    ("too many decimals", lambda b: accepting(b, Accept_amount=123.451), "Accept amount",
     "more decimals than GBP"),
    ("yen with decimals", lambda b: b.set("Accept amount", 9.5, 2), ("Accept amount", 2),
     "more decimals than JPY"),
    ("another currency", lambda b: accepting(b, Accept_amount="123.45 USD"), "Accept amount",
     "write the amount in GBP"),
    ("amount as text", lambda b: accepting(b, Accept_amount="123.45"), "Accept amount",
     "is not a number"),
    ("no amount", lambda b: accepting(b, Accept_amount=None), "Accept amount", "write the amount"),
    ("amount where none is at risk",
     lambda b: b.set("Decision", "accept", 3).set("Comment", "x", 3).set("Accept amount", 1, 3),
     ("Accept amount", 3), "no money is at risk"),
    ("amount without accept", lambda b: b.set("Accept amount", 123.45), "Accept amount",
     "goes with the decision accept"),
    ("expiry in the past", lambda b: accepting(b, Accept_until=date(2026, 3, 31)), "Accept until",
     "is before today"),
    ("expiry too far", lambda b: accepting(b, Accept_until=date(2027, 3, 31)), "Accept until",
     "more than 90 days"),
    ("expiry as text", lambda b: accepting(b, Accept_until="1 May"), "Accept until",
     "is not a date"),
    ("expiry without accept", lambda b: b.set("Accept until", date(2026, 5, 1)), "Accept until",
     "goes with the decision accept"),
    ("no comment", lambda b: accepting(b, Comment=None), "Comment", "say why"),
    ("a blank comment", lambda b: accepting(b, Comment="  "), "Comment", "say why"),
    ("a very long comment", lambda b: b.set("Comment", "x" * 2001), "Comment", "2,001 characters"),
    ("control characters", lambda b: b.set("Comment", "a_x0007_b"), "Comment", "U+0007"),
    ("text that turns round", lambda b: b.set("Comment", "\u202egnp.exe"), "Comment", "U+202E"),
    ("a comment that is a number", lambda b: b.set("Comment", 42), "Comment", "is not text"),
    ("confirm what nobody proposed", lambda b: b.set("Decision", "confirm"), "Decision",
     "nobody has proposed"),
    ("formula as decision", lambda b: b.set("Decision", "accept", formula='"acc"&"ept"'),
     "Decision", "a formula"),
    ("formula as amount", lambda b: b.set("Accept amount", 123.45, formula="D4"), "Accept amount",
     "a formula"),
    ("formula with an error", lambda b: b.set("Comment", "#DIV/0!", formula="1/0"), "Comment",
     "a formula"),
]  # fmt: skip

ALTERED = [
    ("rule", lambda b: b.set("Rule", "TM99"), "Rule", "not what was exported"),
    ("money", lambda b: b.set("At risk", 1), "At risk", "not what was exported"),
    ("a cent", lambda b: b.set("At risk", 123.46), "At risk", "not what was exported"),
    ("currency", lambda b: b.set("Currency", "USD"), "Currency", "not what was exported"),
    ("record", lambda b: b.set("Record", "harvest:9"), "Record", "not what was exported"),
    ("date due", lambda b: b.set("Due", date(2026, 5, 1)), "Due", "not what was exported"),
    ("emptied", lambda b: b.set("Remedy", ""), "Remedy", "not what was exported"),
    ("a cell that was empty", lambda b: b.set("Customer", "c1"), "Customer", "not what was"),
    ("formula over our cell", lambda b: b.set("At risk", 123.45, formula="100+23.45"), "At risk",
     "a formula"),
    ("id", lambda b: b.set("Break", "0" * 24), "Break", "none of this export"),
    ("id of another row", lambda b: b.set("Break", IDS[1]), "Seal", "was altered"),
    ("version", lambda b: b.set("Version", 99), "Seal", "was altered"),
    ("version in words", lambda b: b.set("Version", "two"), "Seal", "was altered"),
    ("version not whole", lambda b: b.set("Version", 2.5), "Seal", "was altered"),
    ("seal in other letters", lambda b: b.set("Seal", "x|\u00fc"), "Seal", "was altered"),
    ("seal", lambda b: b.set("Seal", "x|y"), "Seal", "was altered"),
    ("seal of another row", lambda b: b.set("Break", IDS[1]).delete(1), "Seal", "was altered"),
    ("row deleted", lambda b: b.delete(1), ("Rule", 1), "rows are not deleted"),
    ("row doubled", lambda b: b.append(b.move(0, 4)), ("Break", 4), "is in row 4 already"),
    ("row inserted", lambda b: b.write(f"A{ROW + 4}", "TM01"), ("Break", 4), "none of this export"),
    ("a remark beside", lambda b: b.write(f"AH{ROW}", "see mail"), None, "nothing was exported"),
    ("heading renamed", lambda b: b.set("Decision", "Verdict", -1), ("Decision", -1),
     "columns are not moved"),
    ("columns exchanged",
     lambda b: b.set("Comment", "Decision", -1).set("Decision", "Comment", -1), ("Comment", -1),
     "columns are not moved"),
    ("column removed", lambda b: b.set("Seal", "", -1), ("Seal", -1), "columns are not moved"),
]  # fmt: skip


def refused(work, data, who="maria"):
    before = work.contents()
    with pytest.raises((AskFinanceError, FixConfigError)) as error:
        work.bring(data, who)
    assert work.contents() == before
    return str(error.value)


def names(text, place, said):
    at = (place, 0) if isinstance(place, str) else place
    where = "Exceptions!AH4" if at is None else cell(*at)
    return re.search(rf"^{where}: .*{re.escape(said)}", text, re.MULTILINE)


@pytest.mark.parametrize(("change", "place", "said"), [one[1:] for one in DECIDED],
                         ids=[one[0] for one in DECIDED])  # fmt: skip
def test_an_illegal_decision_is_refused_with_its_cell(work, change, place, said):
    text = refused(work, change(Book(work.export())).bytes())
    assert names(text, place, said), text
    assert text.startswith("nothing was applied; ")


@pytest.mark.parametrize(("change", "place", "said"), [one[1:] for one in ALTERED],
                         ids=[one[0] for one in ALTERED])  # fmt: skip
def test_a_change_of_what_is_not_theirs_is_refused_with_its_cell(work, change, place, said):
    text = refused(work, change(Book(work.export())).bytes())
    assert names(text, place, said), text


def test_all_refusals_are_told_at_once(work):
    book = Book(work.export()).set("Decision", "ignore").set("Rule", "x", 1)
    text = refused(work, book.set("Assign to", "who", 2).delete(3).bytes())
    assert re.findall(r"^Exceptions!(\w+)", text, re.MULTILINE) == ["G4", "A5", "H6", "A7"]


def test_a_decision_on_a_resolved_break_is_refused(work):
    data = Book(work.export()).set("Assign to", "ben", 1).set("Decision", "wake").bytes()
    work.night(1, ROWS[1:])
    assert "Exceptions!G4: the break is resolved" in refused(work, data)


def test_a_decision_on_an_accepted_break_is_stale(work):
    data = Book(work.export()).set("Comment", "x", 3).bytes()
    file = type("File", (), {"firm": FIRM})()
    decide(work.store, desk(file, "olga", NOW), IDS[3], Decision("accept", note="known"))
    assert "Exceptions!G7: the break has changed" in refused(work, data)


def test_nobody_confirms_their_own_proposal_under_another_login(work):
    with work.store.session() as session:
        item, _ = breaks.show(session, IDS[0])
        by = desk(type("File", (), {"firm": FIRM})(), "olga", NOW).by
        decisions.accept(session, item, Acceptance("fine", date(2026, 5, 1), 12345), by)
    data = Book(work.export()).set("Decision", "confirm").bytes()
    assert "Exceptions!G4: proposal 1: olga.k proposed it" in refused(work, data, "olga.k")


@pytest.mark.parametrize("who", ["carl", "schedule", "policy", ""])
def test_who_has_no_right_decides_nothing(work, who):
    text = refused(work, Book(work.export()).set("Comment", "x").bytes(), who)
    assert re.search(r"Exceptions!G4: .*(not among approval.people|is not a person)", text)


def test_a_small_limit_is_a_limit(work):
    work.bring(accepting(Book(work.export())).bytes())
    data = Book(work.export()).set("Decision", "confirm").bytes()
    assert "Exceptions!G4: proposal 1: 123.45 GBP is above the limit of ben" in refused(
        work, data, "ben"
    )


def renamed(book, name="Work"):
    return book.change('name="Exceptions"', f'name="{name}"', "xl/workbook.xml")


OTHER = FIRM.model_copy(update={"firm": FIRM.firm.model_copy(update={"id": "other"})})
FILES = [
    ("sheet renamed", lambda w: renamed(Book(w.export())).bytes(), "'Exceptions' is missing"),
    ("identity renamed", lambda w: Book(w.export()).change(
        'name="Export"', 'name="X"', "xl/workbook.xml").bytes(), "'Export' is missing"),
    ("another firm", lambda w: w.export(OTHER), "Export!A1: the file is of firm"),
    ("not from here", lambda w: w.export(key=b"x" * 32), "Export!A2: the seal does not hold"),
    ("header altered", lambda w: Book(w.export()).change(
        "r0", "r9", "xl/worksheets/sheet4.xml").bytes(), "Export!A2: the seal does not hold"),
    ("list altered", lambda w: Book(w.export()).change(
        IDS[0], "0" * 24, "xl/worksheets/sheet4.xml").bytes(), "Export!A4: the list of rows"),
    ("no workbook", lambda w: b"a,b\n1,2\n", "cannot be read as a workbook"),
    ("empty", lambda w: b"", "cannot be read as a workbook"),
    ("cut off", lambda w: w.export()[:-300], "cannot be read as a workbook"),
    ("a zip of something else", lambda w: Book(w.export()).without(
        "xl/_rels/workbook.xml.rels").bytes(), "is no Excel workbook"),
    ("a cell far away", lambda w: Book(w.export()).write("XFD1048576", "x").bytes(),
     "Exceptions!XFD1048576 is nowhere"),
    ("a cell without a place", lambda w: Book(w.export()).change(
        'r="G4"([^>]*)/>', "\\1><f>1+1</f><v>2</v></c>").bytes(), "Exceptions! is nowhere"),
    ("seal in other letters", lambda w: Book(w.export()).change(
        '<c r="A2"(.*?)<t>', '<c r="A2"\\1<t>\u00fc', "xl/worksheets/sheet4.xml").bytes(),
     "Export!A2: the seal does not hold"),
    ("entities", lambda w: Book(w.export()).change(
        r"<worksheet ", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet ').bytes(), "document type"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "said"), [one[1:] for one in FILES],
                         ids=[one[0] for one in FILES])  # fmt: skip
def test_a_file_that_is_not_ours_is_refused(work, make, said):
    assert said in refused(work, make(work))


def test_rows_of_another_export_are_refused(work):
    old = Book(work.export())
    work.night(1, [("TM06", "harvest:1", 20000, "GBP"), *ROWS[1:]])
    new = Book(work.export())
    mixed = new.change(re.escape(new.row(1)), lambda _: old.row(1))
    assert "or is of another export" in refused(work, mixed.bytes())


def test_a_file_that_unpacks_to_too_much_is_refused(work, monkeypatch):
    monkeypatch.setattr("ps_integration.workflows.workbook_read.UNPACKED_BYTES_MAX", 1000)
    assert "unpacks to more" in refused(work, work.export())
    monkeypatch.setattr("ps_integration.workflows.workbook_read.BYTES_MAX", 1000)
    assert "larger than 1,000 bytes" in refused(work, work.export())


VALUES = st.one_of(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=12),
    st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 3)),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.booleans(),
)


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.sampled_from(TITLES), st.integers(0, 3), VALUES)
def test_any_cell_changed_to_anything_is_as_it_was_or_refused_or_decided(work, title, row, value):
    """A cell of the program that reads otherwise is named; no other cell ever is."""
    data = work.export()
    before = read_pages(data, ("Exceptions",))["Exceptions"].value(ROW - 1 + row, AT[title])
    edited = Book(data).set(title, value, row).bytes()
    after = read_pages(edited, ("Exceptions",))["Exceptions"].value(ROW - 1 + row, AT[title])
    decided, told = set(), ""
    try:
        decided = set(work.bring(edited, is_dry=True).decided)
    except AskFinanceError as error:
        told = str(error)
    own = {cell(title, row)}
    if title in HIDDEN:
        own = {cell("Seal", row), cell("Break", row), f"Exceptions!A{ROW + row}"}
    assert set(re.findall(r"^(Exceptions![A-Z]+\d+): ", told, re.MULTILINE)) <= own, told
    assert bool(told) or title in HAND_TITLES or said(before) == said(after)
    assert decided <= {IDS[row]}
