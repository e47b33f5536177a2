"""Matching against brute force: every set of links, counted out."""

import os
import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest

from ps_integration.reconciliation.engine import run_rules
from ps_integration.reconciliation.matching.assignment import MARGIN, judge, worth
from ps_integration.reconciliation.matching.candidates import SECONDS, candidates, is_near
from ps_integration.reconciliation.matching.fill import match
from ps_integration.reconciliation.matching.items import Entry, Line
from ps_integration.reconciliation.matching.nearest import nearest
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.why import why
from ps_integration_tests.reconciliation.world import UNPOSTED, WORLD, breaks_of, fill

CASES = int(os.environ.get("PS_MATCHING_CASES", "400"))
DAY = date(2026, 3, 31)


def entry(key, hours, minor=None, day=DAY, person="ana", block="p|USD"):
    price = round(hours * 15000) if minor is None else minor
    return Entry(key, block, day, round(hours * 3600), price, person)


def line(key, hours, minor=None, day=DAY, block="p|USD"):
    price = round(hours * 15000) if minor is None else minor
    return Line(key, block, day, round(hours * 3600), price)


def fits(lines, entries):
    """Written apart from the product: by date, by hours within the slack, by money."""
    near = all(0 <= (li.day - en.day).days <= 62 for li in lines for en in entries)
    hours = abs(sum(li.seconds for li in lines) - sum(en.seconds for en in entries)) <= SECONDS
    money = abs(sum(li.minor for li in lines) - sum(en.minor for en in entries))
    return near and hours and money <= max(len(lines), len(entries))


def all_pairs(lines, entries):
    """Every (lines, entries) whose sums agree and of which one side is a single item."""
    for some_lines in subsets(lines):
        for some in subsets(entries):
            if 1 in (len(some_lines), len(some)) and fits(some_lines, some):
                yield frozenset(li.key for li in some_lines), frozenset(en.key for en in some)


def subsets(items):
    return [some for n in range(1, len(items) + 1) for some in combinations(items, n)]


def best_totals(links):
    """The best worth of all, and with and without each link, over every disjoint set of links."""
    best, with_it, without = 0, dict.fromkeys(links, -1), dict.fromkeys(links, 0)

    def walk(place, used, chosen, total):
        nonlocal best
        if place == len(links):
            best = max(best, total)
            for link in links:
                table = with_it if link in chosen else without
                table[link] = max(table[link], total)
            return
        walk(place + 1, used, chosen, total)
        link = links[place]
        if not used & link.items:
            walk(place + 1, used | link.items, chosen | {link}, total + worth(link))

    walk(0, frozenset(), frozenset(), 0)
    return best, with_it, without


def random_case(rng):
    entries = [
        entry(
            f"e{n}",
            rng.choice([1, 2, 3, 4]),
            day=DAY - timedelta(days=rng.choice([0, 1, 2, 8, 40, 70])),
            person=rng.choice(["ana", "bo"]),
        )
        for n in range(rng.randint(1, 4))
    ]
    lines = [line(f"l{n}", rng.choice([1, 2, 3, 5, 7])) for n in range(rng.randint(1, 3))]
    return lines, entries


def test_equals_brute_force():
    rng = random.Random(20260331)
    compared = 0
    while compared < CASES:
        lines, entries = random_case(rng)
        found = candidates(lines, entries)
        assert found.is_complete
        pairs = {(frozenset(k.lines), frozenset(k.entries)) for k in found.links}
        assert pairs == set(all_pairs(lines, entries))
        links = list(found.links)
        if len(links) > 12:
            continue
        best, with_it, without = best_totals(links)
        wanted = {
            (link, best - without[link] >= MARGIN)
            for link in links
            if best - with_it[link] < MARGIN
        }
        assert {(judged.link, judged.is_confirmed) for judged in judge(links)} == wanted
        compared += 1


def test_the_order_of_the_input_changes_nothing():
    rng = random.Random(7)
    for _ in range(30):
        lines, entries = random_case(rng)
        known = match(lines, entries)
        for _ in range(4):
            rng.shuffle(lines)
            rng.shuffle(entries)
            assert match(lines, entries) == known


def test_first_fit_would_leave_a_line_unexplained():
    """The first line fits both entries, the second only the one that comes first."""
    late = DAY - timedelta(days=70)
    entries = [entry("a", 8, day=DAY - timedelta(days=3)), entry("b", 8, day=late)]
    lines = [line("l1", 8, day=DAY - timedelta(days=20)), line("l2", 8)]
    assert [is_near(lines[0], en) for en in entries] == [False, True]
    both = [line("l0", 8, day=DAY - timedelta(days=9)), lines[1]]
    entries[1] = entry("b", 8, day=DAY - timedelta(days=66))
    entries[0] = entry("a", 8, day=DAY - timedelta(days=12))
    found = match(both, entries)
    assert [(j.link.lines, j.link.entries, j.is_confirmed) for j in found] == [
        (("l0",), ("b",), True),
        (("l2",), ("a",), True),
    ]


def test_a_line_that_sums_a_persons_week_is_confirmed():
    monday = date(2026, 3, 23)
    week = [entry(f"e{n}", 7.5, day=monday + timedelta(days=n)) for n in range(5)]
    [found] = match([line("l", 37.5)], week)
    assert (found.is_confirmed, len(found.link.entries)) == (True, 5)
    assert "one person's week" in found.link.evidence


def test_a_split_entry_is_found():
    [found] = match([line("l1", 3), line("l2", 5)], [entry("e", 8)])
    assert (found.link.lines, found.link.entries, found.is_confirmed) == (
        ("l1", "l2"),
        ("e",),
        True,
    )


def test_lines_that_bill_sums_split_an_entry_too():
    lines = [Line(f"l{n}", "p|USD", DAY, None, minor) for n, minor in enumerate((45000, 75000))]
    [found] = match(lines, [entry("e", 8)])
    assert (found.link.lines, found.is_confirmed) == (("l0", "l1"), True)


def test_nothing_is_linked_over_projects_or_currencies_or_after_its_date():
    assert not match([line("l", 8)], [entry("e", 8, block="q|USD"), entry("f", 8, block="p|EUR")])
    assert not match([line("l", 8)], [entry("e", 8, day=DAY + timedelta(days=1))])


@pytest.mark.parametrize(
    ("other", "test", "cause"),
    [
        (entry("e", 8, block="q|USD"), "project", "wrong_project"),
        (entry("e", 8, day=DAY + timedelta(days=3)), "date", "wrong_date"),
        (entry("e", 5), "hours", "unauthorised_posting"),
        (entry("e", 8, 119000), "amount", "unauthorised_posting"),
    ],
)
def test_the_nearest_entry_says_which_test_failed_first(other, test, cause):
    found = nearest(line("l", 8), [other])
    assert (found.entry, found.failed_test, found.cause) == ("e", test, cause)


def test_with_the_named_difference_gone_the_line_matches():
    """The counterfactual of what `nearest` says, one for each test."""
    for other in (entry("e", 5), entry("e", 8, 119000), entry("e", 8, day=DAY + timedelta(3))):
        assert not match([line("l", 8)], [other])
        test = nearest(line("l", 8), [other]).failed_test
        mended = {
            "hours": replace(other, seconds=28800, minor=120000),
            "amount": replace(other, minor=120000),
            "date": replace(other, day=DAY),
        }
        assert match([line("l", 8)], [mended[test]])


def test_equals_are_ambiguous_with_all_candidates():
    found = match([line("l", 8)], [entry("a", 8), entry("b", 8, day=DAY - timedelta(days=1))])
    assert {(j.link.entries, j.is_confirmed) for j in found} == {(("a",), False), (("b",), False)}


def test_a_search_that_met_its_bound_confirms_nothing():
    many = [entry(f"e{n:02}", 1, day=DAY - timedelta(days=n)) for n in range(40)]
    found = match([line("l", 6)], many)
    assert found
    assert not any(judged.is_confirmed for judged in found)


def test_a_sum_of_more_entries_than_are_searched_keeps_another_from_being_confirmed():
    small = [entry(f"e{n}", 1, day=DAY - timedelta(days=n), person=f"p{n}") for n in range(9)]
    [found] = match([line("l", 9)], [*small, entry("whole", 9)])
    assert (found.link.entries, found.is_confirmed) == (("whole",), False)
    [found] = match([line("l", 9)], [*small[:8], entry("whole", 9)])
    assert found.is_confirmed


def test_a_block_too_large_to_search_confirms_nothing():
    day = DAY - timedelta(days=1)
    many = [entry(f"e{n:03}", 1, day=day, person=f"p{n}") for n in range(500)]
    found = match([line("l", 500)], many)
    assert [judged.is_confirmed for judged in found] == [False]


def test_tm02_finds_the_same_work_on_another_project():
    entry_id = WORLD["billing.entries"][0]["entry_id"]
    changes = typed({"line_type": "resource"})
    changes["billing__entries"] = [{"project_id": "zeus"}]
    [found] = breaks_of("TM02", **changes)
    assert (
        f"{entry_id}; what differs first is the project, it is booked on zeus." in found["detail"]
    )


def typed(*lines):
    """The world's one entry unposted, and a document typed by hand that has these lines."""
    changes = dict(UNPOSTED)
    changes["canonical__erp_documents"] = [
        {"reference": "", "posting_date": date(2026, 3, 31), "external_id": "G9"}
    ]
    changes["canonical__erp_lines"] = [
        {"document_external_id": "G9", "external_id": f"G9-{n}", "line_no": n, **row}
        for n, row in enumerate(lines, 1)
    ]
    return changes


def detail_of(*lines):
    return [row["detail"] for row in breaks_of("TM02", **typed(*lines))]


def test_tm02_names_the_entry_that_the_line_bills():
    entry_id = WORLD["billing.entries"][0]["entry_id"]
    [said] = detail_of({})
    assert f"It bills ({entry_id})" in said
    assert "twice" in said


def test_tm02_names_the_nearest_entry_and_what_differs():
    entry_id = WORLD["billing.entries"][0]["entry_id"]
    [said] = detail_of({"amount_minor": 15100})
    assert said.endswith(f"is {entry_id}; what differs first is the amount, by 1.00 USD.")
    three = {"line_type": "resource", "quantity": Decimal("3.00000"), "amount_minor": 45000}
    [said] = detail_of(three)
    assert said.endswith(f"is {entry_id}; what differs first is the hours, by 2.00 h.")


def test_why_tells_which_line_bills_an_entry_and_which_comes_nearest():
    entry_id = WORLD["billing.entries"][0]["entry_id"]
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, typed({}))
        run_rules(warehouse, load_rules())
        [told] = why(warehouse, entry_id).chapters["billed by hand"]
        assert (told["status"], told["number"]) == ("confirmed", "S-INV1")
        warehouse.execute("update canonical.erp_lines set amount_minor = amount_minor + 1000")
        run_rules(warehouse, load_rules())
        chapters = why(warehouse, entry_id).chapters
        [told] = chapters["nearest to a line typed by hand"]
        assert (told["failed_test"], told["gap"]) == ("amount", "by 10.00 USD")
        assert "billed by hand" not in chapters


def test_tm02_says_that_two_lines_may_bill_one_entry():
    said = detail_of({}, {})
    assert len(said) == 2
    assert all("It may bill" in text for text in said)


def test_a_sum_without_hours_matches_by_its_amount():
    [said] = detail_of({"line_type": "account", "quantity": Decimal("1.00000")})
    assert "the amount of one entry agree" in said
