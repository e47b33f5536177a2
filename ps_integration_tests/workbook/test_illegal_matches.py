"""Every illegal edit of the sheet Matches is refused with its cell, and nothing is applied."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_integration.errors import AskFinanceError, FixConfigError
from ps_integration.reports.columns import letters
from ps_integration.stores.operational import match_decisions
from ps_integration.workflows import match_work
from ps_integration.workflows.match_work import Asked
from ps_integration_tests.workbook import hand_typed
from ps_integration_tests.workbook.edit import ROW, Book, MatchBook
from ps_integration_tests.workbook.test_illegal_edits import VALUES
from ps_integration_tests.workbook.test_matches import FIRST, SECOND, SPLIT, SURE, by, deciding

TITLES = tuple(MatchBook.at)
HIDDEN = ("Match", "Version", "Seal")


def cell(title, row=SURE):
    return f"Matches!{letters(MatchBook.at[title])}{ROW + row}"


def sure(book, verb="accept", note="sent before the trip"):
    """A row that would be decided, but for one cell."""
    for title, value in (("Decision", verb), ("Note", note)):
        if value is not None:
            book.set(title, value, SURE)
    return book


def change(title, value, row=SURE, **more):
    return lambda book: sure(book).set(title, value, row, **more)


def without_seals(book):
    return sure(book).set("Match", "0" * 24, SURE)


ILLEGAL = [
    ("unknown word", lambda b: sure(b, "approve"), "Decision", "is no decision here; choose"),
    ("a word of breaks", lambda b: sure(b, "snooze"), "Decision", "is no decision here"),
    ("a decision that is not there", lambda b: sure(b, "withdraw"), "Decision", "choose accept,"),
    ("decision as a number", lambda b: sure(b, 1), "Decision", "is no decision here"),
    ("decision is true", lambda b: sure(b, True), "Decision", "is no decision here"),
    ("no note", lambda b: sure(b, note=None), "Note", "say why: accept needs a note"),
    ("no note of a rejection", lambda b: sure(b, "reject", None), "Note", "say why: reject"),
    ("a blank note", lambda b: sure(b, note="  "), "Note", "say why"),
    ("a note without a decision", lambda b: sure(b, None), "Decision", "goes with a decision"),
    ("a note that is a number", lambda b: sure(b, note=42), "Note", "is not text"),
    ("a very long note", lambda b: sure(b, note="x" * 2001), "Note", "2,001 characters"),
    ("control characters", lambda b: sure(b, note="a_x0007_b"), "Note", "U+0007"),
    ("text that turns round", lambda b: sure(b, note="\u202egnp"), "Note", "U+202E"),
    ("formula as decision", change("Decision", "accept", formula='"acc"&"ept"'), "Decision",
     "a formula"),
    ("formula as note", change("Note", "2", formula="1+1"), "Note", "a formula"),
    ("line", change("Line", "S-OTHER/1"), "Line", "not what was exported"),
    ("entries", change("Entries", "harvest:4"), "Entries", "not what was exported"),
    ("amount", change("Amount", 320.01), "Amount", "not what was exported"),
    ("currency", change("Currency", "EUR"), "Currency", "not what was exported"),
    ("status", change("Status", "confirmed", FIRST), ("Status", FIRST), "not what was exported"),
    ("evidence emptied", change("Evidence", ""), "Evidence", "not what was exported"),
    ("a cell that was empty", change("Decided by", "olga"), "Decided by", "not what was exported"),
    ("formula over our cell", change("Amount", 320, formula="300+20"), "Amount", "a formula"),
    ("id", without_seals, "Match", "none of this export"),
    ("version", change("Version", 7), "Seal", "was altered"),
    ("seal", change("Seal", "x|y"), "Seal", "was altered"),
    ("row deleted", lambda b: sure(b).delete(SPLIT), ("Line", SPLIT), "rows are not deleted"),
    ("row doubled", lambda b: sure(b).append(b.move(SURE, 4)), ("Match", 4), "in row 6 already"),
    ("row inserted", lambda b: sure(b).write(f"A{ROW + 4}", "S-9/1"), ("Match", 4),
     "none of this export"),
    ("a remark beside", lambda b: sure(b).write(f"S{ROW + SURE}", "mail"), None,
     "comments go into the column Note"),
    ("heading renamed", change("Decision", "Verdict", -1), ("Decision", -1), "columns are not"),
    ("column removed", change("Seal", "", -1), ("Seal", -1), "columns are not moved"),
    ("both choices of a line",
     lambda b: deciding(deciding(b, FIRST, "accept"), SECOND, "accept"), ("Decision", SECOND),
     "row 4 accepts a match with the same line"),
    ("accepted, and its other choice rejected",
     lambda b: deciding(deciding(b, FIRST, "accept"), SECOND, "reject"), ("Decision", SECOND),
     "maria has accepted harvest:1"),
]  # fmt: skip


def refused(work, data, who="maria"):
    before = work.contents()
    with pytest.raises((AskFinanceError, FixConfigError)) as error:
        work.bring(data, who)
    assert work.contents() == before
    return str(error.value)


@pytest.mark.parametrize(("edit", "place", "said"), [one[1:] for one in ILLEGAL],
                         ids=[one[0] for one in ILLEGAL])  # fmt: skip
def test_an_illegal_edit_is_refused_with_its_cell(typed, edit, place, said):
    text = refused(typed, edit(MatchBook(typed.export())).bytes())
    at = (place, SURE) if isinstance(place, str) else place
    where = f"Matches!S{ROW + SURE}" if at is None else cell(*at)
    assert re.search(rf"^{where}: .*{re.escape(said)}", text, re.MULTILINE), text
    assert text.startswith(f"nothing was applied; {1 + (place == 'Match')} refused:"), text


def test_refusals_of_both_sheets_are_told_at_once(typed):
    book = sure(MatchBook(typed.export()), "maybe")
    text = refused(typed, Book(book.bytes()).set("Decision", "ignore", 2).bytes())
    assert re.findall(r"^(\w+!\w+):", text, re.MULTILINE) == ["Exceptions!G6", "Matches!H6"]


def test_a_row_of_another_sheet_or_export_is_refused(typed):
    old = MatchBook(typed.export())
    hand_typed.night(typed.warehouse, "update billing.entries set version_sha256 = 'v2'")
    new = MatchBook(typed.export())
    mixed = new.change(re.escape(new.row(SURE)), lambda _: old.row(SURE))
    assert f"{cell('Seal')}: the row's id, version or seal was altered" in refused(
        typed, mixed.bytes()
    )


def test_a_workbook_without_the_sheet_is_refused(typed):
    book = MatchBook(typed.export()).change('name="Matches"', 'name="M"', "xl/workbook.xml")
    assert "the sheet 'Matches' is missing" in refused(typed, book.bytes())


STALE = [
    "update billing.entries set version_sha256 = 'v2' where entry_id = 'harvest:3'",
    "update billing.entries set approval_state = 'draft' where entry_id = 'harvest:3'",
    "update billing.rated_entries set amount_minor = 32001 where entry_id = 'harvest:3'",
    "update canonical.erp_lines set amount_minor = 32001 where external_id = 'G9-2'",
    "update canonical.erp_lines set currency = 'EUR' where external_id = 'G9-2'",
    "update canonical.erp_documents set posting_date = date '2026-03-30'",
    "delete from canonical.erp_lines where external_id = 'G9-2'",
    # another entry that it may bill as well: what was sure is one of two
    (
        "insert into billing.entries select * replace ('harvest:9' as entry_id) from "
        "billing.entries where entry_id = 'harvest:3'; insert into billing.rated_entries select "
        "* replace ('harvest:9' as entry_id) from billing.rated_entries where entry_id = "
        "'harvest:3'"
    ),
]


@pytest.mark.parametrize("change", STALE)
@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_what_has_changed_since_the_export_is_stale(typed, change, verb):
    data = sure(MatchBook(typed.export()), verb).bytes()
    hand_typed.night(typed.warehouse, change)
    assert re.search(rf"^{cell('Decision')}: .*have changed since the export; export anew",
                     refused(typed, data), re.MULTILINE)  # fmt: skip


def test_a_night_that_finds_the_same_again_makes_nothing_stale(typed):
    data = sure(MatchBook(typed.export())).bytes()
    hand_typed.night(typed.warehouse)
    assert len(typed.bring(data).matches) == 1


def test_what_somebody_has_decided_since_is_refused_with_who_it_was(typed):
    data = sure(MatchBook(typed.export())).bytes()
    asked = Asked(("S-INV1/2",), ("harvest:3",))
    match_work.accept(typed.store, typed.warehouse, asked, by(who="olga"))
    text = refused(typed, data)
    assert f"{cell('Decision')}: olga has accepted harvest:3 for S-INV1/2" in text


def test_what_somebody_has_taken_back_since_is_refused(typed):
    typed.bring(sure(MatchBook(typed.export())).bytes())
    data = deciding(MatchBook(typed.export()), 3, "withdraw").bytes()
    with typed.store.session() as session:
        match_decisions.withdraw(session, 1, by(who="olga"))
    assert f"{cell('Decision', 3)}: it was taken back or confirmed since the export" in refused(
        typed, data
    )


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_a_decision_that_stands_is_only_taken_back(typed, verb):
    typed.bring(sure(MatchBook(typed.export())).bytes())
    text = refused(typed, deciding(MatchBook(typed.export()), 3, verb).bytes())
    assert f"{cell('Decision', 3)}: '{verb}' is no decision here; choose withdraw" in text


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.sampled_from(TITLES), st.integers(0, 3), VALUES)
def test_any_cell_changed_to_anything_is_as_it_was_or_refused_or_decided(typed, title, row, value):
    """No cell is ever named but the one that was changed, or what names its row."""
    edited = MatchBook(typed.export()).set(title, value, row).bytes()
    told = ""
    try:
        assert not typed.bring(edited, is_dry=True).matches  # a decision needs two cells
    except AskFinanceError as error:
        told = str(error)
    own = {cell(title, row)}
    if title in HIDDEN:
        own = {cell("Seal", row), cell("Match", row), f"Matches!A{ROW + row}"}
    if title == "Note":
        own |= {cell("Decision", row)}
    assert set(re.findall(r"^(\w+![A-Z]+\d+): ", told, re.MULTILINE)) <= own, told
