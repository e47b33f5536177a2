"""Body faults understand every shape in which the vendors send lists."""

import json

import pytest
from werkzeug.wrappers import Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.bodyfaults import changed_answer
from ps_integration.sandbox.faults import Fault

BY_ID = {"count": 2, "results": [{"key": "e", "id": "1"}], "e": {"1": {"id": "1", "hours": 1}}}
NEXT = {"count": 2, "results": [{"key": "e", "id": "2"}], "e": {"2": {"id": "2", "hours": 1}}}
VALUE = {"value": [{"id": "1", "hours": 1}]}
ONE = {"id": "1", "hours": 1, "lines": [{"hours": 9}]}


def changed(body, kind, before=None, **options):
    page_before = json.dumps(before).encode() if before else b""
    return changed_answer(json_answer(body), [Fault(kind, "s", options=options)], page_before).json


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (BY_ID, {**BY_ID, "e": {"1": {"id": "1"}}}),
        (VALUE, {"value": [{"id": "1"}]}),
        (ONE, {"id": "1", "lines": [{"hours": 9}]}),
        ([{"hours": 1}, "text"], [{}, "text"]),
    ],
)
def test_a_field_is_dropped_from_the_records_of_each_shape(body, after):
    assert changed(body, "dropped_field", field="hours") == after


def test_a_field_below_something_that_is_no_object_stays():
    assert changed(VALUE, "dropped_field", field="hours.raw") == VALUE


def test_a_page_with_records_by_id_is_joined_with_the_page_before():
    assert changed(NEXT, "duplicated_page", before=BY_ID) == {
        "count": 2,
        "results": [*BY_ID["results"], *NEXT["results"]],
        "e": {**BY_ID["e"], **NEXT["e"]},
    }


def test_a_first_page_has_none_before():
    assert changed(VALUE, "duplicated_page") == VALUE


def test_bare_arrays_are_joined():
    assert changed([{"id": 2}], "duplicated_page", before=[{"id": 1}]) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("kind", ["duplicated_page", "shifted_page"])
def test_one_record_is_no_page(kind):
    assert changed(ONE, kind, before=ONE) == ONE


@pytest.mark.parametrize(
    "answer", [json_answer({"id": 1}, 404), Response("<p>id</p>", mimetype="text/html")]
)
def test_an_answer_that_is_no_list_of_records_is_left_alone(answer):
    before = answer.get_data()
    fault = Fault("dropped_field", "s", options={"field": "id"})
    assert changed_answer(answer, [fault], b"").get_data() == before
