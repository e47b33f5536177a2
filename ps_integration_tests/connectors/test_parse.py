from decimal import Decimal

import pytest

from ps_integration.connectors.parse import decode, slices, strict_json
from ps_integration.errors import BadAnswerError


@pytest.mark.parametrize(
    "text",
    [
        '{"hours": 1, "hours": 9}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": ' + "9" * 5000 + "}",
        "[" * 100_000 + "]" * 100_000,
        "[" * 70 + "]" * 70,
        '{"a": 1} {"a": 2}',
        '{"a": 1,}',
        "[1,]",
        "",
        "<html></html>",
        '{"a": "\x01"}',
    ],
)
def test_lenient_json_is_refused_by_the_parser_and_by_the_slicer(text):
    with pytest.raises(BadAnswerError):
        strict_json(text)
    with pytest.raises(BadAnswerError):
        list(slices(text))


def test_numbers_stay_exact():
    assert strict_json("[0.1, 9007199254740993, 1e400]") == [
        Decimal("0.1"),
        9007199254740993,
        Decimal("1e400"),
    ]


def test_a_byte_order_mark_is_accepted_and_latin_1_is_not():
    assert decode(b"\xef\xbb\xbf{}") == "{}"
    with pytest.raises(BadAnswerError, match="UTF-8 at byte 1"):
        decode(b'"\xe9"')


def test_a_record_keeps_its_own_characters():
    text = '{"rows": [ {"id" : 1, "h": 1.50} ,{"id":2}], "next": null}'
    assert [piece for piece, _ in slices(text, ("rows",))] == ['{"id" : 1, "h": 1.50}', '{"id":2}']


def test_records_keyed_by_id_are_a_collection_too():
    text = '{"count": 1, "users": {"7": {"id": "7"}}}'
    assert list(slices(text, ("users",))) == [('{"id": "7"}', {"id": "7"})]


def test_top_level_arrays_and_empty_lists_are_collections():
    assert list(slices("[]")) == []
    assert [value for _, value in slices(' [1 , {"a":2}] ')] == [1, {"a": 2}]


@pytest.mark.parametrize("text", ['{"rows": null}', '{"other": []}', '{"rows": "x"}', "[]"])
def test_a_missing_list_is_not_an_empty_list(text):
    with pytest.raises(BadAnswerError, match="no list at rows"):
        list(slices(text, ("rows",)))


def test_the_slicer_refuses_a_key_that_stands_twice_on_the_outer_level():
    with pytest.raises(BadAnswerError, match="twice"):
        list(slices('{"rows": [1], "rows": []}', ("rows",)))


def test_garbage_after_the_collection_is_refused():
    with pytest.raises(BadAnswerError):
        list(slices('{"rows": []} trailing', ("rows",)))
