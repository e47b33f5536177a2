"""Kantata over the network, against a server as strict as the vendor."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ps_integration.connectors.protocol import StatusNote
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

NOTE = StatusNote(
    "project", "1", "9e0f5c9c", "PS-INV1", "open", "GBP 1,099.98 before tax", "https://erp/1"
)


def test_people_come_with_role_entity_and_whether_they_are_disabled(kantata, rows_of):
    asha, ben = rows_of(kantata, "users")
    assert (asha["match_key"], asha["role"]) == ("asha@example.com", "Consultant")
    assert (asha["home_legal_entity"], asha["is_active"]) == ("uk", True)
    assert (ben["role"], ben["is_active"]) == (None, False)


def test_only_companies_are_customers_and_their_number_is_their_key(kantata, rows_of):
    [client] = rows_of(kantata, "workspace_groups")
    assert (client["external_id"], client["match_key"]) == ("7", "c100")


def test_projects_come_with_their_custom_fields_archived_ones_too(kantata, rows_of):
    apollo, gemini = rows_of(kantata, "workspaces")
    assert (apollo["match_key"], apollo["cap_minor"]) == ("ap-1", 5_000_000)
    assert (apollo["billing_type"], apollo["customer_external_id"]) == ("time_and_materials", "7")
    assert (apollo["status"], apollo["starts_on"]) == ("active", date(2026, 1, 5))
    assert (gemini["status"], gemini["currency"], gemini["match_key"]) == ("closed", "JPY", None)


def test_tasks_and_milestones_are_told_apart_and_deleted_ones_are_gone(kantata, rows_of):
    assert [task["external_id"] for task in rows_of(kantata, "stories")] == ["21"]
    reached, open_ = rows_of(kantata, "stories", "milestones")
    assert (reached["amount_minor"], reached["currency"]) == (500000, "GBP")
    assert (reached["is_reached"], reached["reached_on"]) == (True, date(2026, 3, 31))
    assert (open_["amount_minor"], open_["currency"]) == (300000, "JPY")
    assert (open_["is_reached"], open_["reached_on"]) == (False, None)


def test_a_named_place_is_an_assignment_with_its_own_price(kantata, rows_of):
    [assignment] = rows_of(kantata, "workspace_resources")
    assert (assignment["project_external_id"], assignment["resource_external_id"]) == ("1", "11")
    [rate] = rows_of(kantata, "workspace_resources", "rates")
    assert (rate["scope"], rate["unit_price"], rate["currency"]) == (
        "assignment",
        Decimal("175.5"),
        "GBP",
    )


def test_a_card_prices_each_project_that_uses_it_from_version_to_version(kantata, rows_of):
    rates = rows_of(kantata, "rate_cards")
    found = [
        (rate["project_external_id"], rate["scope"], rate["unit_price"], rate["valid_to"])
        for rate in rates
    ]
    assert found == [
        ("1", "project_role", Decimal(150), date(2026, 3, 16)),
        ("1", "project", Decimal(90), date(2026, 3, 16)),
        ("1", "project_role", Decimal(160), None),
        ("2", "project_role", Decimal(21000), None),
    ]
    assert len({rate["external_id"] for rate in rates}) == len(rates)


def test_time_is_read_from_every_page_and_from_archived_projects(kantata, rows_of):
    entries = rows_of(kantata, "time_entries")
    assert len({entry["external_id"] for entry in entries}) == 450
    pounds, yen = entries[1], entries[0]
    assert (pounds["seconds"], pounds["unit_price"]) == (5400, Decimal("150.5"))
    assert (yen["currency"], yen["unit_price"]) == ("JPY", Decimal(15050))
    states = {entry["approval_state"] for entry in entries}
    assert states == {"approved", "submitted"}


def test_an_incremental_read_includes_its_bound(kantata, rows_of):
    at = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    assert len(rows_of(kantata, "time_entries", mode="incremental", since=at)) == 450
    later = at.replace(hour=23)
    assert rows_of(kantata, "time_entries", mode="incremental", since=later) == []


def test_a_submission_is_evidence_for_each_entry(kantata, rows_of):
    rows = rows_of(kantata, "timesheet_submissions")
    assert [row["entry_external_id"] for row in rows] == ["1001", "1003"]
    assert {row["state"] for row in rows} == {"approved"}
    assert rows[0]["decided_at"] == datetime(2026, 3, 9, tzinfo=UTC)


def test_records_that_move_while_listed_are_listed_again(kantata, rows_of, fault):
    fault("shifted_page", path_pattern="*/time_entries", options={"by": 3})
    entries = rows_of(kantata, "time_entries")
    assert len({entry["external_id"] for entry in entries}) == 450


def test_records_that_never_settle_make_the_read_fail(kantata, rows_of, fault):
    fault("shifted_page", path_pattern="*/time_entries", times=None)
    with pytest.raises((RetryLaterError, BadAnswerError)):
        rows_of(kantata, "time_entries")


def test_what_was_told_is_read_back_as_the_account_believes_it(kantata, feedback, rows_of):
    milestone = replace(NOTE, subject_kind="milestone", subject_external_id="22")
    assert [answer.outcome for answer in feedback.tell([NOTE, milestone])] == ["accepted"] * 2
    believed = {row["subject_kind"]: row for row in rows_of(kantata, "external_references")}
    assert believed["project"]["status"] == "open"
    assert believed["project"]["reference"] == "9e0f5c9c"
    assert "PS-INV1" in believed["project"]["message"]
    assert believed["milestone"]["subject_external_id"] == "22"


def test_telling_twice_leaves_one_reference_with_the_last_status(kantata, feedback, rows_of):
    feedback.tell([NOTE])
    feedback.tell([replace(NOTE, status="paid")])
    assert [row["status"] for row in rows_of(kantata, "external_references")] == ["paid"]


def test_a_subject_that_is_not_there_is_refused_and_the_next_note_still_goes(feedback):
    gone = replace(NOTE, subject_external_id="404")
    refused, told = feedback.tell([gone, NOTE])
    assert (refused.outcome, refused.recovery) == ("refused", "fix_data")
    assert told.outcome == "accepted"


def test_a_lost_reply_to_feedback_is_in_doubt(feedback, fault):
    fault("timeout_after_commit", method="POST")
    assert feedback.tell([NOTE])[0].outcome == "ambiguous"


def test_a_wrong_token_names_its_variable(kantata, rows_of, fault):
    fault("wrong_token", times=None)
    with pytest.raises(FixConfigError, match="KANTATA_TOKEN"):
        rows_of(kantata, "users")


def test_the_probe_tells_the_servers_clock(kantata):
    assert kantata.probe()["server_time"] == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
