"""Every hold that a rule can write stops the documents that it names, and no other.

The rules and the kinds of things that they hold come from their files, so that a new rule, and a
new kind, is tried by itself.
"""

from dataclasses import replace

import pytest

from ps_integration.domain.breaks import BLOCKED_KINDS
from ps_integration.reconciliation.rule import load_rules
from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.blocks import blocking_breaks
from ps_integration.workflows import post
from ps_integration_tests.posting.making import make_batch, make_document
from ps_integration_tests.posting.test_post import make_break

REF, OTHER = "PS-APOLLO-202603-1", "PS-GEMINI-202603-1"
SUPPLIERS = {"us": {"kantata", "prices"}, "de": {"psa_de", "prices_de"}}
IDS = {
    "entry": ["harvest_uk:1-1", "harvest_uk:1-2"],
    "milestone": ["kantata:77"],
    "project": ["apollo"],
    "customer": ["c100"],
    "company": ["bc:US01"],
    "document": [REF],
    "system": ["bc", "harvest_uk", "kantata", "prices"],
}
"""What names the first document, by kind: all forms that a rule can write."""
REFUSED = "IN01"  # what an ERP refused: a break that posting itself opens
HOLDS = [(rule.code, kind) for rule in load_rules() for kind in rule.holds]
HOLDS += [(REFUSED, kind) for kind in BLOCKED_KINDS]


@pytest.fixture
def two(store, night):
    """Two documents that share nothing."""
    first = make_document()
    stone = replace(first.lines[1], object_kind="milestone", object_id="kantata:77", line_no=3)
    stone = replace(stone, line_key="bc|kantata|milestone|77|1|0", seconds=0)
    first = replace(first, lines=(*first.lines, stone))
    second = make_document(2, ref=OTHER)
    second = replace(
        second,
        system="xero", company="DE01", legal_entity="de", project_id="gemini", customer_key="c200",
        lines=tuple(
            replace(
                line, line_key=line.line_key.replace("bc|harvest_uk", "xero|clockify"),
                object_id=line.object_id.replace("harvest_uk", "clockify"), project_id="gemini",
                legal_entity="de",
            )
            for line in second.lines
        ),
    )  # fmt: skip
    other = replace(make_batch(second), system="xero", company="DE01", legal_entity="de")
    post.stage(night, store, [make_batch(first), other])
    return REF, OTHER


def test_every_kind_has_a_form_and_every_rule_that_holds_is_tried():
    assert set(IDS) == set(BLOCKED_KINDS)
    assert {code for code, _ in HOLDS} == {r.code for r in load_rules() if r.may_block} | {REFUSED}


def test_every_hold_stops_what_it_names_and_nothing_else(store, night, two):
    wrong = []
    for rule, kind in HOLDS:
        for form in IDS[kind]:
            with store.session() as session:
                held = make_break(kind, form, night.as_of)
                held.rule = rule
                session.add(held)
                session.flush()
                stopped = [
                    ref
                    for ref in two
                    if blocking_breaks(session, ledger.load(session, ref), SUPPLIERS)
                ]
                session.delete(held)
            wrong += [(rule, kind, form, stopped)] if stopped != [REF] else []
    assert wrong == []


def test_a_company_of_the_same_number_in_another_erp_is_not_held(store, night, two):
    with store.session() as session:
        session.add(make_break("company", "other_erp:US01", night.as_of))
        session.flush()
        assert not blocking_breaks(session, ledger.load(session, REF))
