"""A person works the exceptions in LibreOffice and saves; the file is read back."""

from datetime import date
from functools import partial

import pytest

from ps_integration.stores.operational import match_reading
from ps_integration_tests.reports.hostile import PAYLOADS
from ps_integration_tests.workbook import libreoffice
from ps_integration_tests.workbook.conftest import IDS, ROWS
from ps_integration_tests.workbook.edit import MAIN, Book, MatchBook

pytestmark = libreoffice.needed


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """Calls the program with one profile for all."""
    profile = libreoffice.make_profile(tmp_path_factory.mktemp("libreoffice"))
    return partial(libreoffice.edit, profile)


def test_decisions_made_in_libreoffice_are_carried_out(work, edited, tmp_path):
    data = edited(
        tmp_path, work.export(),
        'sheet.getCellRangeByName("G4").String = "snooze"',
        'sheet.getCellRangeByName("I4").String = "=1+1 is what they said"',
        'sheet.getCellRangeByName("J4").Value = 46119',  # 2026-04-07
        'sheet.getCellRangeByName("G5").String = "accept"',
        'sheet.getCellRangeByName("H5").String = "ben"',
        'sheet.getCellRangeByName("I5").String = "Settled by letter of 30 March, \u00fc"',
        'sheet.getCellRangeByName("K5").Value = 50',
        'sheet.getCellRangeByName("L5").Value = 46143',  # 2026-05-01
    )  # fmt: skip
    done = work.bring(data)
    assert set(done.decided) == set(IDS[:2])
    item, events = work.show(0)
    assert (item.snoozed_until, events[-1].note) == (date(2026, 4, 7), "=1+1 is what they said")
    item, events = work.show(1)
    assert (item.assigned_to, item.state) == ("ben", "open")
    assert events[-1].detail["amount_minor"] == 5000
    assert events[-1].note == "Settled by letter of 30 March, \u00fc"
    assert work.bring(data).repeated == 2
    xml = Book(data).parts[MAIN].decode()
    assert xml.count("<dataValidation ") == 6  # the drop-downs are still there
    assert "<sheetProtection" in xml


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        ('sheet.getCellRangeByName("K4").Formula = "=100+23.45"', "K4", "a formula"),
        ('sheet.unprotect("") : sheet.Rows.removeByIndex(4, 1)', "A5", "rows are not deleted"),
        ('sheet.unprotect("") : sheet.Columns.insertByIndex(2, 1)', "C3", "columns are not"),
        ('sheet.Name = "Work"', None, "'Exceptions' is missing"),
    ],
)
def test_an_illegal_edit_in_libreoffice_is_refused(work, edited, tmp_path, line, cell, said):
    data = edited(tmp_path, work.export(), line)
    with pytest.raises(Exception, match=f"Exceptions!{cell}: .*{said}" if cell else said):
        work.bring(data)


def test_matches_decided_in_libreoffice_are_carried_out(typed, edited, tmp_path):
    data = edited(
        tmp_path, typed.export(),
        'sheet.getCellRangeByName("H6").String = "accept"',
        'sheet.getCellRangeByName("I6").String = "=1+1 is on the invoice"',
        sheet="Matches",
    )  # fmt: skip
    assert len(typed.bring(data).matches) == 1
    with typed.store.snapshot() as session:
        [made] = match_reading.standing(session)
    assert (list(made.entries), made.note) == (["harvest:3"], "=1+1 is on the invoice")
    again = MatchBook(data)
    assert again.parts[again.sheet].decode().count("<dataValidation ") == 2


def test_whatever_the_data_say_it_comes_back_as_it_went(work, edited, tmp_path):
    """Text that looks like a formula, a number, a date or markup; money of any size."""
    texts = [text[:200] for text in PAYLOADS if "\x00" not in text]
    money = [*ROWS, *(("TM01", text, 10**place + 1, "GBP") for place, text in enumerate(texts))]
    work.night(1, [(*row[:2], row[2] if (row[2] or 0) < 2**62 else 7, row[3]) for row in money])
    data = edited(tmp_path, work.export(), 'sheet.getCellRangeByName("I9").String = "seen"')
    assert len(work.bring(data).decided) == 1
