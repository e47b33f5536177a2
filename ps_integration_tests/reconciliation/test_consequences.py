"""One fault, one amount: what follows from a break hangs on it, and nothing else does."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256

import pytest

from ps_integration.domain.breaks import id_of
from ps_integration.domain.ports import Row
from ps_integration.reconciliation.consequences import roots_of
from ps_integration.reconciliation.places import PLACES
from ps_integration.reconciliation.rule import load_rules
from ps_integration_tests.reconciliation.world import UNPOSTED, at, runs_of

REF = "PS-APOLLO-202603-1"
VOIDED = {"status": "cancelled", "is_standing": False}
REVERSED = [{"document_ref": REF, "amount_minor": 15000, "currency": "USD"}]
REACHED = {
    "system": "kantata", "external_id": "M1", "name": "Design", "project_external_id": "K1",
    "amount_minor": 15000, "currency": "USD", "is_reached": True, "is_invoiced": False,
    "reached_on": date(2026, 3, 1),
}  # fmt: skip
AS_BILLED = sha256(b"15000|USD|2026-03-01").hexdigest()
OLD = {"work_date": date(2026, 2, 10), "period": "2026-02"}
"""An hour that has waited for longer than a month."""


def night(
    feeds: Sequence[tuple[str, str, str]] = (), beside: Sequence[Row] = (), **changes: list[Row]
) -> tuple[list[str], int, int]:
    """Roots that a night of all rules finds, their money, and how many breaks hang on them."""
    found = [
        *({"rule": code, **row} for code, run in runs_of(changes).items() for row in run.found),
        *beside,
    ]
    roots = roots_of(found, feeds)
    top = [row for row in found if id_of(row) not in roots]
    money = sum(int(str(row["at_risk_minor"] or 0)) for row in top)
    return sorted(str(row["rule"]) for row in top), money, len(roots)


def test_every_rule_has_one_place_or_explains_and_follows_nothing():
    placed = [place.rule for place in PLACES]
    alone = {"IN05", "BL07", "BL09", "BL10", "MD07", "MD11", "MD12", "TM05", "TM09", "TM13",
             "TM14", "TM17"}  # fmt: skip
    assert len(placed) == len(set(placed))
    assert alone.isdisjoint(placed)
    assert {rule.code for rule in load_rules()} == {*placed, *alone}


def test_an_invoice_of_hours_cancelled_in_the_erp_is_one_break():
    """The mark in the PSA, and the hour that nobody has been billed for, follow from it."""
    entries = [OLD, {"entry_id": "kantata:901", **OLD}]
    cancelled = night(
        canonical__erp_documents=[VOIDED], ops__erp_reversals=REVERSED, billing__entries=entries
    )
    assert cancelled[:2] == (["BL05"], 15000)
    assert cancelled[2] >= 2


@pytest.mark.parametrize(
    ("erp", "root"),
    [
        ({"canonical__erp_documents": [VOIDED], "ops__erp_reversals": REVERSED}, "BL05"),
        (
            {
                "canonical__erp_documents": [], "canonical__erp_lines": [],
                "ops__erp_reversals": REVERSED, "canonical__invoice_statuses": [],
                "ops__feedback": [],
            },
            "BL06",
        ),
    ],
)  # fmt: skip
def test_an_invoice_of_a_milestone_cancelled_or_deleted_in_the_erp_is_one_break(erp, root):
    """What the PSA still says, and the milestone that is not billed any more, follow from it."""
    line = {"object_kind": "milestone", "object_id": "kantata:M1", "version_sha256": AS_BILLED}
    roots, money, _ = night(
        ops__posting_lines=[line],
        canonical__milestones=[REACHED],
        billing__entries=[],
        billing__rated_entries=[],
        **erp,
    )
    assert (roots, money) == ([root], 15000)


def test_an_invoice_of_a_milestone_edited_in_the_erp_is_one_break():
    line = {"object_kind": "milestone", "object_id": "kantata:M1", "version_sha256": AS_BILLED}
    roots, money, followers = night(
        ops__posting_lines=[line],
        canonical__milestones=[REACHED],
        canonical__erp_documents=[{"amount_minor": 14000}],
        canonical__erp_lines=[{"amount_minor": 14000}],
        billing__entries=[],
        billing__rated_entries=[],
    )
    assert (roots, money, followers) == (["TM04"], 1000, 2)


def test_what_differs_beyond_the_lines_stays_a_break_of_its_own():
    """A line is 10.00 less, and the document 30.00: another 20.00 have another reason."""
    roots, _, _ = night(
        canonical__erp_documents=[{"amount_minor": 12000}],
        canonical__erp_lines=[{"amount_minor": 14000}],
    )
    assert "TM04" in roots
    assert "BL06" in roots


SHAPES = [
    {"path": "$.id"},
    {"path": "$.billable", "json_type": "boolean", "last_seen_at": at(19, 4)},
]
REFUSED = [
    {
        "system": "harvest", "stream": "time_entries", "record_id": str(number),
        "last_seen_at": at(20, 4), "first_seen_at": at(20, 4),
    }
    for number in range(1, 11)
]  # fmt: skip
FEEDS = [("harvest", "time_entries", "time_entries"), ("harvest", "tasks", "tasks")]


def without_time(days: int) -> list[Row]:
    """The PSA has an hour on each of some days, the time system none."""
    psa = {"system": "kantata", "is_primary": False}
    return [
        {**psa, "entry_id": f"kantata:{9000 + day}", "work_date": date(2026, 3, 1 + day)}
        for day in range(days)
    ]


def test_a_field_that_a_time_system_drops_is_one_break():
    """No entry of the time system can be read; twelve days differ from the PSA because of it.

    The first day is that of an entry in quarantine, and no difference at all.
    """
    roots, money, followers = night(
        FEEDS,
        **UNPOSTED,
        raw__shapes=SHAPES,
        quarantine__records=REFUSED,
        billing__entries=without_time(12),
        billing__rated_entries=[],
    )
    assert (roots, money, followers) == (["IN03"], 0, 11)


def test_hours_that_the_other_system_lacks_do_not_hang_on_it():
    """The PSA lacks an hour, and it is the time system that drops a field."""
    more = {"entry_id": "harvest:2", "work_date": date(2026, 3, 12), "seconds": 7200}
    psa = {"entry_id": "kantata:902", "system": "kantata", "is_primary": False}
    mine = {"system": "harvest", "is_primary": True}
    roots, _, _ = night(
        FEEDS,
        **UNPOSTED,
        raw__shapes=SHAPES,
        quarantine__records=REFUSED,
        billing__entries=[{}, {"entry_id": "kantata:901"}, {**more, **mine},
                          {**psa, "work_date": date(2026, 3, 12)}],
    )  # fmt: skip
    assert {"IN03", "TM12"} <= set(roots)


def test_a_listing_that_lacks_too_much_is_one_break_with_the_money_of_what_waits():
    where = {"system": "harvest", "stream": "time_entries", "record_id": "1"}
    roots, money, followers = night(
        **UNPOSTED,
        raw__doubted=[{**where, "since": at(19, 4), "missed_at": at(20, 4)}],
        raw__records=[{**where, "raw_seq": 1, "is_tombstone": False}],
    )
    assert (roots, money) == (["IN07"], 15000)
    assert followers >= 1


def test_what_an_erp_refused_for_a_customer_is_counted_where_it_was_refused():
    """The document of a blocked customer, and its hour that is in no document since."""
    refused = {
        "rule": "IN01", "record_key": "bc:US Inc:apollo", "period": "2026-03",
        "legal_entity": "us", "project_id": "apollo", "customer_key": "acme", "entry_id": None,
        "left_system": "ps_integration", "left_id": REF, "left_value": "150.00 USD",
        "right_system": "bc", "right_value": "refused", "at_risk_minor": 15000, "currency": "USD",
        "cause": "master_data_incomplete", "detail": "The customer is blocked.",
        "blocked_kind": "project", "blocked_id": "apollo",
    }  # fmt: skip
    entries = [{**OLD, "approved_at": at(11)}, {"entry_id": "kantata:901", **OLD}]
    roots, money, followers = night(beside=[refused], billing__entries=entries, **UNPOSTED)
    assert (roots, money, followers) == (["IN01"], 15000, 2)


def test_hours_on_the_wrong_day_are_one_break():
    """The PSA has Tuesday's hour on the 17th: lacking here, too many there."""
    agreed = {"work_date": date(2026, 3, 12)}
    psa = {"entry_id": "kantata:902", "system": "kantata", "is_primary": False}
    mine = {"entry_id": "harvest:2", "system": "harvest", "is_primary": True}
    moved = {"entry_id": "kantata:901", "work_date": date(2026, 3, 17)}
    roots, _, followers = night(
        billing__entries=[{}, moved, {**psa, **agreed}, {**mine, **agreed, "is_billable": False}]
    )
    assert (roots.count("TM12"), followers) == (1, 1)


def test_a_deal_without_a_project_puts_no_money_at_risk():
    won = {
        "system": "crm", "external_id": "O1", "name": "Apollo two", "stage": "won",
        "won_on": date(2026, 3, 1), "amount_minor": 900000, "currency": "USD",
        "legal_entity": "us", "customer_key": "acme", "project_key": "apollo-2",
    }  # fmt: skip
    [found] = runs_of({"canonical__opportunities": [won]}, {"MD11"})["MD11"].found
    assert found["at_risk_minor"] is None
    assert found["detail"].endswith("It is worth 9000.00 USD.")
