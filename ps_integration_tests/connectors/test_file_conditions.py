"""Which rows of a file are records, and values that depend on other cells of the row."""

import json
from datetime import date

import pytest

from ps_integration.errors import BadAnswerError
from ps_integration_tests.connectors.test_files import (
    COLUMNS,
    HEADER,
    connector,
    parsed,
    read,
    refusal,
)

TIME = [{"column": "status", "one_of": ["DONE", "NEW"]}]
REPORT = (
    "Hours of November\n\n" + HEADER + "1,w1,P1,05-Nov-04,7.5,DONE\n"
    "2,w2,P1,05-Nov-04,0.25,NEW\n"
    "Subtotal,,,,7.75,\n"
    "Total;7.75\n"
    "printed by w1,page 1\n"
)


def ids(records):
    return [record.record_id for record in records]


def test_lines_around_the_table_and_rows_that_are_none_are_left_out(tmp_path):
    (tmp_path / "a.csv").write_text(REPORT)
    found = read(connector(tmp_path, skip={"before": 2, "after": 2}, where=TIME))
    assert ids(found) == ["1", "2"]
    assert [record.place for record in found] == ["a.csv row 4", "a.csv row 5"]
    assert set(json.loads(found[0].payload)["cells"]) == set(HEADER.strip().split(","))


def test_without_where_a_totals_row_stays_a_record_that_is_refused_by_name(tmp_path):
    (tmp_path / "a.csv").write_text(REPORT)
    files = connector(tmp_path, skip={"before": 2, "after": 1})
    *_, subtotal, total = read(files)
    assert refusal(files, subtotal).field == "work_date"
    assert (refusal(files, total).rule, total.place) == (
        "row_width_differs_from_header",
        "a.csv row 7",
    )


def test_an_export_with_its_header_and_its_last_line_only_has_no_rows(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "printed by w1\n")
    assert read(connector(tmp_path, skip={"after": 1})) == []


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"one_of": ["DONE"]}, ["1"]),
        ({"none_of": ["DONE"]}, ["2", "3"]),
        ({"matches": "D.*|N"}, ["1"]),
        ({"empty": True}, ["3"]),
        ({"empty": False}, ["1", "2"]),
    ],
)
def test_each_condition_says_what_it_means(tmp_path, condition, found):
    (tmp_path / "a.csv").write_text(
        HEADER + "".join(f"{at},w,P,05-Nov-04,1,{told}\n" for at, told in
                         enumerate((" DONE ", "NEW", " "), 1))
    )  # fmt: skip
    assert ids(read(connector(tmp_path, where=[{"column": "status", **condition}]))) == found


def test_a_column_that_where_asks_for_must_be_there(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER)
    with pytest.raises(BadAnswerError, match="not one column kind"):
        read(connector(tmp_path, where=[{"column": "kind", "empty": True}]))


def test_where_tells_no_rows_of_a_distinct_list_apart(tmp_path):
    (tmp_path / "a.csv").write_text(
        HEADER + "1,w1,P1,05-Nov-04,1,DONE\n2,w1,P1,05-Nov-04,1,NEW\n3,w2,P1,05-Nov-04,1,X\n"
    )
    people = {"table": "resources", "id": ["who"], "columns": {"match_key": "who"}}
    assert ids(read(connector(tmp_path, distinct=True, where=TIME, **people))) == ["w1"]


def test_a_row_that_is_not_finished_is_a_draft_and_no_error(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,w1,P1,05-Nov-04,,NEW\n2,w1,P1,05-Nov-04,,DONE\n")
    not_yet = [{"column": "status", "one_of": ["NEW"]}, {"column": "hours", "empty": True}]
    hours = {"column": "hours", "cases": [{"when": not_yet, "const": "0"}]}
    files = connector(tmp_path, columns={**COLUMNS, "seconds": hours})
    draft, done = read(files)
    assert (parsed(files, draft)["seconds"], parsed(files, draft)["approval_state"]) == (0, "draft")
    assert refusal(files, done).field == "seconds"


def test_the_first_case_that_holds_has_its_own_column_and_form(tmp_path):
    (tmp_path / "a.csv").write_text(
        HEADER + "1,w1,P1,05-Nov-04,1,DONE\n2,w1,INT,2004-11-06,90,DONE\n3,w1,P2,05-Nov-04,1,DONE\n"
    )
    inside = [{"column": "project", "matches": "INT.*"}]
    columns = {
        **COLUMNS,
        "is_billable": {"const": True, "cases": [{"when": inside, "const": False}]},
        "work_date": {
            "column": "day", "format": "%d-%b-%y",
            "cases": [{"when": inside, "column": "day", "format": "%Y-%m-%d"}],
        },
        "seconds": {
            "column": "hours",
            "cases": [
                {"when": inside, "column": "hours", "unit": "minutes"},
                {"when": [{"column": "status", "empty": False}], "column": "hours"},
            ],
        },
    }  # fmt: skip
    files = connector(tmp_path, columns=columns)
    found = [parsed(files, record) for record in read(files)]
    assert [(one["is_billable"], one["seconds"], one["work_date"]) for one in found] == [
        (True, 3600, date(2004, 11, 5)),
        (False, 5400, date(2004, 11, 6)),
        (True, 3600, date(2004, 11, 5)),
    ]


def test_a_condition_over_an_error_cell_neither_leaves_a_row_out_nor_chooses(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "1,w1,P1,05-Nov-04,1,DONE\n2,w1,P1,05-Nov-04,1,#N/A\n")
    files = connector(tmp_path, where=TIME)
    _, unknown = read(files)
    told = refusal(files, unknown)
    assert (told.field, told.value, told.rule) == ("status", "#N/A", "error_cell")
    price = {"const": True, "cases": [{"when": TIME, "const": False}]}
    state = {"const": "approved"}
    files = connector(tmp_path, columns={**COLUMNS, "is_billable": price, "approval_state": state})
    known, unknown = read(files)
    assert parsed(files, known)["is_billable"] is False
    assert refusal(files, unknown).rule == "error_cell"


@pytest.mark.parametrize(
    ("stream", "told"),
    [
        ({"where": [{"column": "status"}]}, "exactly one of one_of, none_of, matches and empty"),
        (
            {"where": [{"column": "status", "empty": True, "one_of": ["x"]}]},
            "exactly one of one_of",
        ),
        ({"where": [{"column": "status", "matches": "("}]}, "is no pattern"),
        ({"where": [{"column": "", "empty": True}]}, "column"),
        ({"where": [{"colum": "status", "empty": True}]}, "colum"),
        ({"skip": {"before": -1}}, "before"),
        (
            {
                "where": [{"column": "days.Day", "empty": False}],
                "lookup": {"name": "days", "path": "b.csv", "key": ["id"]},
            },
            "where asks for columns of the file itself",
        ),
        ({"columns": {**COLUMNS, "note": {"column": "who", "cases": [{"const": "x"}]}}}, "when"),
    ],
)
def test_a_condition_that_means_nothing_is_refused_by_name(tmp_path, stream, told):
    with pytest.raises(Exception, match=told) as caught:
        connector(tmp_path, **stream)
    assert type(caught.value).__name__ in {"FixConfigError", "ValidationError"}
