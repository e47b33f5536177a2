"""What single fields of Harvest and Clockify come to."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ps_integration.domain.records import RecordRefusedError
from ps_integration_tests.connectors.cases import Case, changed

HARVEST, CLOCKIFY = Case("harvest"), Case("clockify")


def harvest(path=None, value=None, number=0):
    record = HARVEST.records("time_entries")[number]
    record = changed(record, path, value) if path else record
    return HARVEST.connector().parse("time_entries", record)[0].values


def clockify(**interval):
    record = CLOCKIFY.records("time_entries")[0]
    for key, value in interval.items():
        record = changed(record, f"timeInterval.{key}", value)
    return CLOCKIFY.connector().parse("time_entries", record)[0].values


def rule(call, *args, **kwargs):
    with pytest.raises(RecordRefusedError) as caught:
        call(*args, **kwargs)
    return caught.value.problem.rule


def test_harvest_hours_become_exact_seconds():
    entry = harvest()
    assert (entry["seconds"], entry["work_date"]) == (3960, date(2026, 3, 2))
    assert (entry["unit_price"], entry["currency"]) == (Decimal("110.5"), "GBP")
    assert entry["task_external_id"] == "8/9"


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (Decimal("1E+30"), "out_of_range"),
        (True, "not_a_number"),
        ("NaN", "not_a_number"),
        ("1_0", "not_a_number"),
        (" 7 ", "not_a_number"),
        ("١٢", "not_a_number"),
        (None, "value_missing"),
    ],
)
def test_hours_that_are_not_plain_numbers_are_refused(hours, expected):
    assert rule(harvest, "hours", hours) == expected


@pytest.mark.parametrize(
    ("hours", "seconds"),
    [
        (Decimal("0.33333333333333"), 1200),
        (Decimal("1E+1"), 36000),
        (-2, -7200),
        (Decimal("0.00013888888888889"), 1),  # just above half a second
        (Decimal("-0.00013888888888889"), -1),
    ],
)
def test_hours_are_read_exactly_also_below_zero(hours, seconds):
    assert harvest("hours", hours)["seconds"] == seconds


@pytest.mark.parametrize(
    "day", ["2026-02-30", "01/02/2026", "20260131", "2026-W05-1", "", "0001-01-01", 20260131]
)
def test_a_day_in_another_form_is_refused(day):
    assert rule(harvest, "spent_date", day) in {"date_invalid", "date_implausible"}


@pytest.mark.parametrize("code", ["usd", "US$", "XXX", "ZZZ", 5])
def test_an_unknown_currency_is_refused(code):
    assert rule(harvest, "client.currency", code) == "currency_unknown"


@pytest.mark.parametrize(
    ("status", "is_closed", "locked", "expected"),
    [
        ("approved", False, None, "approved"),
        ("submitted", True, None, "submitted"),
        ("unsubmitted", False, None, "draft"),
        (None, True, None, "approved"),
        (None, False, "Item Invoiced and Approved and Locked for this Time Period", "approved"),
        (None, False, "Project archived", "draft"),
        (None, False, None, "draft"),
    ],
)
def test_harvest_approval_is_read_from_what_the_account_gives(status, is_closed, locked, expected):
    record = HARVEST.records("time_entries")[0]
    record = changed(changed(record, "approval_status", status), "is_closed", is_closed)
    record = changed(changed(record, "is_locked", locked is not None), "locked_reason", locked)
    row = HARVEST.connector().parse("time_entries", record)[0]
    assert row.values["approval_state"] == expected


def test_a_running_harvest_timer_is_a_draft_whatever_else_it_says():
    entry = harvest("approval_status", "approved", number=1)
    assert (entry["is_running"], entry["approval_state"]) == (True, "draft")


def test_harvest_people_have_iana_zones_and_normalised_keys():
    person = HARVEST.connector().parse("users", HARVEST.records("users")[0])[0].values
    assert (person["time_zone"], person["match_key"]) == ("Europe/London", "ada.byrne@example.com")


def test_the_last_day_of_a_harvest_rate_is_included():
    rate = HARVEST.connector().parse("billable_rates", HARVEST.records("billable_rates")[0])[0]
    assert rate.values["valid_to"] == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2026-03-02T22:30:00Z", "2026-03-03T02:30:00Z", 14400),
        ("2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z", 3600),
        ("2026-11-01T05:00:00Z", "2026-11-01T13:00:00Z", 28800),
        ("2026-03-29T00:30:00+00:00", "2026-03-29T03:30:00+02:00", 3600),
    ],
)
def test_clockify_durations_are_elapsed_time_over_midnight_and_clock_changes(start, end, seconds):
    entry = clockify(start=start, end=end, duration=None)
    assert entry["seconds"] == seconds
    assert entry["work_date"] is None
    assert entry["started_at"] == datetime.fromisoformat(start).astimezone(UTC)


def test_clockify_intervals_that_contradict_themselves_are_refused():
    assert rule(clockify, end="2026-03-02T19:00:00Z") == "negative"
    assert rule(clockify, duration="PT9H") == "duration_differs_from_interval"
    assert rule(clockify, start="2026-03-02T20:00:00") == "instant_invalid"


def test_a_running_clockify_timer_is_a_draft():
    entry = clockify(end=None, duration=None)
    assert (entry["is_running"], entry["approval_state"], entry["seconds"]) == (True, "draft", 0)


def test_clockify_rates_are_minor_units():
    entry = clockify()
    assert (entry["unit_price"], entry["currency"]) == (Decimal("105.00"), "EUR")
    rows = CLOCKIFY.connector().parse("projects", CLOCKIFY.records("projects")[0])
    prices = {row.values["scope"]: row.values["unit_price"] for row in rows if row.table == "rates"}
    assert prices == {"project": Decimal("105.00"), "assignment": Decimal("90.00")}


@pytest.mark.parametrize("kind", ["BREAK", "HOLIDAY", "TIME_OFF"])
def test_clockify_breaks_and_leave_are_not_billable(kind):
    record = changed(CLOCKIFY.records("time_entries")[0], "type", kind)
    assert not CLOCKIFY.connector().parse("time_entries", record)[0].values["is_billable"]


@pytest.mark.parametrize(
    ("state", "expected", "has_approver"),
    [
        ("PENDING", "submitted", False),
        ("APPROVED", "approved", True),
        ("REJECTED", "rejected", True),
        ("WITHDRAWN_APPROVAL", "withdrawn", False),
        ("WITHDRAWN_SUBMISSION", "withdrawn", False),
    ],
)
def test_clockify_requests_decide_their_entries(state, expected, has_approver):
    record = CLOCKIFY.records("approval_requests")[0]
    record = changed(record, "approvalRequest.status.state", state)
    (row,) = CLOCKIFY.connector().parse("approval_requests", record)
    assert row.values["state"] == expected
    assert row.values["entry_external_id"] == "64f000000000000000000001"
    assert (row.values["approver"] is not None) is has_approver


def test_a_match_key_may_be_a_part_of_a_name():
    rows = CLOCKIFY.connector().parse("projects", CLOCKIFY.records("projects")[0])
    assert rows[0].values["match_key"] == "acme-1"
