"""Likeness only suggests: duplicate master data and duplicate entries."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_integration.reconciliation.likeness import score
from ps_integration_tests.reconciliation.world import UNPOSTED, breaks_of
from ps_integration_tests.reconciliation.world_facts import FACTS
from ps_integration_tests.reconciliation.world_master import MASTER, cross, from_record

LINKS = FACTS["canonical.crosswalk"]
CUSTOMERS = MASTER["canonical.customers"]


def customer(system, external_id, name, **more):
    return {
        **from_record(system, "customers", external_id),
        "match_key": None,
        "name": name,
        "legal_entity": "us",
        **more,
    }


def duplicates(*customers, links=()):
    return breaks_of(
        "MD06",
        canonical__customers=[*CUSTOMERS, *customers],
        canonical__crosswalk=[*LINKS, *links],
        **UNPOSTED,
    )


def test_fires_md06_for_a_customer_kept_twice():
    rows = (
        customer("bc", "B-C2", "Northgate Freight Ltd"),
        customer("bc", "B-C3", "Freight, Northgate"),
    )
    [found] = duplicates(*rows)
    assert found["record_key"] == "customer|bc:B-C2|bc:B-C3"
    assert (found["left_value"], found["right_value"]) == (rows[0]["name"], rows[1]["name"])
    assert "alike to 100 of 100" in found["detail"]
    assert found["blocked_kind"] is None


def test_md06_states_the_money_that_waits_on_the_second():
    [found] = duplicates(customer("bc", "B-C0", "ACME Inc."))
    assert found["record_key"] == "customer|acme|bc:B-C0"
    assert found["at_risk_minor"] is None
    linked = [cross("customer", "aacme", "bc", "B-C0")]
    [found] = duplicates(customer("bc", "B-C0", "ACME Inc."), links=linked)
    assert (found["customer_key"], found["at_risk_minor"]) == ("acme", 15000)


def test_md06_names_each_further_copy_once():
    found = duplicates(*(customer("bc", f"B-C{n}", "Northgate Freight") for n in (4, 5, 6)))
    assert [row["right_id"] for row in found] == ["B-C5", "B-C6"]


def test_fires_md06_for_a_misspelt_project_of_the_same_customer():
    twin = {**MASTER["canonical.projects"][0], "external_id": "K9", "match_key": "apolo"}
    rows = [*MASTER["canonical.projects"], {**twin, "name": "Apollo Programme"}]
    third = {**twin, "external_id": "K8", "match_key": "ap", "name": "Apollo Program"}
    links = [cross("project", "apolo", "kantata", "K9"), cross("project", "ap", "kantata", "K8")]
    [found] = breaks_of(
        "MD06", canonical__projects=[*rows, third], canonical__crosswalk=[*LINKS, *links]
    )
    assert found["record_key"] == "project|ap|apolo"


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("Acme", {"legal_entity": "uk"}),
        ("Apex", {}),
        ("Acme 2", {}),
        (None, {}),
    ],
)
def test_quiet_md06_for_another_entity_name_or_number(name, more):
    assert not duplicates(customer("bc", "B-C2", name, **more))


def test_quiet_md06_for_copies_that_the_crosswalk_links():
    assert not duplicates(
        customer("bc", "B-C2", "Acme Ltd"), links=[cross("customer", "acme", "bc", "B-C2")]
    )


def test_quiet_md06_for_a_customer_that_is_never_billed():
    own = [{**MASTER["canonical.projects"][0], "customer_external_id": "X1", "is_billable": False}]
    twins = [customer("kantata", "X1", "Halden Ridge"), customer("bc", "X2", "Halden Ridge")]
    assert not breaks_of(
        "MD06",
        canonical__customers=[*CUSTOMERS, *twins],
        canonical__projects=[*MASTER["canonical.projects"], *own],
    )


def test_md06_does_not_depend_on_the_order_of_the_input():
    names = ["Northgate Freight", "Northgate Freigth", "Freight Northgate", "North Gate Freight"]
    rows = [customer("bc", f"B{n}", name) for n, name in enumerate(names)]
    first = duplicates(*rows)
    random.Random(3).shuffle(rows)
    assert len(first) >= 2
    assert duplicates(*rows) == first


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_is_the_same_both_ways_and_whole_for_the_same(left, right):
    assert score(left, right) == score(right, left)
    assert score(left, left) == 100


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("ACME Ltd.", "acme limited", 100),
        ("Phase 1", "Phase 2", 0),
        ("review", "", 0),
        ("Crédit Agricole S.A.", "CRÉDIT AGRICOLE", 100),
    ],
)
def test_likeness_knows_forms_of_companies_and_numbers(left, right, alike):
    assert score(left, right) == alike


def second(**more):
    ids = {"entry_id": "harvest:2", "external_id": "2"}
    return [{}, {**FACTS["billing.entries"][0], **ids, **more}]


def notes(first, other, **more):
    row = from_record("harvest", "time_entries", "2")
    return [{"note": first}, {**row, "note": other, **more}]


def test_fires_tm14_for_the_same_work_twice():
    rated = [{}, {"entry_id": "harvest:2", "amount_minor": 15000}]
    [found] = breaks_of(
        "TM14",
        billing__entries=second(),
        canonical__time_entries=notes("Design review with Ann", "design review, with ann"),
        billing__rated_entries=rated,
    )
    assert (found["record_key"], found["left_id"], found["right_id"]) == ("harvest:2", "1", "2")
    assert (found["at_risk_minor"], found["cause"]) == (15000, "duplicate_entry")
    assert "100 of 100" in found["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": 3601},
        {"task_id": "build"},
        {"project_id": "zeus"},
        {"resource_id": "bob@x.com"},
        {"approval_state": "rejected"},
        {"is_deleted": True},
        {"is_primary": False},
    ],
)
def test_quiet_tm14_for_other_work(change):
    same = notes("review", "review")
    assert breaks_of("TM14", billing__entries=second(), canonical__time_entries=same)
    assert not breaks_of("TM14", billing__entries=second(**change), canonical__time_entries=same)


@pytest.mark.parametrize(
    ("first", "other"), [("review", "handover"), ("ticket 12", "ticket 13"), ("review", "")]
)
def test_quiet_tm14_for_other_notes(first, other):
    told = notes(first, other)
    assert not breaks_of("TM14", billing__entries=second(), canonical__time_entries=told)


def test_quiet_tm14_for_work_that_began_at_another_time():
    morning, noon = (datetime(2026, 3, 10, hour, tzinfo=UTC) for hour in (8, 12))
    told = notes("review", "review", started_at=noon)
    told[0]["started_at"] = morning
    assert not breaks_of("TM14", billing__entries=second(), canonical__time_entries=told)


def test_tm14_names_each_further_entry_once():
    third = {**FACTS["billing.entries"][0], "entry_id": "harvest:3", "external_id": "3"}
    found = breaks_of("TM14", billing__entries=[*second(), third], canonical__time_entries=[])
    assert [row["record_key"] for row in found] == ["harvest:2", "harvest:3"]


@pytest.mark.parametrize("order", [1, -1])
def test_md01_and_md02_name_the_same_one_of_several_that_may_be_meant(order):
    """Apollo is not in the ERP; two projects of that name are, which nothing maps."""
    copies, links = (
        {"K1": "apollo", "B8": "b8", "B7": "b7"},
        [cross("customer", "acme", "bc", "C1")],
    )
    model = MASTER["canonical.projects"][0]
    rows = [
        {
            **model, "system": "kantata" if key == "K1" else "bc", "external_id": key,
            "record_id": key, "match_key": match_key,
        }
        for key, match_key in copies.items()
    ]  # fmt: skip
    links += [cross("project", row["match_key"], row["system"], row["external_id"]) for row in rows]
    known = [
        {"erp_external_id": None, "erp_system": "bc"},
        *({"project_id": key.lower(), "psa_external_id": None, "psa_system": None,
           "erp_external_id": key} for key in ("B7", "B8")),
    ]  # fmt: skip
    changes = {
        "canonical__projects": rows[::order], "canonical__crosswalk": links,
        "billing__projects": known, **UNPOSTED,
    }  # fmt: skip
    [missing] = breaks_of("MD01", **changes)
    assert (missing["cause"], missing["right_id"]) == ("mapping_missing", "B7")
    found = breaks_of("MD02", **changes)
    assert [(row["cause"], row["right_id"]) for row in found] == [("mapping_missing", "K1")] * 2
