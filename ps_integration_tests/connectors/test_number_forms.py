"""What a number's text means follows from the declared form alone, whichever column reads it."""

from decimal import Context, Decimal

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from ps_integration.connectors.vendors.files.mapping import canonical
from ps_integration.connectors.vendors.files.options import FileStream, Source
from ps_integration.domain.records import FieldProblem, RecordRefusedError
from ps_integration_tests.connectors.test_files import COLUMNS, connector, parsed, read, refusal

MARKS = [(d, g) for d in ".," for g in ("", ".", ",", " ", "'") if d != g]
NUMBERS = st.decimals(0, 10**11, places=4).map(lambda x: x.quantize(Decimal("0.0001")))
# Canonical columns that are numbers, each with what it gives for 1250.5 and the like.
READERS = {
    "unit_price": ("rates", lambda x: x),
    "quantity": ("erp_lines", lambda x: x),
    "rate": ("fx_rates", lambda x: x),
    "amount_minor": ("expenses", lambda x: int(x * 100)),
    "cap_minor": ("projects", lambda x: int(x * 100)),
    "seconds": ("time_entries", lambda x: int((x * 3600).quantize(Decimal(1), "ROUND_HALF_UP"))),
}


def written(number: Decimal, decimal: str, grouping: str) -> str:
    """An independent writer: Python's own grouping, marks exchanged afterwards."""
    whole, _, rest = f"{number:,f}".partition(".")
    rest = rest.rstrip("0")
    return whole.replace(",", grouping) + (decimal + rest if rest else "")


def value(column: str, text: str, decimal: str, grouping: str) -> object:
    stream = FileStream.model_validate(
        {
            "name": "s",
            "table": READERS[column][0],
            "path": "x",
            "id": ["id"],
            "columns": {
                column: {"column": "c", "decimal": decimal, "grouping": grouping},
                **({} if column == "rate" else {"currency": {"const": "GBP"}}),
            },
        }
    )
    return canonical(stream, {"cells": {"id": "1", "c": text}}).values[column]


@pytest.mark.parametrize("column", READERS)
@given(number=NUMBERS, marks=st.sampled_from(MARKS))
def test_what_is_written_in_the_form_is_read_back_exactly(column, number, marks):
    number = number.quantize(Decimal("0.01"))
    assert value(column, written(number, *marks), *marks) == READERS[column][1](number)


@given(number=NUMBERS, wrote=st.sampled_from(MARKS), reads=st.sampled_from(MARKS))
def test_a_text_of_another_form_is_refused_or_is_the_same_text_in_both(number, wrote, reads):
    text = written(number, *wrote)
    try:
        found = value("unit_price", text, *reads)
    except RecordRefusedError as error:
        found = error.problem
    if isinstance(found, FieldProblem):
        told = (found.rule, found.value)
        assert told == ("not_a_number", text)
    else:
        is_plain = text.split(reads[0])[0].isdigit()
        assert is_plain or written(found, *reads) == text


@given(text=st.text(alphabet="0123456789.,' -+eE\u00a0\u202f\u2019", max_size=14))
def test_no_text_is_read_but_in_the_declared_form(text):
    for decimal, grouping in MARKS:
        try:
            found = value("rate", text, decimal, grouping)
        except RecordRefusedError:
            continue
        if found is None:
            assert not text.strip()
            continue
        plain = text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2019", "'").strip()
        plain, _, power = plain.upper().partition("E")
        whole, _, rest = plain.removeprefix("-").partition(decimal)
        groups = whole.split(grouping) if grouping else [whole]
        assert all(len(one) == 3 for one in groups[1:])
        assert len(groups) == 1 or 1 <= len(groups[0]) <= 3
        assert ("".join(groups) or rest).isdigit()
        sign = "-" if plain.startswith("-") else ""
        told = Decimal(f"{sign}{''.join(groups)}.{rest or '0'}E{power or '0'}")
        assert found == told.quantize(Decimal("1E-12"), "ROUND_HALF_UP", Context(prec=60))


@pytest.mark.parametrize(
    "text", ["1.250", "1,250.00", "1 250", "1,2,3", ".5", "1,", "\u0661,5", "7:30"]
)
def test_a_comma_firm_refuses_other_forms_and_names_the_cell(text):
    with pytest.raises(RecordRefusedError) as refused:
        value("unit_price", text, ",", "")
    problem = refused.value.problem
    assert (problem.field, problem.value, problem.rule) == ("unit_price", text, "not_a_number")
    assert "grouping" in problem.remedy


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0.33333333333333", 1200),
        (".5", 1800),
        ("1e1", 36000),
        ("2.5E-1", 900),
        ("0.416666666666667", 1500),  # 25/60 as Excel keeps it
        (" 7.5 ", 27000),
        ("0.0001388888", 0),  # 0.49999968 s
        ("0.00013888888888889", 1),  # half a second and a little
        ("-0.5", -1800),
    ],
)
def test_hours_are_read_exactly_and_rounded_to_seconds_half_away_from_zero(text, seconds):
    assert value("seconds", text, ".", "") == seconds


@pytest.mark.parametrize(
    "text", ["1e16", "9e99", "1234567890123456", "0x10", "1_000", "1e", "e5", "."]
)
def test_what_is_no_exact_number_of_a_size_that_people_mean_is_refused(text):
    with pytest.raises(RecordRefusedError, match=r"not_a_number|out_of_range"):
        value("rate", text, ".", "")


def test_a_price_that_is_charged_is_exact_and_one_that_is_only_shown_is_rounded():
    third = "0.33333333333333"
    with pytest.raises(RecordRefusedError, match="out_of_range"):
        value("unit_price", third, ".", "")
    columns = {"unit_price": "c", "quantity": "c"}
    stream = FileStream(name="s", table="erp_lines", path="x", id=("id",), columns=columns)
    found = canonical(stream, {"cells": {"id": "1", "c": third}}).values
    assert found["unit_price"] == Decimal("0.333333")
    assert found["quantity"] == Decimal("0.33333")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7:30", 27000),
        ("07:30:00", 27000),
        ("27:30", 99000),
        ("0:20", 1200),
        ("-1:15", -4500),
        ("0:00:00.5", 1),
    ],
)
def test_hours_and_minutes_are_a_form_of_their_own(text, seconds):
    assert clock(text) == seconds


@pytest.mark.parametrize("text", ["7.5", "7:3", "7:60", "7:30:61", "7:30 PM", "1:2:3:4", "0.3125"])
def test_a_clock_column_refuses_what_is_no_clock(text):
    with pytest.raises(RecordRefusedError, match="not_a_duration"):
        clock(text)


def clock(text: str) -> object:
    source = Source(column="c", unit="clock")
    stream = FileStream(
        name="s", table="time_entries", path="x", id=("id",), columns={"seconds": source}
    )
    return canonical(stream, {"cells": {"id": "1", "c": text}}).values["seconds"]


def test_an_empty_cell_is_no_number_and_a_mapped_word_is_canonical():
    assert value("unit_price", "", ",", "") is None
    source = Source(column="c", decimal=",", values={"free": "0.00"})
    stream = FileStream(
        name="s", table="rates", path="x", id=("id",), columns={"unit_price": source}
    )
    found = canonical(stream, {"cells": {"id": "1", "c": "free"}})
    assert found.values["unit_price"] == 0


def test_one_mark_cannot_be_both():
    with pytest.raises(ValueError, match="two different marks"):
        Source(column="c", decimal=",", grouping=",")


def test_a_line_number_with_a_fraction_is_refused():
    stream = FileStream(name="s", table="erp_lines", path="x", id=("id",), columns={"line_no": "c"})
    with pytest.raises(RecordRefusedError, match="not_a_whole_number"):
        canonical(stream, {"cells": {"id": "1", "c": "1.5"}})


def test_a_typed_cell_has_a_point_whatever_the_texts_beside_it_have(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet()
    rows = [
        ("id", "who", "project", "day", "hours", "status"),
        ("1", "w", "P", "2026-03-02", 1.25, "DONE"),
        ("2", "w", "P", "2026-03-02", "1,25", "DONE"),
        ("3", "w", "P", "2026-03-02", "1.250", "DONE"),
    ]
    for at, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.write(at, column, cell)
    book.close()
    columns = {**COLUMNS, "work_date": "day", "seconds": {"column": "hours", "decimal": ","}}
    files = connector(tmp_path, path="*.xlsx", format="excel", columns=columns)
    typed, text, other = read(files)
    assert parsed(files, typed)["seconds"] == parsed(files, text)["seconds"] == 4500
    assert refusal(files, other).rule == "not_a_number"
