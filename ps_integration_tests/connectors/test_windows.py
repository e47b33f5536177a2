"""A law of connectors that list by window: what is listed over windows is what there is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ps_integration.connectors.registry import VENDORS
from ps_integration_tests.connectors.test_vendors_live import (  # noqa: F401 - fixtures
    NOW,
    clockify,
    entry,
    read,
    server,
)

ZONES = ("Europe/Berlin", "America/Chicago", "Asia/Kolkata", "Pacific/Kiritimati", "Etc/GMT+12")
# ends of months, and the nights in which clocks change
DAYS = (date(2026, 3, 1), date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 1), date(2026, 10, 25))
TURNS = (-3600, -600, -1, 0, 1, 600, 3600)


def test_every_vendor_that_lists_time_by_window_is_under_this_law():
    by_window = {
        name
        for name, vendor in VENDORS.items()
        for stream in getattr(__import__(vendor.build.__module__, fromlist=["x"]), "STREAMS", ())
        if stream.mode == "window" and "time_entries" in stream.feeds
    }
    assert by_window == {"clockify"}


@pytest.fixture
def truth(server):  # noqa: F811 - the fixture
    """Entries a moment before and after midnight in many zones: id, and the day where it was."""
    found = {}
    for zone in ZONES:
        for day in DAYS:
            midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
            for turn in TURNS:
                start = midnight.astimezone(UTC) + timedelta(seconds=turn)
                number = len(found) + 100
                found[f"e{number}"] = (start, start.astimezone(ZoneInfo(zone)).date())
                body = entry(
                    number, "u1", f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{start:%Y-%m-%dT%H:%M:%SZ}"
                )
                server.state.put("clockify_in", "time_entries", f"e{number}", body, NOW)
    return found


@pytest.mark.parametrize("first", DAYS)
@pytest.mark.parametrize("length", [1, 31])
def test_a_window_lists_every_entry_of_its_days_wherever_the_person_was(
    clockify,  # noqa: F811 - the fixture
    truth,
    first,
    length,
):
    window = (first, first + timedelta(days=length))
    connector = VENDORS["clockify"].build(clockify)
    records = read(connector, "time_entries", "window", window=window)
    listed = [record.record_id for record in records]
    assert len(listed) == len(set(listed))
    assert {key for key, (_, day) in truth.items() if window[0] <= day < window[1]} <= set(listed)
    # what counts as missing is bound by the day that raw keeps: all of those days must be listed
    kept = {key for key, (start, _) in truth.items() if window[0] <= start.date() < window[1]}
    assert kept <= set(listed)
    for record in records:
        if record.record_id in truth:
            assert record.day == truth[record.record_id][0].date().isoformat()


def test_windows_side_by_side_list_everything(clockify, truth):  # noqa: F811 - the fixture
    connector = VENDORS["clockify"].build(clockify)
    listed = set()
    start = date(2026, 2, 27)
    while start < date(2026, 11, 1):
        following = start + timedelta(days=31)
        window = (start, following)
        records = read(connector, "time_entries", "window", window=window)
        listed |= {record.record_id for record in records}
        start = following
    assert set(truth) <= listed


def test_marks_are_listed_for_every_entry_of_the_window(clockify, truth, server):  # noqa: F811
    for key in truth:
        server.state.put("clockify_in", "invoiced_entries", key, {"invoiced": True}, NOW)
    connector = VENDORS["clockify"].build(clockify)
    window = (date(2026, 3, 1), date(2026, 3, 30))
    listed = {one.record_id for one in read(connector, "invoiced_marks", "window", window=window)}
    assert {key for key, (_, day) in truth.items() if window[0] <= day < window[1]} <= listed
