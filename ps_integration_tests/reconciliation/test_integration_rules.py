from datetime import timedelta

import pytest

from ps_integration_tests.reconciliation.world import AS_OF, at, breaks_of

FAILED = {"status": "failed", "error_kind": "retry_later", "error_message": "HTTP 503"}


@pytest.mark.parametrize(("hours", "fires"), [(30, False), (29, True)])
def test_fires_in02_past_the_freshness_limit(hours, fires):
    read = {"finished_at": at(18, 22), "started_at": at(18, 22)}  # 30.5 h before
    systems = [{}, {"freshness_hours": hours + 1}, {}]
    found = breaks_of("IN02", raw__reads=[{}, {}, read, {}], config__systems=systems)
    assert [f["blocked_id"] for f in found] == (["harvest"] if fires else [])


def test_fires_in02_once_for_a_system_that_is_down_from_the_start():
    found = breaks_of("IN02", raw__reads=[FAILED, FAILED, {}, {}])
    assert [(f["record_key"], f["left_value"]) for f in found] == [("kantata|*", "never read")]


def test_quiet_in02_for_an_optional_stream_that_is_not_served():
    missing = {"system": "bc", "stream": "prices", "status": "absent", "error_kind": "not_there"}
    assert not breaks_of("IN02", raw__reads=[{}, {}, {}, {}, missing])


@pytest.mark.parametrize(("feeds", "fires"), [("", False), ("erp_documents", True), (None, True)])
def test_an_erp_of_files_that_exports_nothing_is_not_stale(feeds, fires):
    reads = [{"system": "bc", "stream": "none"} for _ in range(2)]
    systems = [{}, {}, {"system": "books", "feeds": feeds}]
    found = breaks_of("IN02", config__systems=systems, raw__reads=[{}, {}, *reads])
    assert ("books|*" in [f["record_key"] for f in found]) is fires


KNOWN = {"path": "$.hours", "json_type": "number"}


@pytest.mark.parametrize(
    ("shapes", "change"),
    [
        ([{}, {"path": "$.extra", "first_seen_at": at(20, 4)}], "new"),
        ([{}, {"path": "$.notes", "last_seen_at": at(19, 4)}], "missing"),
        ([{"last_seen_at": at(19, 4)}, {"json_type": "string", "first_seen_at": at(20, 4)}],
         "retyped"),
    ],
)  # fmt: skip
def test_fires_in03_when_a_field_is_new_missing_or_retyped(shapes, change):
    [found] = breaks_of("IN03", raw__shapes=shapes)
    assert found["record_key"].startswith(f"harvest|time_entries|{change}|")
    assert found["blocked_kind"] is None


@pytest.mark.parametrize(
    ("refused", "looked_at", "holds"),
    [(12, 20, "system"), (12, 30, None), (9, 9, None), (1, 1, None)],
)
def test_in03_holds_the_system_when_most_of_what_came_since_is_refused(refused, looked_at, holds):
    """One record of many, or the only one that changed, may be odd: quarantine holds it."""
    shapes = [{"last_seen_at": at(19, 4)}, {"json_type": "string", "first_seen_at": at(20, 4)}]
    where = {"system": "harvest", "stream": "time_entries"}
    [found] = breaks_of(
        "IN03",
        raw__shapes=shapes,
        raw__shape_runs=[{**where, "seen_at": at(20, 4), "records": looked_at}],
        quarantine__records=[
            {**where, "record_id": str(at_), "last_seen_at": at(20, 4)} for at_ in range(refused)
        ],
    )
    assert found["blocked_kind"] == holds
    assert f"{refused} records were refused since" in found["detail"]


def test_quiet_in03_while_the_field_also_comes_as_before():
    """Two entries whose hours are a word, among hundreds."""
    odd = {"json_type": "string", "first_seen_at": at(20, 4), "last_seen_at": at(20, 4)}
    assert not breaks_of("IN03", raw__shapes=[{"last_seen_at": at(20, 4)}, odd])


@pytest.mark.parametrize(
    "shape",
    [
        {"json_type": "null", "first_seen_at": at(20, 4)},
        {"json_type": "integer", "first_seen_at": at(20, 4)},
        {"path": "$.client.name", "last_seen_at": at(19, 4)},
        {"path": "$.tags[].id", "last_seen_at": at(19, 4)},
    ],
)
def test_quiet_in03_for_what_says_nothing(shape):
    assert not breaks_of("IN03", raw__shapes=[{}, shape])


@pytest.mark.parametrize(("last_seen", "fires"), [(at(20, 4), False), (at(19, 4), True)])
def test_in03_of_a_list_whose_members_differ_is_quiet_until_none_is_as_before(last_seen, fires):
    """As the values of custom fields: the first project with an amount beside texts."""
    value = {"path": "$.fields[].value"}
    shapes = [
        {},
        {**value, "json_type": "string", "last_seen_at": last_seen},
        {**value, "json_type": "number", "first_seen_at": at(20, 4)},
    ]
    assert bool(breaks_of("IN03", raw__shapes=shapes)) is fires


def _vanished(misses, *records):
    return {
        "raw__missing": [
            {"system": "harvest", "stream": "time_entries", "record_id": "1", "misses": misses,
             "missed_at": at(20, 4)}
        ],
        "raw__records": [
            {"system": "harvest", "stream": "time_entries", "record_id": "1", "raw_seq": seq,
             "is_tombstone": dead}
            for seq, dead in enumerate(records, 1)
        ],
    }  # fmt: skip


def test_fires_in07_after_two_clean_misses_with_the_posted_money():
    [found] = breaks_of("IN07", **_vanished(2, False, True))
    assert (found["record_key"], found["at_risk_minor"]) == ("harvest|time_entries|1", 15000)


@pytest.mark.parametrize("case", [_vanished(1, False), _vanished(2, False, True, False)])
def test_quiet_in07_after_one_miss_or_when_the_record_is_back(case):
    assert not breaks_of("IN07", **case)


def _doubted(stream, record_id, **raw):
    where = {"system": "harvest", "stream": stream, "record_id": record_id}
    return {
        "raw__doubted": [{**where, "since": at(19, 4), "missed_at": at(20, 4)}],
        "raw__records": [{**where, "raw_seq": 1, "is_tombstone": False}],
        **raw,
    }


def test_fires_in07_for_a_listing_that_lacks_too_much_and_holds_what_is_still_to_be_billed():
    posted = breaks_of("IN07", **_doubted("time_entries", "1"))
    assert [(f["record_key"], f["at_risk_minor"], f["blocked_id"]) for f in posted] == [
        ("harvest|time_entries|*", 15000, None)
    ]
    waiting = breaks_of("IN07", ops__posting_lines=[], **_doubted("time_entries", "1"))
    assert [(f["record_key"], f["blocked_kind"], f["blocked_id"]) for f in waiting] == [
        ("harvest|time_entries|*", None, None),
        ("harvest|time_entries|1", "entry", "harvest:1"),
    ]
    assert "deletions accept harvest time_entries" in posted[0]["detail"]


def test_in07_holds_nothing_for_master_data_in_doubt():
    [found] = breaks_of("IN07", ops__posting_lines=[], **_doubted("projects", "1"))
    assert (found["record_key"], found["blocked_kind"]) == ("harvest|projects|*", None)


@pytest.mark.parametrize("state", ["held", "dead"])
def test_fires_in01_while_a_document_waits_for_a_person(state):
    [found] = breaks_of("IN01", ops__documents=[{"state": state, "hold_reason": "found twice"}])
    assert found["left_value"] == state
    assert found["at_risk_minor"] == 15000
    assert "found twice" in found["detail"]


def test_fires_in01_for_a_note_that_a_system_refused():
    [found] = breaks_of("IN01", ops__feedback=[{"state": "refused"}])
    assert found["record_key"].count("|") == 3


@pytest.mark.parametrize(
    "state", ["planned", "approved", "sending", "unknown", "posted", "refused"]
)
def test_quiet_in01_while_the_product_itself_goes_on(state):
    assert not breaks_of("IN01", ops__documents=[{"state": state}])


@pytest.mark.parametrize("state", ["pending", "told", "discarded"])
def test_quiet_in01_for_a_note_that_nobody_waits_for(state):
    assert not breaks_of("IN01", ops__feedback=[{"state": state}])


@pytest.mark.parametrize("state", ["unknown", "sending"])
def test_fires_in06_when_nobody_knows_past_the_deadline(state):
    document = {"state": state, "unknown_until": at(20, 4), "hold_reason": "read timed out"}
    [found] = breaks_of("IN06", ops__documents=[document])
    assert (found["blocked_kind"], found["blocked_id"]) == ("document", "PS-APOLLO-202603-1")
    assert found["at_risk_minor"] == 15000
    assert "read timed out" in found["detail"]


@pytest.mark.parametrize(
    "document",
    [
        {"state": "unknown", "unknown_until": at(22, 4)},
        {"state": "unknown"},
        {"state": "held", "unknown_until": at(20, 4)},
        {"state": "posted"},
    ],
)
def test_quiet_in06_before_the_deadline_or_for_what_is_decided(document):
    assert not breaks_of("IN06", ops__documents=[document])


def reads(*records, tonight, **more):
    """Nights of one stream, oldest first, with tonight's read last."""
    past = [
        {"run_id": f"n{night}", "records_read": count, "finished_at": at(night, 4),
         "system": "harvest", "stream": "time_entries"}
        for night, count in enumerate(records, 1)
    ]  # fmt: skip
    last = {"run_id": "r1", "records_read": tonight, "system": "harvest", "stream": "time_entries"}
    return {"raw__reads": [*past, {**last, **more}]}


@pytest.mark.parametrize(("tonight", "change"), [(400, "fewer"), (0, "fewer"), (5000, "more")])
def test_fires_in04_when_a_stream_gives_far_fewer_or_more(tonight, change):
    [found] = breaks_of("IN04", **reads(1000, 1100, 950, 900, 1000, tonight=tonight))
    assert found["record_key"] == f"harvest|time_entries|{change}"
    assert found["right_value"] == "1000 records as a rule"
    assert found["blocked_kind"] is None


def test_in04_reads_a_run_in_pieces_as_one():
    nights = reads(1000, 1000, 1000, 1000, 1000, tonight=300)
    more = {"run_id": "r1", "records_read": 650, "system": "harvest", "stream": "time_entries"}
    assert not breaks_of("IN04", raw__reads=[*nights["raw__reads"], more])


@pytest.mark.parametrize(
    "changes",
    [
        reads(1000, 1100, 950, 900, 1000, tonight=600),
        reads(1000, 1100, 950, 900, tonight=0),
        reads(30, 40, 35, 30, 40, tonight=0),
        reads(1000, 1100, 300, 900, 1000, tonight=350),
        reads(1000, 1100, 950, 900, 1000, tonight=0, status="failed"),
        reads(1000, 1100, 950, 900, 1000, tonight=0, mode="incremental"),
    ],
)
def test_quiet_in04_within_what_is_usual_or_not_known(changes):
    assert not breaks_of("IN04", **changes)


DAY = {"account": "harvest", "calls": 1000, "seconds": 86_400}
HOUR = {**DAY, "calls": 200, "seconds": 3_600}


def called(*calls, quotas=(DAY,), **changes):
    """What IN05 finds after calls of a system, so many hours before the night."""
    return breaks_of(
        "IN05",
        config__quotas=list(quotas),
        raw__calls=[
            {"run_id": f"r{hours}", "system": system, "calls": count,
             "noted_at": AS_OF - timedelta(hours=hours)}
            for system, count, hours in calls
        ],
        **changes,
    )  # fmt: skip


def test_fires_in05_when_the_nights_of_a_day_come_near_the_quota():
    [found] = called(("harvest", 500, 0), ("harvest", 321, 23))
    assert (found["record_key"], found["left_value"]) == ("harvest|86400", "821 calls")
    assert found["detail"] == (
        "The account of harvest was called 821 times in 24.0 hours, "
        "82 % of the 1000 that it allows."
    )
    assert found["blocked_kind"] is None


def test_fires_in05_for_each_quota_of_an_account_and_for_all_its_systems_together():
    shared = [{}, {}, {"account": "harvest"}]
    calls = ("harvest", 100, 0), ("bc", 100, 0.5), ("harvest", 700, 20)
    found = called(*calls, quotas=(DAY, HOUR), config__systems=shared)
    assert [row["record_key"] for row in found] == ["harvest|3600", "harvest|86400"]
    assert not called(*calls, quotas=(DAY,))


def test_quiet_in05_below_the_threshold_and_for_calls_of_another_day_or_account():
    assert not called(("harvest", 800, 0))
    assert called(("harvest", 801, 0))
    assert not called(("harvest", 500, 0), ("harvest", 500, 24))
    assert not called(("bc", 5000, 0))
    assert not called(("harvest", 5000, 0), quotas=())
