"""The sheet Matches there and back: what is decided in it is what `matches` would decide."""

import hashlib
from datetime import date

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from ps_integration.errors import AskFinanceError
from ps_integration.reports.columns import FIRST_ROW
from ps_integration.stores.operational import match_decisions, match_reading
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.stores.operational.models import Audit
from ps_integration.workflows import match_work
from ps_integration.workflows.match_work import Asked
from ps_integration_tests.reports.hostile import PAYLOADS
from ps_integration_tests.workbook import hand_typed
from ps_integration_tests.workbook.conftest import FIRM, IDS, NOW
from ps_integration_tests.workbook.edit import Book, MatchBook

LINE = "bc|US Inc|G9-"
FIRST, SECOND, SURE, SPLIT = range(4)
"""Rows of the sheet: two choices of one line, a line that is sure, two lines that split one."""


def rows(work, tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(work.export())
    table = CalamineWorkbook.from_path(path).get_sheet_by_name("Matches").to_python()
    titles = table[FIRST_ROW - 1]
    return [dict(zip(titles, row, strict=True)) for row in table[FIRST_ROW:] if any(row)]


def decided(work):
    with work.store.snapshot() as session:
        return [
            (one.decision, sorted(one.lines), sorted(one.entries), one.note)
            for one in match_reading.history(session)
        ]


def deciding(book, row, verb, note="sent before the trip"):
    return book.set("Decision", verb, row).set("Note", note, row)


def by(note="by command", who="maria"):
    return Decider(who, NOW, note, FIRM.approval)


def test_the_sheet_lists_what_the_night_offers(typed, tmp_path):
    found = rows(typed, tmp_path)
    told = ("Line", "Status", "Choice", "Entries", "Amount", "Evidence")
    assert [tuple(row[title] for title in told) for row in found] == [
        ("S-INV1/1", "ambiguous", "1 of 2", "harvest:1", 150.0, "amount of one entry"),
        ("S-INV1/1", "ambiguous", "2 of 2", "harvest:2", 150.0, "amount of one entry"),
        ("S-INV1/2", "confirmed", "1 of 1", "harvest:3", 320.0, "amount of one entry"),
        ("S-INV1/3, S-INV1/4", "confirmed", "1 of 1", "harvest:4", 500.0,
         "amount of one entry split over 2 lines"),
    ]  # fmt: skip
    assert {row["Date"] for row in found} == {date(2026, 3, 31)}
    assert {(row["Currency"], row["Project"]) for row in found} == {("USD", "apollo")}


def test_drop_downs_offer_what_may_be_decided_of_each_row(typed):
    typed.bring(deciding(MatchBook(typed.export()), SURE, "accept").bytes())
    book = MatchBook(typed.export())
    xml = book.parts[book.sheet].decode()
    assert xml.count("<dataValidation ") == 3
    assert '"accept,reject"' in xml
    assert '"withdraw"' in xml
    assert "<sheetProtection" in xml


def test_what_is_decided_is_what_the_commands_would_decide(typed):
    """Beside a store in which the same was decided by command."""
    book = MatchBook(typed.export())
    deciding(book, FIRST, "reject", "another trip")
    deciding(book, SURE, "Accept", "on the invoice")
    deciding(book, SPLIT, "accept", "two invoices")
    data = book.bytes()
    done = typed.bring(data)
    assert (len(done.matches), done.repeated) == (3, 0)
    in_sheet = decided(typed)
    sha256 = hashlib.sha256(data).hexdigest()
    with typed.store.snapshot() as session:
        trail = list(session.scalars(select(Audit).where(Audit.action.like("%_match"))))
    assert {(row.who, row.detail["file_sha256"]) for row in trail} == {("maria", sha256)}
    with typed.store.session() as session:
        for one in match_reading.standing(session):
            match_decisions.withdraw(session, one.decision_id, by())
    made = len(decided(typed))
    warehouse, store = typed.warehouse, typed.store
    one = ("S-INV1/1",), ("harvest:1",)
    match_work.reject(store, warehouse, Asked(*one), by("another trip"))
    match_work.accept(store, warehouse, Asked(("S-INV1/2",), ("harvest:3",)), by("on the invoice"))
    split = Asked(("S-INV1/3", "S-INV1/4"), ("harvest:4",))
    match_work.accept(store, warehouse, split, by("two invoices"))
    assert decided(typed)[made:] == in_sheet


def test_a_split_that_is_rejected_is_rejected_of_each_of_its_lines(typed):
    typed.bring(deciding(MatchBook(typed.export()), SPLIT, "reject", "no").bytes())
    assert decided(typed) == [
        ("rejected", [f"{LINE}{number}"], ["harvest:4"], "no") for number in (3, 4)
    ]


def test_what_is_decided_leaves_the_offers_and_is_taken_back_below_them(typed, tmp_path):
    typed.bring(deciding(MatchBook(typed.export()), FIRST, "accept").bytes())
    found = rows(typed, tmp_path)
    assert [row["Line"] for row in found] == ["S-INV1/2", "S-INV1/3, S-INV1/4", "S-INV1/1"]
    last = found[-1]
    told = ("Status", "Entries", "Number", "Decided by", "State", "Evidence", "Amount")
    assert [last[title] for title in told] == [
        "accepted", "harvest:1", 1.0, "maria", "from the next night on", "sent before the trip",
        150.0,
    ]  # fmt: skip
    data = deciding(MatchBook(typed.export()), 2, "withdraw", "wrong trip").bytes()
    assert list(typed.bring(data, "olga").matches) == ["decision 1"]
    assert [one[0] for one in decided(typed)] == ["accepted", "withdrawn"]
    assert len(rows(typed, tmp_path)) == 4


def test_breaks_and_matches_are_carried_out_together_or_not_at_all(typed):
    book = deciding(MatchBook(typed.export()), SURE, "accept")
    both = Book(book.bytes()).set("Comment", "one")
    before = typed.contents()
    with pytest.raises(AskFinanceError, match=r"Exceptions!G5: .*nobody has proposed"):
        typed.bring(Book(both.bytes()).set("Decision", "confirm", 1).bytes())
    assert typed.contents() == before
    twice = deciding(MatchBook(both.bytes()), SPLIT, "accept", "")
    with pytest.raises(AskFinanceError, match=r"^nothing was applied; 1 refused:\nMatches!I7: "):
        typed.bring(twice.bytes())
    assert typed.contents() == before
    done = typed.bring(both.bytes())
    assert (list(done.decided), len(done.matches)) == (IDS[:1], 1)


def test_the_same_file_again_changes_nothing_and_more_in_it_is_added(typed):
    book = deciding(MatchBook(typed.export()), SURE, "accept")
    typed.bring(book.bytes())
    before = typed.contents()
    again = typed.bring(book.bytes(), "olga")
    assert (dict(again.matches), again.repeated) == ({}, 1)
    assert typed.contents() == before
    done = typed.bring(deciding(book, SPLIT, "reject").bytes())
    assert (len(done.matches), done.repeated) == (1, 1)


def test_a_rehearsal_checks_everything_and_keeps_nothing(typed):
    before = typed.contents()
    data = deciding(MatchBook(typed.export()), SURE, "accept").bytes()
    assert len(typed.bring(data, is_dry=True).matches) == 1
    assert typed.contents() == before


def test_a_note_that_looks_like_a_formula_stays_text(typed):
    texts = [t.strip() for t in PAYLOADS if t.strip()[:1] in set("=+-@") and t.isprintable()]
    for text in texts:
        typed.bring(deciding(MatchBook(typed.export()), SURE, "accept", text).bytes())
        assert decided(typed)[-1][3] == text
        book = MatchBook(typed.export())
        assert "<f>" not in book.parts[book.sheet].decode()
        typed.bring(deciding(book, SPLIT, "withdraw").bytes())  # the last of four rows
    assert len(texts) >= 6


def test_an_entry_whose_name_looks_like_a_formula_stays_text(typed, tmp_path):
    name = "=cmd|'/c calc'!A1"
    hand_typed.night(
        typed.warehouse,
        f"update billing.entries set entry_id = $${name}$$ where entry_id = 'harvest:3'",
        f"update billing.rated_entries set entry_id = $${name}$$ where entry_id = 'harvest:3'",
    )
    assert name in [row["Entries"] for row in rows(typed, tmp_path)]
    typed.bring(deciding(MatchBook(typed.export()), SURE, "accept").bytes())
    assert decided(typed)[-1][2] == [name]


def test_a_second_person_confirms_a_proposal_in_a_workbook_of_their_own(typed, tmp_path):
    asked = Asked(("S-INV1/2",), ("harvest:1",), is_different=True)
    match_work.accept(typed.store, typed.warehouse, asked, by("two trips on one line"))
    last = rows(typed, tmp_path)[-1]
    assert (last["Status"], last["State"]) == ("proposed", "waits for a second person")
    assert last["Evidence"] == (
        "two trips on one line; the ERP bills 170.00 USD more than the entries come to"
    )
    data = deciding(MatchBook(typed.export()), 3, "confirm", "seen the mail").bytes()
    before = typed.contents()
    with pytest.raises(AskFinanceError, match="Matches!H7: decision 1: maria proposed it; another"):
        typed.bring(data, "maria")
    with pytest.raises(AskFinanceError, match=r"Matches!H7: decision 1: 170.00 USD is above the"):
        typed.bring(data, "ben")
    assert typed.contents() == before
    typed.bring(data, "olga.k")
    assert [one[0] for one in decided(typed)] == ["proposed", "accepted"]
    last = rows(typed, tmp_path)[-1]
    assert (last["Status"], last["Decided by"]) == ("accepted", "maria and olga.k")
    with pytest.raises(AskFinanceError, match="Matches!H7: it was taken back or confirmed since"):
        typed.bring(deciding(MatchBook(data), 3, "withdraw").bytes())


@pytest.mark.parametrize("cap", [None, 0, 90_000])
def test_a_match_knows_whether_its_project_has_a_cap(typed, cap):
    typed.warehouse.execute("update billing.projects set cap_minor = $cap", {"cap": cap})
    asked = Asked(("S-INV1/2",), ("harvest:3",))
    assert match_work.to_accept(typed.warehouse, asked).has_cap is (cap is not None)


def test_nobody_of_the_firm_decides_in_it(typed):
    data = deciding(MatchBook(typed.export()), SURE, "accept").bytes()
    for who in ("carl", "policy", ""):
        with pytest.raises(AskFinanceError, match=r"Matches!H6: .*(not among|not a person)"):
            typed.bring(data, who)
