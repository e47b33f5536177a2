from datetime import date

import pytest

from ps_integration.billing.classify import classify
from ps_integration_tests.billing.world import World


@pytest.fixture
def world(world: World) -> World:
    world.rate("r1")
    return world


def open_break(world: World, kind: str, blocked_id: str, state: str = "open") -> None:
    world.put("ops.open_breaks", break_id="b1", rule="MD03", record_key="k", state=state,
              blocked_kind=kind, blocked_id=blocked_id)  # fmt: skip


def test_a_clean_entry_is_queued_to_be_planned(world: World):
    world.entry("1")
    world.night()
    assert world.fate() == ("queued", "to_be_planned")
    assert world.broken() == ([], [], [])


def test_an_entry_that_is_not_approved_has_no_disposition(world: World):
    world.entry("1", approval_state="submitted")
    world.night()
    assert world.parts() == []
    assert world.broken() == ([], [], [])


def test_an_entry_of_a_system_that_only_reconciles_has_no_disposition(world: World):
    world.put("config.systems", system="other", roles="time", quantity_decimals=5)
    world.warehouse.execute("update config.routing set system = 'other' where role = 'time'")
    world.entry("1", is_primary=False)
    world.night()
    assert world.parts() == []
    assert world.broken() == ([], [], [])


def test_an_entry_whose_person_is_unknown_is_not_lost(world: World):
    world.warehouse.execute("delete from canonical.crosswalk where object_kind = 'resource'")
    world.entry("1", is_primary=False, resource_id=None, resource_matches=0, home_legal_entity=None)
    world.night()
    assert world.fate() == ("excepted", "resource_unmapped")
    assert world.broken() == ([], [], [])


@pytest.mark.parametrize(("state", "disposition"), [
    ("posted", "posted"), ("approved", "queued"), ("sending", "queued"), ("draft", "queued"),
    ("unknown", "queued"), ("held", "queued"), ("dead", "queued"),
])  # fmt: skip
def test_a_part_in_a_document_follows_the_documents_state(world: World, state, disposition):
    world.entry("1")
    world.document("PS-P1-202603-1", state, ("tt:1", 3600, "100"))
    world.night()
    assert world.fate() == (disposition, state)
    assert world.broken() == ([], [], [])
    assert world.plan() == ()


@pytest.mark.parametrize("state", ["refused", "superseded"])
def test_a_refused_or_superseded_document_gives_its_parts_back(world: World, state: str):
    world.entry("1")
    world.document("PS-P1-202603-1", state, ("tt:1", 3600, "100"))
    world.night()
    assert world.fate() == ("queued", "to_be_planned")


def test_a_part_in_a_planned_document_stays_ready(world: World):
    world.entry("1")
    world.document("PS-P1-202603-1", "planned", ("tt:1", 3600, "100"))
    world.night()
    [part] = world.parts()
    assert (part["reason"], part["document_ref"]) == ("planned", "PS-P1-202603-1")
    assert world.plan()[0].line_count == 1


def test_time_before_going_live_is_settled_elsewhere(world: World):
    world.entry("1", work_date=date(2026, 1, 31))
    world.night()
    assert world.fate() == ("settled_elsewhere", "before_bill_from")


def test_time_invoiced_at_its_source_is_settled_elsewhere(world: World):
    world.entry("1", is_invoiced=True)
    world.night()
    assert world.fate() == ("settled_elsewhere", "invoiced_at_source")


def test_the_invoiced_mark_that_follows_our_own_line_settles_nothing(world: World):
    world.entry("1", is_invoiced=True)
    world.document("PS-P1-202603-1", "posted", ("tt:1", 3600, "100"))
    world.night()
    assert world.fate() == ("posted", "posted")


@pytest.mark.parametrize(("seconder", "disposition"), [("Ana", "written_off"), ("Bo", "queued")])
def test_a_write_off_needs_two_persons(world: World, seconder: str, disposition: str):
    world.entry("1")
    world.put("ops.decisions", kind="write_off", entry_id="tt:1", part=1, reason="goodwill",
              decided_by="Bo", seconded_by=seconder)  # fmt: skip
    world.night()
    assert world.fate()[0] == disposition


@pytest.mark.parametrize(("fields", "reason"), [
    ({"is_billable": False}, "entry_not_billable"),
    ({"project_id": "inside"}, "internal_project"),
    ({"project_id": "free"}, "project_not_billable"),
    ({"seconds": 0}, "no_hours"),
])  # fmt: skip
def test_non_billable_time_names_its_rule_and_costs_nothing(world: World, fields, reason: str):
    world.project("inside", billing_type="internal")
    world.project("free", is_billable=False)
    world.entry("1", **fields)
    world.night()
    assert world.fate() == ("non_billable", reason)
    assert world.parts()[0]["amount_minor"] == 0
    assert world.broken() == ([], [], [])


def test_a_task_that_is_not_billable_makes_its_time_non_billable(world: World):
    world.put("canonical.tasks", system="tt", external_id="tt-admin", name="Admin",
              is_billable=False)  # fmt: skip
    world.entry("1", task_external_id="tt-admin", task_is_billable=False)
    world.night()
    assert world.fate() == ("non_billable", "task_not_billable")
    assert "Task Admin" in world.parts()[0]["evidence"]
    assert world.broken() == ([], [], [])


@pytest.mark.parametrize(("kind", "reason"), [
    ("milestone", "billed_by_milestone"), ("fixed_fee", "billed_by_fixed_fee"),
])  # fmt: skip
def test_time_billed_otherwise_is_covered_at_zero(world: World, kind: str, reason: str):
    world.project("fixed", billing_type=kind)
    world.entry("1", project_id="fixed")
    world.night()
    assert world.fate() == ("covered", reason)
    assert world.parts()[0]["amount_minor"] == 0
    assert world.broken() == ([], [], [])


@pytest.mark.parametrize(("kind", "blocked_id"), [
    ("entry", "tt:1"), ("project", "p1"), ("customer", "c1"), ("system", "tt"), ("system", "bc"),
    ("system", "psa"),
])  # fmt: skip
def test_an_open_break_on_anything_it_depends_on_holds_the_entry(world: World, kind, blocked_id):
    world.entry("1")
    open_break(world, kind, blocked_id)
    world.night()
    [part] = world.parts()
    assert (part["disposition"], part["reason"]) == ("excepted", "break_md03")
    assert part["break_id"] == "b1"


@pytest.mark.parametrize(("kind", "blocked_id", "state"), [
    ("entry", "tt:1", "accepted"), ("project", "p2", "open"), ("system", "hr", "open"),
])  # fmt: skip
def test_a_closed_break_or_one_on_something_else_holds_nothing(world, kind, blocked_id, state):
    world.entry("1")
    open_break(world, kind, blocked_id, state)
    world.night()
    assert world.fate() == ("queued", "to_be_planned")


@pytest.mark.parametrize(("project", "reason"), [
    ({"legal_entity": None}, "legal_entity_unknown"),
    ({"currency": None}, "currency_unknown"),
    ({"billing_type": None}, "billing_type_unknown"),
    ({"customer_key": None}, "customer_unknown"),
    ({"erp_system": None}, "no_erp_route"),
    ({"erp_external_id": None}, "project_not_in_erp"),
    ({"revenue_account": None}, "revenue_account_unknown"),
])  # fmt: skip
def test_a_project_with_a_gap_is_held_before_any_rule_says_so(world: World, project, reason: str):
    world.project("gap", **project)
    world.rate("gap", project_external_id="psa-gap")
    world.entry("1", project_id="gap")
    world.night()
    assert world.fate() == ("excepted", reason)
    assert world.broken() == ([], [], [])


@pytest.mark.parametrize(("fields", "reason"), [
    ({"project_id": None, "project_matches": 0, "legal_entity": None, "currency": None,
      "period": None}, "project_unmapped"),
    ({"project_matches": 2}, "project_ambiguous"),
    ({"resource_matches": 2}, "resource_ambiguous"),
])  # fmt: skip
def test_an_entry_with_a_gap_is_held(world: World, fields, reason: str):
    world.entry("1", **fields)
    world.night()
    assert world.fate() == ("excepted", reason)


def test_an_unpriced_entry_is_held_and_counted_without_an_amount(world: World):
    world.warehouse.execute("delete from canonical.rates")
    world.entry("1")
    world.night()
    assert world.fate() == ("excepted", "rate_missing")
    assert world.parts()[0]["amount_minor"] is None
    [group] = world.warehouse.rows("select * from billing.completeness")
    assert (group["unpriced_count"], group["holds"]) == (1, True)


@pytest.mark.parametrize(("policy", "fate", "posting_period"), [
    ("hold", ("deferred", "period_closed"), None),
    ("reject", ("excepted", "period_rejected"), None),
    ("shift", ("queued", "to_be_planned"), "2026-03"),
])  # fmt: skip
def test_time_in_a_closed_period_follows_the_policy(world: World, policy, fate, posting_period):
    world.warehouse.execute("update config.legal_entities set closed_period_policy = $p",
                            {"p": policy})  # fmt: skip
    world.entry("1", work_date=date(2026, 2, 10))
    world.night()
    assert world.fate() == fate
    assert world.parts()[0]["posting_period"] == posting_period
    for batch in world.plan():
        assert batch.documents[0].posting_date == date(2026, 3, 1)


def test_time_in_a_future_period_waits(world: World):
    world.entry("1", work_date=date(2026, 4, 2))
    world.night()
    assert world.fate() == ("deferred", "period_not_open")


def test_time_in_a_period_that_the_erp_does_not_know_waits(world: World):
    world.entry("1", work_date=date(2026, 5, 2))
    world.night()
    assert world.fate() == ("deferred", "period_unknown")


def test_nothing_is_posted_before_the_opening_list_is_signed(world: World):
    world.warehouse.execute("delete from ops.openings")
    world.entry("1")
    world.night()
    assert world.fate() == ("deferred", "opening_not_signed")
    assert world.plan() == ()


def test_a_going_live_date_changed_after_signing_needs_a_new_signature(world: World):
    world.warehouse.execute("update config.going_live set bill_from = date '2026-01-01'")
    world.entry("1")
    world.night()
    assert world.fate() == ("deferred", "opening_not_signed")


def test_the_default_revenue_account_fills_the_gap(world: World):
    world.warehouse.execute("update billing.projects set revenue_account = null")
    world.entry("1")
    world.night()
    classify(world.warehouse, revenue_account="4999")
    [batch] = world.plan(revenue_account="4999")
    assert batch.documents[0].revenue_account == "4999"


def test_running_the_night_again_changes_nothing(world: World):
    world.entry("1")
    world.night()
    once = world.parts()
    world.night()
    assert world.parts() == once


def test_a_task_may_be_billable_on_one_project_and_not_in_general(world: World):
    for project, flag in ((None, False), ("tt-p1", True)):
        world.put("canonical.tasks", system="tt", external_id="tt-t", is_billable=flag,
                  project_external_id=project)  # fmt: skip
    world.entry("1", task_external_id="tt-t", task_is_billable=True)
    world.night()
    assert world.fate() == ("queued", "to_be_planned")
    assert world.broken() == ([], [], [])


def test_a_project_known_only_to_another_erp_than_tonights_is_held(world: World):
    world.entry("1", erp_system="newerp", erp_company="UK2")
    world.night()
    assert world.fate() == ("excepted", "project_not_in_erp")


def test_time_of_a_system_that_supplies_none_is_not_ours_to_account_for(world: World):
    world.entry("1", system="psa", entry_id="psa:1", resource_id=None, home_legal_entity=None)
    world.night()
    assert world.parts("psa:1") == []
    assert world.broken() == ([], [], [])


def test_work_that_comes_to_no_amount_is_counted_and_not_sent(world: World):
    world.warehouse.execute("update canonical.rates set unit_price = 0.4")
    world.entry("1", seconds=36)
    world.night()
    assert world.fate() == ("non_billable", "no_amount")
    assert (world.plan(), world.broken()) == ((), ([], [], []))
