import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup
from ps_integration.domain.records import RecordRefusedError
from ps_integration.errors import BadAnswerError, ColumnsMissingError, FixConfigError
from ps_integration.settings.firm import System
from ps_integration_tests.regressions.sheets import Broken, Shown, write_sheet

COLUMNS = {
    "resource_external_id": "who",
    "project_external_id": "project",
    "work_date": {"column": "day", "format": "%d-%b-%y"},
    "seconds": {"column": "hours"},
    "is_billable": {"const": True},
    "approval_state": {"column": "status", "values": {"DONE": "approved", "NEW": "draft"}},
}
HEADER = "id,who,project,day,hours,status\n"


def connector(folder, *more, **stream):
    stream = {
        "name": "time",
        "table": "time_entries",
        "path": "*.csv",
        "id": ["id"],
        "columns": COLUMNS,
        **stream,
    }
    system = System.model_validate(
        {
            "id": "legacy",
            "vendor": "files",
            "roles": ["time"],
            "options": {"folder": str(folder), "streams": [stream, *more]},
        }
    )
    return vendor("files").build(Setup(system, {}))


def read(files):
    ask = Ask(files.streams()[0], "full", None, None, datetime(2026, 3, 1, tzinfo=UTC))
    return [record for page in files.pages(ask) for record in page]


def parsed(files, record):
    return files.parse("time", strict_json(record.payload))[0].values


def refusal(files, record):
    if record.flaw is not None:
        return record.flaw
    with pytest.raises(RecordRefusedError) as caught:
        files.parse("time", strict_json(record.payload))
    return caught.value.problem


def test_a_csv_row_becomes_a_time_entry(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,w1,P1,05-Nov-04,7.25,DONE\n")
    files = connector(tmp_path)
    record = read(files)[0]
    assert json.loads(record.payload)["cells"]["hours"] == "7.25"
    entry = parsed(files, record)
    assert (entry["external_id"], entry["work_date"], entry["seconds"]) == (
        "1",
        date(2004, 11, 5),
        26100,
    )
    assert (entry["approval_state"], entry["is_billable"]) == ("approved", True)


@pytest.mark.parametrize(
    ("row", "field", "rule"),
    [
        ("1,w1,P1,2004-11-05,7,DONE", "work_date", "date_invalid"),
        ("1,w1,P1,,7,DONE", "work_date", "value_missing"),
        ("1,w1,P1,05-Nov-04,NaN,DONE", "seconds", "not_a_number"),
        ("1,w1,P1,05-Nov-04,7:30,DONE", "seconds", "not_a_number"),
        ("1,w1,P1,05-Nov-04,#N/A,DONE", "seconds", "error_cell"),
        ("1,#BEZUG!,P1,05-Nov-04,7,DONE", "resource_external_id", "error_cell"),
        ("1,w1,P1,05-Nov-04,7,#REF!", "approval_state", "error_cell"),
        ("#VALUE!,w1,P1,05-Nov-04,7,DONE", "id", "error_cell"),
        ("1,w1,P1,05-Nov-04,,DONE", "seconds", "value_missing"),
        ("1,w1,P1,05-Nov-04,7,APPROVED_BY_CLIENT2", "approval_state", "status_unknown"),
        ("1,w1,P1,05-Nov-04,7,", "approval_state", "status_unknown"),
        (",w1,P1,05-Nov-04,7,DONE", "id", "id_missing"),
        ("1,w1,P1,05-Nov-04,7,DONE,extra", "row", "row_width_differs_from_header"),
        ("1,w1,P1", "row", "row_width_differs_from_header"),
    ],
)
def test_a_broken_row_is_refused_by_name_and_the_next_one_is_read(tmp_path, row, field, rule):
    (tmp_path / "a.csv").write_text(HEADER + row + "\n2,w1,P1,05-Nov-04,1,DONE\n")
    files = connector(tmp_path)
    broken, fine = read(files)
    problem = refusal(files, broken)
    assert (problem.field, problem.rule) == (field, rule)
    assert parsed(files, fine)["seconds"] == 3600


def test_an_id_that_stands_twice_is_refused_and_both_rows_are_kept(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,w1,P,05-Nov-04,1,DONE\n1,w2,P,05-Nov-04,2,DONE\n")
    files = connector(tmp_path)
    first, second = read(files)
    assert (first.record_id, second.record_id) == ("1", "1#2")
    assert refusal(files, second).rule == "id_stands_twice"


def test_several_columns_make_one_id(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,w1,P,05-Nov-04,1,DONE\n1,w2,P,05-Nov-04,2,DONE\n")
    files = connector(tmp_path, id=["id", "who"])
    assert [record.record_id for record in read(files)] == ["1/w1", "1/w2"]


def test_the_work_date_may_stand_in_a_second_file(tmp_path):
    (tmp_path / "a.csv").write_text("id,who,project,hours,status\n1,w,P,1,DONE\n2,w,P,1,DONE\n")
    (tmp_path / "d.txt").write_text("id;day\n1;05-Nov-04\n")
    lookup = {"name": "dates", "path": "d.txt", "key": ["id"], "delimiter": ";"}
    columns = {**COLUMNS, "work_date": {"column": "dates.day", "format": "%d-%b-%y"}}
    files = connector(tmp_path, lookup=lookup, columns=columns)
    found, lacking = read(files)
    assert parsed(files, found)["work_date"] == date(2004, 11, 5)
    assert refusal(files, lacking).rule == "value_missing"


def test_other_encodings_and_decimal_commas_are_declared(tmp_path):
    (tmp_path / "a.csv").write_bytes(
        "id;who;project;day;hours;status\n1;Jos\xe9;P;05-Nov-04;7,5;DONE\n".encode("latin-1")
    )
    columns = {**COLUMNS, "seconds": {"column": "hours", "decimal": ","}}
    files = connector(tmp_path, encoding="latin-1", delimiter=";", columns=columns)
    entry = parsed(files, read(files)[0])
    assert (entry["resource_external_id"], entry["seconds"]) == ("Jos\xe9", 27000)
    with pytest.raises(BadAnswerError, match="not utf-8"):
        read(connector(tmp_path, delimiter=";"))


@pytest.mark.parametrize(
    "content", ["", "id,who\n1,w\n", 'id,who,project,day,hours,status\n"1,w1,P1\n']
)
def test_a_file_of_another_shape_fails_the_read(tmp_path, content):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(BadAnswerError, match=r"a\.csv"):
        read(connector(tmp_path))


def test_a_renamed_column_is_told_apart_from_a_damaged_file(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER.replace("hours", "time") + "1,w1,P1,05-Nov-04,7,DONE\n")
    with pytest.raises(ColumnsMissingError, match="not one column hours"):
        read(connector(tmp_path))


def test_no_file_is_not_the_same_as_no_rows(tmp_path):
    with pytest.raises(BadAnswerError, match="no file"):
        read(connector(tmp_path))
    (tmp_path / "a.csv").write_text(HEADER)
    assert read(connector(tmp_path)) == []


def test_excel_cells_are_read_as_exact_text(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet("Time")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for column, name in enumerate(("id", "who", "project", "day", "hours", "status")):
        sheet.write_string(0, column, name)
    sheet.write_number(1, 0, 1)
    sheet.write_string(1, 1, "=cmd()")
    sheet.write_string(1, 2, "007")
    sheet.write_datetime(1, 3, datetime(2026, 3, 2), day)  # noqa: DTZ001 - Excel has no zones
    sheet.write_number(1, 4, 0.1)
    sheet.write_string(1, 5, "DONE")
    book.close()
    columns = {**COLUMNS, "work_date": "day"}
    files = connector(tmp_path, path="*.xlsx", format="excel", sheet="Time", columns=columns)
    entry = parsed(files, read(files)[0])
    assert (entry["external_id"], entry["project_external_id"]) == ("1", "007")
    assert (entry["work_date"], entry["seconds"]) == (date(2026, 3, 2), 360)
    assert entry["resource_external_id"] == "=cmd()"
    with pytest.raises(BadAnswerError, match="no sheet"):
        read(connector(tmp_path, path="*.xlsx", format="excel", sheet="Other"))


def test_parquet_cells_are_read_as_exact_text(tmp_path):
    table = pa.table(
        {
            "id": ["9007199254740993"],
            "who": ["w"],
            "project": ["P"],
            "day": [date(2026, 3, 2)],
            "hours": pa.array([Decimal("7.10")], pa.decimal128(9, 2)),
            "status": ["DONE"],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    columns = {**COLUMNS, "work_date": "day"}
    files = connector(tmp_path, path="*.parquet", format="parquet", columns=columns)
    entry = parsed(files, read(files)[0])
    assert (entry["external_id"], entry["seconds"]) == ("9007199254740993", 25560)


@pytest.mark.parametrize("form", ["excel", "parquet"])
def test_a_file_that_is_not_what_it_should_be_fails_the_read(tmp_path, form):
    (tmp_path / "a.csv").write_text(HEADER)
    with pytest.raises(BadAnswerError, match=r"a\.csv"):
        read(connector(tmp_path, format=form))


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "../secret.csv"},
        {"path": "/etc/*"},
        {"encoding": "utf-99"},
        {"columns": {"no_such_column": "x"}},
        {"columns": {"note": {"column": "a", "const": "b"}}},
        {"id": []},
        {"surprise": 1},
    ],
)
def test_wrong_options_are_refused_when_the_connector_is_built(tmp_path, wrong):
    with pytest.raises(FixConfigError, match=r"legacy: options\.streams"):
        connector(tmp_path, **wrong)


def test_only_the_newest_complete_export_is_taken_when_told_so(tmp_path):
    (tmp_path / "2026-01.csv").write_text(HEADER + "1,w,P,05-Nov-04,1,DONE\n")
    (tmp_path / "2026-02.csv").write_text(HEADER + "2,w,P,05-Nov-04,1,DONE\n")
    assert [r.record_id for r in read(connector(tmp_path, take="newest"))] == ["2"]
    assert [r.record_id for r in read(connector(tmp_path))] == ["1", "2"]


def test_an_ambiguous_or_broken_lookup_row_refuses_only_what_needs_it(tmp_path):
    (tmp_path / "a.csv").write_text("id,who,project,hours,status\n1,w,P,1,DONE\n2,w,P,1,DONE\n")
    (tmp_path / "d.txt").write_text("id,day\n1,05-Nov-04\n1,06-Nov-04\n2,05-Nov-04\n3,x,y\n")
    lookup = {"name": "dates", "path": "d.txt", "key": ["id"]}
    columns = {**COLUMNS, "work_date": {"column": "dates.day", "format": "%d-%b-%y"}}
    files = connector(tmp_path, lookup=lookup, columns=columns)
    broken, ambiguous, fine = read(files)
    assert refusal(files, broken).rule == "row_width_differs_from_header"
    assert refusal(files, ambiguous).rule == "lookup_rows_differ"
    assert parsed(files, fine)["work_date"] == date(2004, 11, 5)


def test_a_list_of_hours_can_be_the_list_of_projects(tmp_path):
    lines = "1,w1,P1,05-Nov-04,7,DONE\n2,w2,P1,06-Nov-04,8,DONE\n3,w1,P2,07-Nov-04,2,NEW\n"
    (tmp_path / "a.csv").write_text(HEADER + lines)
    mapped = {"match_key": "project", "name": "project", "status": {"const": "active"}}
    files = connector(tmp_path, table="projects", id=["project"], columns=mapped, distinct=True)
    records = read(files)
    assert [record.record_id for record in records] == ["P1", "P2"]
    assert json.loads(records[0].payload) == {"cells": {"project": "P1"}}


@pytest.mark.parametrize(("path", "is_echo"), [("*.csv", True), ("projects.csv", False)])
def test_a_list_made_of_hours_says_so(tmp_path, path, is_echo):
    listed = {
        "name": "projects", "table": "projects", "path": path, "id": ["project"],
        "distinct": True, "columns": {"match_key": "project"},
    }  # fmt: skip
    streams = connector(tmp_path, listed).streams()
    assert [stream.is_from_entries for stream in streams] == [False, is_echo]


def test_distinct_rows_of_one_id_that_differ_are_refused_by_name(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,w1,P1,05-Nov-04,7,DONE\n2,w2,P1,,8,DONE\n")
    mapped = {"match_key": "project", "name": "who", "status": {"const": "active"}}
    files = connector(tmp_path, table="projects", id=["project"], columns=mapped, distinct=True)
    _, second = read(files)
    assert refusal(files, second).rule == "id_stands_twice"


def test_a_payload_has_what_the_file_says_and_no_mark_of_ours(tmp_path):
    rows = "1,w1,P1,05-Nov-04,7,DONE\n\n1,w1,P1,05-Nov-04,7,DONE\n2,w1\n"
    (tmp_path / "a.csv").write_text(HEADER + rows)
    one, twice, short = read(connector(tmp_path))
    assert [one.flaw, one.place] == [None, "a.csv row 2"]
    assert (twice.flaw.rule, twice.place) == ("id_stands_twice", "a.csv row 4")
    assert one.payload == twice.payload
    assert json.loads(short.payload) == {"header": HEADER.strip().split(","), "row": ["2", "w1"]}
    assert "a.csv row 5" in short.flaw.remedy


@pytest.mark.parametrize(
    ("path", "matched"),
    [("*.csv", "a-2.csv"), ("a-2.csv", None), ("*/a.csv", "north/"), ("north/a.csv", None)],
)
def test_a_link_to_what_is_not_there_fails_the_stream_and_is_not_left_out(tmp_path, path, matched):
    folder = tmp_path / "drops"
    (folder / "south").mkdir(parents=True)
    for name in ("a-1.csv", "south/a.csv"):
        (folder / name).write_text(HEADER)
    for name in ("a-2.csv", "north"):
        (folder / name).symlink_to(tmp_path / "unmounted" / name)
    with pytest.raises(BadAnswerError, match=r"not there|No such|no file"):
        read(connector(folder, path=path))


def test_an_empty_folder_that_the_pattern_matches_may_be_a_drive_that_is_not_there(tmp_path):
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
    (tmp_path / "south" / "a.csv").write_text(HEADER)
    with pytest.raises(BadAnswerError, match="folder north: it is empty; is its drive there"):
        read(connector(tmp_path, path="*/a.csv"))


def test_a_folder_that_is_not_there_is_no_empty_folder(tmp_path):
    with pytest.raises(BadAnswerError, match="No such file or directory"):
        read(connector(tmp_path / "gone"))


def test_a_workbook_that_would_end_its_reader_is_refused_by_name(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER.strip().split(","))
    sheet.write("XFD1048576", "far")
    book.close()
    with pytest.raises(BadAnswerError, match=r"file a\.xlsx: its sheet reaches to row 1,048,576"):
        read(connector(tmp_path, path="*.xlsx", format="excel"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-be"])
def test_an_encoding_that_does_not_fit_fails_the_stream(tmp_path, encoding):
    (tmp_path / "a.csv").write_text(HEADER + "1,w1,P1,05-Nov-04,7,DONE\n")
    with pytest.raises(BadAnswerError, match=r"file a\.csv: not"):
        read(connector(tmp_path, encoding=encoding))


@pytest.mark.parametrize("encoding", ["idna", "unicode_escape", "hex", "rot13", "undefined"])
def test_what_is_no_encoding_of_files_is_refused_in_the_firm_file(tmp_path, encoding):
    with pytest.raises(FixConfigError, match="not a text encoding of files"):
        connector(tmp_path, encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "U8", "utf-16-le", "utf-16", "cp65001", "utf-32-be"])
def test_a_byte_order_mark_is_no_part_of_the_first_header(tmp_path, encoding):
    text = HEADER + "1,w1,P1,05-Nov-04,7,DONE\n"
    mark = "" if encoding == "utf-16" else "\ufeff"
    (tmp_path / "a.csv").write_bytes((mark + text).encode(encoding))
    assert [one.record_id for one in read(connector(tmp_path, encoding=encoding))] == ["1"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le"])
def test_a_file_that_came_back_in_utf8_is_not_read_as_something_else(tmp_path, encoding):
    (tmp_path / "a.csv").write_text(HEADER + "1,Jos\xe9,P1,05-Nov-04,7,DONE\n", "utf-8")
    with pytest.raises(BadAnswerError, match=r"file a\.csv: not"):
        read(connector(tmp_path, encoding=encoding))


def test_error_cells_of_a_sheet_are_no_empty_cells_and_no_empty_row(tmp_path):
    rows = [
        ["1", "w1", "P1", "2026-03-02", Shown(7.5 / 24, "[h]:mm"), "DONE"],
        ["2", Broken("#REF!"), "P1", "2026-03-02", Shown(0.5 / 24, "h:mm"), "DONE"],
        [Broken()] * 6,
    ]
    write_sheet(tmp_path / "a.xlsx", [HEADER.strip().split(","), *rows])
    columns = {**COLUMNS, "work_date": "day", "seconds": {"column": "hours", "unit": "clock"}}
    files = connector(tmp_path, path="*.xlsx", format="excel", columns=columns)
    fine, broken, lost = read(files)
    assert parsed(files, fine)["seconds"] == 27000
    assert (refusal(files, broken).field, refusal(files, broken).value) == (
        "resource_external_id",
        "#REF!",
    )
    assert (refusal(files, lost).rule, lost.record_id[:6]) == ("error_cell", "no-id-")


def test_leading_zeros_of_a_column_that_is_declared_as_shown_are_part_of_its_id(tmp_path):
    rows = [[Shown(123, "00000"), Shown(7, "000"), "P1", date(2026, 3, 2), 7.5, "DONE"]]
    write_sheet(tmp_path / "a.xlsx", [HEADER.strip().split(","), *rows])
    form = {"path": "*.xlsx", "format": "excel", "columns": {**COLUMNS, "work_date": "day"}}
    files = connector(tmp_path, shown=["id"], **form)
    entry = parsed(files, read(files)[0])
    assert (entry["external_id"], entry["resource_external_id"]) == ("00123", "7")
    with pytest.raises(BadAnswerError, match="not one column badge"):
        read(connector(tmp_path, shown=["badge"], **form))


def test_a_cell_that_means_nothing_by_an_error_is_declared(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,w1,#N/A,05-Nov-04,7,DONE\n")
    columns = {**COLUMNS, "project_external_id": {"column": "project", "values": {"#N/A": ""}}}
    files = connector(tmp_path, columns=columns)
    assert parsed(files, read(files)[0])["project_external_id"] is None


def test_an_old_binary_workbook_is_refused_for_its_errors_cannot_be_seen(tmp_path):
    (tmp_path / "a.xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2048))
    with pytest.raises(BadAnswerError, match=r"file a\.xls: not an Excel file of the form \.xlsx"):
        read(connector(tmp_path, path="*.xls", format="excel"))


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pa.array([b"7.5"], pa.binary()), "binary"),
        (pa.array([7.1], pa.float32()), "float"),
        (pa.array([[7]], pa.list_(pa.int64())), "list"),
    ],
)
def test_parquet_types_that_do_not_say_what_they_hold_are_refused(tmp_path, column, told):
    texts = dict(
        zip(HEADER.strip().split(","), ("1", "w", "P", "2026-03-02", "", "DONE"), strict=True)
    )
    table = {name: pa.array([text]) for name, text in texts.items()} | {"hours": column}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    columns = {**COLUMNS, "work_date": "day"}
    files = connector(tmp_path, path="*.parquet", format="parquet", columns=columns)
    with pytest.raises(BadAnswerError, match=f"column hours is of the type {told}"):
        read(files)
    columns = {**columns, "seconds": {"const": "7"}}
    files = connector(tmp_path, path="*.parquet", format="parquet", columns=columns)
    assert parsed(files, read(files)[0])["seconds"] == 25200


def test_parquet_durations_keep_their_fraction_until_seconds_are_rounded(tmp_path):
    texts = dict(
        zip(HEADER.strip().split(","), ("1", "w", "P", "2026-03-02", "", "DONE"), strict=True)
    )
    table = {name: pa.array([text]) for name, text in texts.items()}
    table["hours"] = pa.array([5_400_500_000_001], pa.duration("ns"))
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    columns = {**COLUMNS, "work_date": "day", "seconds": {"column": "hours", "unit": "clock"}}
    files = connector(tmp_path, path="*.parquet", format="parquet", columns=columns)
    [found] = read(files)
    assert json.loads(found.payload)["cells"]["hours"] == "1:30:00.500000001"
    assert parsed(files, found)["seconds"] == 5401


def test_a_pipe_that_matches_the_pattern_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(BadAnswerError, match="no ordinary file"):
        read(connector(tmp_path))


def test_the_probe_reads_every_file_and_names_what_it_cannot_read(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,w,P,05-Nov-04,1,DONE\n2,w,P,05-Nov-04,x,DONE\n")
    told = connector(tmp_path).probe()
    assert told == {"time": "2 rows (1 refused, a.csv row 3, seconds: not_a_number first)"}
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(BadAnswerError, match=r"time: file b\.csv: not utf-8"):
        connector(tmp_path).probe()
