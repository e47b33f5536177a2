import json

import pytest

from ps_integration.connectors.answers import Answer
from ps_integration.connectors.paging import (
    Turn,
    count_reached,
    header_says_last,
    next_link,
    page_number,
    pages,
    settled,
)
from ps_integration.connectors.raw import inside
from ps_integration.errors import BadAnswerError


def answers(*bodies, headers=()):
    asked = []
    served = list(zip(bodies, headers or [{}] * len(bodies), strict=True))

    def ask(turn):
        asked.append(turn)
        body, names = served.pop(0)
        return Answer(json.dumps(body), names)

    ask.asked = asked
    return ask


def ids(found):
    return [inside(value, "id") for page in found for _, value in page.records]


def linked(*rows, link=None):
    return {"rows": [{"id": one} for one in rows], "next": link}


def test_links_are_followed_as_given():
    ask = answers(linked(1, link="https://x/?cursor=a%2Bb"), linked(2))
    assert ids(pages(ask, Turn("/rows"), ("rows",), next_link("next"))) == [1, 2]
    assert ask.asked[1].path == "https://x/?cursor=a%2Bb"


def test_a_key_with_a_dot_leads_to_its_link():
    body = {"value": [{"id": 1}], "@odata.nextLink": "https://x/2"}
    ask = answers(body, {"value": [{"id": 2}]})
    assert ids(pages(ask, Turn("/rows"), ("value",), next_link("@odata.nextLink"))) == [1, 2]


def test_the_same_link_twice_is_a_loop():
    ask = answers(linked(1, link="/a"), linked(2, link="/a"), linked(3, link="/a"))
    with pytest.raises(BadAnswerError, match="asks for the same page twice"):
        list(pages(ask, Turn("/rows"), ("rows",), next_link("next")))


def test_the_same_rows_twice_are_a_loop():
    ask = answers(linked(1, link="/a"), linked(1, link="/b"))
    with pytest.raises(BadAnswerError, match="serves one page twice"):
        list(pages(ask, Turn("/rows"), ("rows",), next_link("next")))


def test_a_few_empty_pages_are_passed_and_more_are_not():
    few = answers(*(linked(link=f"/{n}") for n in range(3)), linked(9))
    assert ids(pages(few, Turn("/rows"), ("rows",), next_link("next"))) == [9]
    many = answers(*(linked(link=f"/{n}") for n in range(10)))
    with pytest.raises(BadAnswerError, match="does not end"):
        list(pages(many, Turn("/rows"), ("rows",), next_link("next")))


def test_a_link_that_is_not_text_is_refused():
    with pytest.raises(BadAnswerError, match="not text"):
        list(pages(answers(linked(1, link=7)), Turn("/rows"), ("rows",), next_link("next")))


def test_pages_by_number_go_on_until_the_header_says_last():
    ask = answers([{"id": 1}], [{"id": 2}], headers=({"last-page": "false"}, {"last-page": "true"}))
    following = page_number(header_says_last("Last-Page"))
    assert ids(pages(ask, Turn("/rows", {"page": 1}), (), following)) == [1, 2]
    assert [turn.params["page"] for turn in ask.asked] == [1, 2]


def test_without_the_header_the_end_is_unknown_and_not_assumed():
    with pytest.raises(BadAnswerError, match="no Last-Page header"):
        list(
            pages(
                answers([]),
                Turn("/rows", {"page": 1}),
                (),
                page_number(header_says_last("Last-Page")),
            )
        )


def test_the_count_is_trusted_and_the_asked_page_size_is_not():
    ask = answers({"count": 3, "rows": [{"id": 1}, {"id": 2}]}, {"count": 3, "rows": [{"id": 3}]})
    turn = Turn("/rows", {"page": 1, "per_page": 200})
    assert ids(pages(ask, turn, ("rows",), count_reached())) == [1, 2, 3]


def test_a_list_without_its_count_is_refused():
    with pytest.raises(BadAnswerError, match="no count"):
        list(pages(answers({"rows": []}), Turn("/rows", {"page": 1}), ("rows",), count_reached()))


def listings(*each):
    left = list(each)

    def listing():
        total, rows = left.pop(0)
        body = {"total": total, "rows": [{"id": one} for one in rows]}
        return pages(answers(body), Turn("/rows"), ("rows",), next_link("next"))

    return listing


def everything(listing):
    found = settled(listing, lambda v: str(inside(v, "id")), lambda page: page.rest.get("total"))
    return ids(found)


def test_rows_that_shift_between_pages_make_a_second_listing():
    assert everything(listings((3, [1, 2]), (3, [1, 2, 3]))) == [1, 2, 1, 2, 3]


def test_a_listing_that_never_meets_its_count_fails():
    with pytest.raises(BadAnswerError, match="counts 3 records and listed 2"):
        everything(listings(*[(3, [1, 2])] * 3))
