from datetime import date
from decimal import Decimal

import pytest

from ps_integration_tests.billing.world import World


def milestone(world: World, **fields: object) -> None:
    world.put("canonical.milestones", **{
        "system": "psa", "external_id": "m1", "project_external_id": "psa-p1", "name": "Go-live",
        "amount_minor": 1_250_050, "currency": "GBP", "is_reached": True,
        "reached_on": date(2026, 3, 3), "is_invoiced": False,
    } | fields)  # fmt: skip


def fate(world: World) -> tuple[str, str]:
    world.night()
    [row] = world.warehouse.rows("select * from billing.milestones")
    return row["disposition"], row["reason"]


def test_a_reached_milestone_is_planned_as_one_line_of_its_amount(world: World):
    milestone(world)
    assert fate(world) == ("queued", "to_be_planned")
    [batch] = world.plan()
    [line] = batch.documents[0].lines
    assert (line.quantity, line.unit_price) == (Decimal(1), Decimal("12500.5"))
    assert (line.object_id, line.amount_minor, line.seconds) == ("psa:m1", 1_250_050, 0)
    assert line.description.startswith("2026-03-03 Milestone Go-live ")


def test_a_milestone_not_reached_is_not_there(world: World):
    milestone(world, is_reached=False)
    world.night()
    assert world.warehouse.rows("select * from billing.milestones") == []


@pytest.mark.parametrize(("fields", "expected"), [
    ({"is_invoiced": True}, ("settled_elsewhere", "invoiced_at_source")),
    ({"reached_on": date(2026, 1, 9)}, ("settled_elsewhere", "before_bill_from")),
    ({"reached_on": date(2026, 2, 9)}, ("deferred", "period_closed")),
    ({"reached_on": None}, ("excepted", "reached_on_unknown")),
    ({"amount_minor": None}, ("excepted", "amount_unknown")),
    ({"currency": "USD"}, ("excepted", "currency_differs")),
    ({"project_external_id": "psa-unknown"}, ("excepted", "project_unmapped")),
])  # fmt: skip
def test_a_milestone_that_cannot_be_billed_says_why(world: World, fields, expected):
    milestone(world, **fields)
    assert fate(world) == expected


def test_a_milestone_of_a_closed_project_is_held(world: World):
    world.warehouse.execute("update billing.projects set status = 'closed'")
    milestone(world)
    assert fate(world) == ("excepted", "project_not_active")


def test_an_open_break_holds_a_milestone(world: World):
    milestone(world)
    world.put("ops.open_breaks", break_id="b", rule="MD04", state="open", blocked_kind="milestone",
              blocked_id="psa:m1")  # fmt: skip
    assert fate(world) == ("excepted", "break_md04")


def bill(world: World, state: str) -> None:
    world.document("PS-P1-202603-1", state)
    world.put("ops.posting_lines", document_ref="PS-P1-202603-1", object_kind="milestone",
              object_id="psa:m1", part=1, correction_no=0, project_id="p1", legal_entity="UK",
              currency="GBP", period="2026-03", seconds=0, amount_minor=1_250_050)  # fmt: skip
    world.warehouse.execute("update ops.documents set amount_minor = 1250050, "
                            "readback_minor = 1250050")  # fmt: skip


@pytest.mark.parametrize(("state", "expected"), [("posted", "posted"), ("sending", "queued")])
def test_a_billed_milestone_follows_its_document_and_is_not_planned_again(world, state, expected):
    milestone(world, is_invoiced=True)
    bill(world, state)
    assert fate(world) == (expected, state)
    assert world.plan() == ()
    assert world.broken() == ([], [], [])


def test_a_milestone_taken_back_after_posting_is_owed_back(world: World):
    milestone(world, is_reached=False)
    bill(world, "posted")
    world.night()
    [owed] = world.warehouse.rows("select * from billing.corrections_owed")
    assert (owed["owed_minor"], owed["reason"]) == (-1_250_050, "milestone_withdrawn")
    assert world.broken() == ([], [], [])


@pytest.mark.parametrize(
    ("evidence", "owed"),
    [
        (None, None),  # absent, in quarantine or lost: unknown
        ({"is_tombstone": False}, None),
        ({"is_tombstone": True}, -1_250_050),
    ],
)
def test_a_milestone_that_is_absent_is_owed_back_only_with_evidence(world: World, evidence, owed):
    where = {"system": "psa", "stream": "stories"}
    world.put("canonical.feeds", **where, object="milestones")
    if evidence:
        world.put("raw.records", **where, record_id="m1", raw_seq=9, **evidence)
    bill(world, "posted")
    world.night()
    rows = world.warehouse.rows("select owed_minor from billing.corrections_owed")
    assert [row["owed_minor"] for row in rows] == ([] if owed is None else [owed])
    assert world.broken()[2] == []


def test_an_amount_below_zero_is_taken_off_or_credited(world: World):
    milestone(world, external_id="off", amount_minor=-50_000)
    assert fate(world) == ("queued", "to_be_planned")
    [batch] = world.plan()
    [document] = batch.documents
    [line] = document.lines
    assert (document.kind, document.amount_minor) == ("credit_memo", -50_000)
    assert (line.quantity, line.unit_price) == (Decimal(-1), Decimal(500))
    milestone(world, amount_minor=200_000)
    world.night()
    [batch] = world.plan()
    [document] = batch.documents
    assert (document.kind, document.amount_minor) == ("invoice", 150_000)
    assert world.broken() == ([], [], [])


def test_a_milestone_of_no_amount_is_not_sent_alone(world: World):
    milestone(world, amount_minor=0)
    assert fate(world) == ("non_billable", "no_amount")
    world.warehouse.execute("update config.legal_entities set zero_lines = true")
    assert fate(world) == ("queued", "to_be_planned")
    assert world.plan() == ()  # it waits for an invoice that has other lines
    milestone(world, external_id="m2")
    world.night()
    [batch] = world.plan()
    assert [line.amount_minor for line in batch.documents[0].lines] == [0, 1_250_050]
