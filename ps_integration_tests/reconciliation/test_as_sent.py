"""Faults as systems really send them, each beside what looks like it and is none."""

from datetime import UTC, date, datetime

import pytest

from ps_integration_tests.reconciliation.world import UNPOSTED, at, breaks_of
from ps_integration_tests.reconciliation.world_facts import FACTS
from ps_integration_tests.reconciliation.world_master import MASTER, cross, from_record

LINKS = FACTS["canonical.crosswalk"]
ENTRY = FACTS["billing.entries"][0]
SEEN_CLOSED = {
    "object_kind": "project", "system": "bc", "external_id": "B1", "field": "status",
    "seen_at": datetime(2026, 3, 5, 12, tzinfo=UTC), "value": "closed",
}  # fmt: skip
AHEAD = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("ends_on", "worked_on", "said"),
    [
        (AHEAD, 10, "first seen closed on 2026-03-05"),
        (AHEAD, 5, None),
        (date(2026, 3, 3), 4, "closed on 2026-03-03"),
        (date(2026, 3, 3), 3, None),
    ],
)
def test_tm08_for_a_project_completed_before_the_day_that_was_planned(ends_on, worked_on, said):
    done = [{}, {}, {"status": "closed", "closed_on": ends_on, "ends_on": ends_on}]
    found = breaks_of(
        "TM08",
        **UNPOSTED,
        canonical__projects=done,
        reconciliation__field_history=[SEEN_CLOSED],
        billing__entries=[{"work_date": date(2026, 3, worked_on), "approved_at": at(19)}],
    )
    assert [row["right_value"] for row in found] == ([said] if said else [])


def assigned(**more):
    return {
        **from_record("kantata", "assignments", "A1"), "project_external_id": "K1",
        "resource_external_id": "KR1", "is_active": True, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fires"),
    [
        ({"is_active": False, "ends_on": AHEAD}, True),
        ({"is_active": False, "ends_on": None}, True),
        ({"is_active": False, "ends_on": date(2026, 3, 15)}, False),
        ({"is_active": True, "ends_on": AHEAD}, False),
    ],
)
def test_tm09_for_an_assignment_taken_off_before_its_planned_end(change, fires):
    assert bool(breaks_of("TM09", canonical__assignments=[assigned(**change)])) is fires


TYPO = {**MASTER["canonical.projects"][0], "system": "harvest", "external_id": "H9"}
PHANTOM = {
    "canonical__projects": [{}, {}, {}, {**TYPO, "match_key": "apolo", "name": "apolo"}],
    "canonical__crosswalk": [*LINKS, cross("project", "apolo", "harvest", "H9")],
    "billing__projects": [
        {},
        {"project_id": "apolo", "psa_system": "harvest", "psa_external_id": "H9",
         "erp_external_id": None},
    ],
    "billing__entries": [{"project_id": "apolo", "project_external_id": "H9"}],
    "billing__rated_entries": [{"problem": "rate_missing", "amount_minor": None}],
    "canonical__feeds": [
        {"system": "harvest", "stream": "projects", "object": "projects", "is_from_entries": True}
    ],
    "config__systems": [{}, {"roles": "psa,time"}, {}],
    **UNPOSTED,
}  # fmt: skip


def test_md10_for_a_mistyped_project_code_and_no_price_or_project_is_asked_for():
    [found] = breaks_of("MD10", **PHANTOM)
    assert (found["record_key"], found["cause"]) == ("harvest:1|project", "mapping_missing")
    assert (found["difference_seconds"], found["blocked_id"]) == (3600, "harvest:1")
    assert not breaks_of("MD09", **PHANTOM)
    assert not breaks_of("MD01", **PHANTOM)


@pytest.mark.parametrize(
    "known",
    [
        {"canonical__feeds": []},
        {"canonical__rates": [{}, {}, {"system": "harvest", "project_external_id": "H9"}]},
        {"canonical__crosswalk": [
            *LINKS, {**cross("project", "apolo", "harvest", "H9"), "how": "configured"}]},
    ],
    ids=["listed by the PSA", "priced", "mapped by hand"],
)  # fmt: skip
def test_quiet_md10_for_a_project_that_somebody_else_knows(known):
    changes = {**PHANTOM, **known}
    assert not breaks_of("MD10", **changes)
    assert breaks_of("MD09", **changes)
    assert breaks_of("MD01", **changes)


def credited(*, minor=15000, customer="acme", also=()):
    """The world's invoice, and one credit memo typed by hand, in one sum."""
    invoice = FACTS["canonical.erp_documents"][0]
    memo = {
        **invoice, "external_id": "C1", "number": "CM-1", "kind": "credit_memo", "reference": "",
        "amount_minor": minor, "customer_key": customer, "posting_date": date(2026, 3, 18),
    }  # fmt: skip
    return {"canonical__erp_documents": [invoice, memo, *({**invoice, **one} for one in also)]}


def test_bl04_for_an_invoice_of_ours_that_a_memo_typed_by_hand_takes_back():
    [found] = breaks_of("BL04", **credited())
    assert (found["left_value"], found["right_value"]) == ("credited by CM-1", "open")
    assert (found["at_risk_minor"], found["cause"]) == (15000, "unauthorised_posting")
    line = FACTS["canonical.erp_lines"][0]
    by_line = {**line, "external_id": "C1-1", "document_external_id": "C1", "line_no": 1}
    assert breaks_of("BL04", **credited(minor=15001), canonical__erp_lines=[line, by_line])


@pytest.mark.parametrize(
    "changes",
    [
        credited(minor=14999),
        credited(customer="zeta"),
        credited(also=[{"external_id": "G9", "reference": "", "number": "S-INV9"}]),
        {**credited(), "canonical__invoice_statuses": [{"status": "cancelled"}]},
    ],
    ids=["in part", "another customer", "another invoice fits", "the PSA knows"],
)
def test_quiet_bl04_for_a_memo_that_is_not_about_the_whole_invoice(changes):
    assert not breaks_of("BL04", **changes)


def written(day, count, *, lacking=0, person="HR1"):
    """Entries of one day, the last of which tonight's listing lacks."""
    versions = [
        {"entry_id": f"harvest:{day}-{person}-{n}", "record_id": f"{day}-{person}-{n}",
         "external_id": f"{day}-{person}-{n}", "work_date": day, "resource_external_id": person}
        for n in range(count)
    ]  # fmt: skip
    missing = [
        {"system": "harvest", "stream": "time_entries", "record_id": row["record_id"],
         "run_id": "r1", "misses": 1}
        for row in versions[count - lacking :]
    ]  # fmt: skip
    return versions, missing


@pytest.mark.parametrize(
    ("count", "lacking", "fires"), [(20, 16, True), (20, 10, False), (12, 9, False)]
)
def test_in04_for_a_day_of_which_most_entries_are_missing(count, lacking, fires):
    day, missing = written(date(2026, 3, 17), count, lacking=lacking)
    other, _ = written(date(2026, 3, 18), 60)
    found = breaks_of("IN04", canonical__entry_versions=[*day, *other], raw__missing=missing)
    assert [row["record_key"] for row in found] == (
        ["harvest|day|2026-03-17|missing"] if fires else []
    )
    assert all(row["blocked_kind"] is None for row in found)


def test_in04_for_a_person_of_whom_most_entries_are_missing():
    days = [written(date(2026, 3, day), 5, lacking=5, person="HR7") for day in (16, 17, 18)]
    others = [written(date(2026, 3, day), 20) for day in (16, 17, 18)]
    found = breaks_of(
        "IN04",
        canonical__entry_versions=[row for versions, _ in (*days, *others) for row in versions],
        raw__missing=[row for _, missing in days for row in missing],
    )
    assert [row["record_key"] for row in found] == ["harvest|person|HR7|missing"]
    assert found[0]["left_value"] == "0 entries"


TUESDAYS = [date(2026, 2, 10), date(2026, 2, 17), date(2026, 2, 24), date(2026, 3, 3)]
AWAY = {
    **from_record("hibob", "absences", "L1"), "resource_external_id": "HB1",
    "starts_on": date(2026, 3, 10), "ends_on": date(2026, 3, 10), "approval_state": "approved",
}  # fmt: skip
HOLIDAY = {"legal_entity": "us", "day": date(2026, 3, 10), "name": "Holi"}


@pytest.mark.parametrize(
    ("last", "changes", "fires"),
    [
        (4, {}, True),
        (0, {}, True),
        (11, {}, False),
        (4, {"canonical__absences": [AWAY],
             "canonical__crosswalk": [*LINKS, cross("resource", "ann@x.com", "hibob", "HB1")]},
         False),
        (4, {"config__public_holidays": [HOLIDAY]}, False),
    ],
    ids=["a fifth", "nothing", "half", "on leave", "a holiday"],
)  # fmt: skip
def test_in04_for_a_settled_day_with_far_fewer_entries_than_the_weekdays_around(
    last, changes, fires
):
    """20 entries each Tuesday; of 10 March a few came, on a night of 20 March."""
    before = [row for day in TUESDAYS for row in written(day, 20)[0]]
    of_the_day = written(date(2026, 3, 10), last)[0]
    versions = [*before, *of_the_day, *written(date(2026, 3, 12), 1)[0]]
    found = breaks_of("IN04", canonical__entry_versions=versions, **changes)
    assert [row["record_key"] for row in found] == (
        ["harvest|day|2026-03-10|fewer"] if fires else []
    )
    if fires:
        assert found[0]["right_value"] == "20 entries as a rule"


def test_quiet_in04_for_days_before_people_began_to_write():
    """Tuesdays of 20 entries since 24 February; somebody else wrote one on the 3rd."""
    began = [row for day in TUESDAYS[2:] for row in written(day, 20)[0]]
    early = written(date(2026, 2, 3), 1, person="HR7")[0]
    last = written(date(2026, 3, 10), 20)[0]
    assert not breaks_of("IN04", canonical__entry_versions=[*early, *began, *last])


def shapes(*paths):
    return [
        {"system": "timesheets", "stream": "hours", "path": path, "json_type": "string",
         "first_seen_at": at(20, 4) if path == "cells.Remark" else at(1, month=2),
         "last_seen_at": at(day, 4)}
        for path, day in paths
    ]  # fmt: skip


def test_in03_for_a_column_of_a_file_under_another_name():
    renamed = shapes(("cells", 19), ("cells.Note", 19), ("cells.Remark", 20))
    renamed[0]["last_seen_at"] = at(20, 4)
    found = breaks_of("IN03", raw__shapes=renamed)
    assert [row["record_key"] for row in found] == [
        "timesheets|hours|missing|cells.Note", "timesheets|hours|new|cells.Remark",
    ]  # fmt: skip
    refused = {"system": "timesheets", "stream": "hours", "last_seen_at": at(20, 4)}
    found = breaks_of("IN03", raw__shapes=renamed, quarantine__records=[refused])
    assert {row["blocked_kind"] for row in found} == {None}


def test_in03_for_a_column_that_is_read_and_that_the_file_lacks():
    said = "file hours.csv: not one column Hours"
    failed = {"status": "failed", "error_kind": "columns_missing", "error_message": said,
              "system": "timesheets", "stream": "hours"}  # fmt: skip
    [found] = breaks_of("IN03", raw__reads=[{}, failed])
    assert (found["record_key"], found["right_value"]) == (
        "timesheets|hours|missing|header", said,
    )  # fmt: skip
    again = {**failed, "status": "complete", "error_kind": None, "error_message": None,
             "finished_at": at(20, 5)}  # fmt: skip
    assert not breaks_of("IN03", raw__reads=[{}, failed, again])
    assert not breaks_of("IN03", raw__reads=[{}, {**failed, "error_kind": "bad_answer"}])


@pytest.mark.parametrize("path", ["cells.Note", "lookup.days.Day"])
def test_quiet_in03_for_what_rows_without_cells_lack(path):
    assert not breaks_of("IN03", raw__shapes=shapes(("other", 20), ("cells.Note", 19), (path, 19)))


HALF, TEN = 4 * 3600, date(2026, 3, 10)


def leave(number, seconds, system="hibob", state="approved"):
    return {
        **from_record(system, "absences", f"L{number}"), "resource_external_id": "HB1",
        "kind": "vacation", "starts_on": TEN, "ends_on": TEN, "seconds_per_day": seconds,
        "approval_state": state,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("absences", "holidays", "said"),
    [
        ([leave(1, HALF), leave(2, HALF)], [], "on leave: vacation"),
        ([leave(1, HALF)], [HOLIDAY], "public holiday: Holi; on leave: vacation"),
        ([leave(1, HALF)], [], None),
        ([leave(1, HALF), leave(2, HALF, state="submitted")], [], None),
        ([leave(1, HALF), leave(1, HALF, system="kantata")], [], None),
    ],
    ids=["two halves", "half on a holiday", "one half", "one not approved", "told by two systems"],
)
def test_tm17_adds_up_what_a_day_has_of_leave(absences, holidays, said):
    links = [cross("resource", "ann@x.com", "hibob", "HB1"),
             cross("resource", "ann@x.com", "kantata", "HB1")]  # fmt: skip
    found = breaks_of(
        "TM17",
        canonical__absences=absences,
        canonical__crosswalk=[*LINKS, *links],
        config__public_holidays=holidays,
    )
    assert [row["right_value"] for row in found] == ([said] if said else [])
    if said:
        assert found[0]["difference_seconds"] == 3600


OTHER_DAY = {"work_date": date(2026, 3, 12)}
PSA = {**ENTRY, "entry_id": "kantata:902", "system": "kantata", "external_id": "902",
       "is_primary": False}  # fmt: skip
TIME = {**ENTRY, "entry_id": "harvest:2", "external_id": "2", **OTHER_DAY}


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_tm12_does_not_ask_whether_time_that_stands_alike_is_approved(state):
    alike = [{}, {}, {**TIME, "approval_state": state}, {**PSA, **OTHER_DAY}]
    assert not breaks_of("TM12", billing__entries=alike)
    assert not breaks_of("TM12", billing__entries=alike[:3])
    more = [*alike[:3], {**PSA, **OTHER_DAY, "seconds": 7200}]
    [found] = breaks_of("TM12", billing__entries=more)
    assert (found["difference_seconds"], found["left_value"]) == (-3600, "1.00 h")


def refused(system, record_id, **told):
    where = {"system": system, "stream": "time_entries", "record_id": record_id, "raw_seq": 9}
    return {
        "quarantine__records": [{**where, "object": "time_entries"}],
        **({"quarantine__told": [{**where, "object": "time_entries", **told}]} if told else {}),
    }


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        (refused("kantata", "902", first_day=date(2026, 3, 12), seconds=3600), False),
        (refused("kantata", "902", first_day=date(2026, 3, 12)), False),
        (refused("kantata", "902", first_day=date(2026, 3, 13), seconds=3600), True),
        (refused("kantata", "902", first_day=date(2026, 3, 12), seconds=1800), True),
        (refused("kantata", "902", is_approved=True), True),
        (refused("harvest", "7", first_day=date(2026, 3, 12), seconds=3600), True),
    ],
)
def test_tm12_blames_nobody_for_what_waits_in_quarantine(changes, fires):
    """The PSA lacks an hour of 12 March."""
    assert bool(breaks_of("TM12", billing__entries=[{}, {}, TIME], **changes)) is fires


def test_tm12_one_odd_row_hides_no_more_than_one_difference():
    """A record of 12 March whose hours cannot be read, and two people whose hours lack."""
    told = refused("kantata", "902", first_day=date(2026, 3, 12))
    two = [{}, {}, TIME, {**TIME, "entry_id": "harvest:3", "resource_id": "bob@x.com"}]
    people = [{}, {"resource_id": "bob@x.com"}]
    found = breaks_of("TM12", billing__entries=two, billing__resources=people, **told)
    assert len(found) == 2


def test_tm12_a_time_system_in_quarantine_explains_nothing_of_another():
    told = refused("clockify", "7", first_day=date(2026, 3, 12), seconds=3600)
    assert breaks_of("TM12", billing__entries=[{}, {}, {**PSA, **OTHER_DAY}], **told)
    told = refused("harvest", "7", first_day=date(2026, 3, 12), seconds=3600)
    assert not breaks_of("TM12", billing__entries=[{}, {}, {**PSA, **OTHER_DAY}], **told)


def test_tm12_knows_the_day_of_an_entry_whose_newest_record_is_refused():
    only_psa = [{}, {}, {**PSA, **OTHER_DAY}]
    versions = [{}, {"entry_id": "harvest:2", "record_id": "2", "external_id": "2", **OTHER_DAY}]
    assert breaks_of("TM12", billing__entries=only_psa, canonical__entry_versions=versions)
    changes = {**refused("harvest", "2"), "canonical__entry_versions": versions}
    assert not breaks_of("TM12", billing__entries=only_psa, **changes)


UNHEARD_OF = {"project_id": "h9", "project_external_id": "H9"}
BY_TIME_ONLY = {**from_record("harvest", "projects", "H9"), "match_key": "h9", "name": "h9"}


@pytest.mark.parametrize(
    ("change", "fires"),
    [
        ({"project_id": None, "project_matches": 0}, False),
        (UNHEARD_OF, False),
        ({"resource_id": "stranger@x.com"}, False),
        ({"resource_id": None}, False),
        ({"project_id": None, "project_matches": 0, "seconds": 1800}, True),
        ({"project_id": None, "approval_state": "rejected"}, True),
        ({"project_id": None, "work_date": date(2026, 3, 13)}, True),
    ],
)
def test_tm12_leaves_hours_that_nobody_can_place_to_md08_and_md10(change, fires):
    """The PSA has an hour of 12 March; the time system has it for somebody or something unknown."""
    entries = [{}, {}, {**PSA, **OTHER_DAY}, {**TIME, **change}]
    found = breaks_of(
        "TM12",
        billing__entries=entries,
        canonical__projects=[{}, {}, {}, BY_TIME_ONLY],
        canonical__crosswalk=[*LINKS, cross("project", "h9", "harvest", "H9")],
    )
    assert bool(found) is fires


@pytest.mark.parametrize(("run", "fires"), [("r1", False), ("r0", True)])
def test_tm12_waits_for_a_side_that_could_not_be_read(run, fires):
    psa = {"system": "kantata", "stream": "time_entries"}
    reads = [
        {**psa, "run_id": "r0", "finished_at": at(19, 4), "status": "complete"},
        {**psa, "run_id": "r1", "finished_at": at(20, 4), "status": "failed"},
        {"system": "harvest", "stream": "time_entries", "run_id": "r0", "finished_at": at(19, 3)},
        {"system": "harvest", "stream": "time_entries", "run_id": "r1", "finished_at": at(20, 3)},
    ]
    found = breaks_of(
        "TM12",
        billing__entries=[{}, {}, TIME],
        raw__reads=reads,
        canonical__entry_versions=[{}, {"entry_id": "harvest:2", "run_id": run}],
    )
    assert bool(found) is fires


@pytest.mark.parametrize(("version", "cause"), [(1, "manual_edit_in_copy"), (2, "sync_failed")])
def test_tm12_says_mistyped_where_nothing_was_edited_in_the_time_system(version, cause):
    entries = [{"version_no": version}, {"seconds": 4500}]
    [found] = breaks_of("TM12", billing__entries=entries)
    assert found["cause"] == cause


@pytest.mark.parametrize("reference", ["G1", "S-INV1", "PS-APOLLO-202603-1"])
@pytest.mark.parametrize(("status", "fires"), [("open", False), ("paid", True)])
def test_bl03_of_a_psa_that_nobody_tells_anything(reference, status, fires):
    row = [{"reference": reference, "status": status}]
    found = breaks_of("BL03", ops__feedback=[], canonical__invoice_statuses=row)
    assert [row["left_value"] for row in found] == (["open"] if fires else [])


def test_bl03_knows_the_number_of_an_invoice_that_the_erp_no_longer_has():
    told = [{"status": "cancelled", "state": "told"}]
    [found] = breaks_of("BL03", canonical__erp_documents=[], ops__feedback=told)
    assert (found["left_system"], found["left_id"]) == ("bc", "S-INV1")
    assert found["project_id"] == "apollo"


@pytest.mark.parametrize(("missing", "fires"), [("K1", False), ("K2", True)])
def test_bl03_asks_nothing_of_a_record_that_its_system_did_not_list_last(missing, fires):
    gone = {"system": "kantata", "stream": "projects", "record_id": missing, "misses": 1,
            "missed_at": at(20, 4)}  # fmt: skip
    found = breaks_of("BL03", canonical__invoice_statuses=[], raw__missing=[gone])
    assert bool(found) is fires


@pytest.mark.parametrize(("listed_on", "fires"), [(19, False), (21, True)])
def test_tm12_asks_for_what_was_deleted_once_the_psa_was_listed_whole(listed_on, fires):
    """The entry is gone since the 20th; that its copy is gone too, only a whole listing says."""
    psa = {"system": "kantata", "stream": "time_entries", "run_id": "r1", "status": "complete"}
    reads = [
        {**psa, "mode": "full", "finished_at": at(listed_on, 3)},
        {**psa, "mode": "incremental", "finished_at": at(21, 4)},
        {"system": "harvest", "stream": "time_entries", "run_id": "r1", "finished_at": at(20, 4)},
    ]
    found = breaks_of(
        "TM12",
        billing__entries=[{}, {}, {**TIME, "is_deleted": True}, {**PSA, **OTHER_DAY}],
        raw__reads=reads,
        canonical__entry_versions=[{}, {"entry_id": "harvest:2", "run_id": "r1"}],
    )
    assert bool(found) is fires


def test_in07_leaves_marks_of_invoices_to_bl03():
    """A mark that we took off is no longer listed."""
    gone = {"system": "harvest", "stream": "marks", "record_id": "1"}
    vanished = {
        "raw__missing": [{**gone, "misses": 2, "missed_at": at(20, 4)}],
        "raw__records": [{**gone, "raw_seq": 1, "is_tombstone": False},
                         {**gone, "raw_seq": 2, "is_tombstone": True}],
    }  # fmt: skip
    feeds = [{"system": "harvest", "stream": "marks", "object": "invoice_statuses"}]
    more = [*feeds, {**feeds[0], "object": "time_entries"}]
    assert not breaks_of("IN07", canonical__feeds=feeds, **vanished)
    assert breaks_of("IN07", canonical__feeds=more, **vanished)


@pytest.mark.parametrize(
    ("state", "posted", "fires"),
    [
        ("draft", False, False),
        ("rejected", False, False),
        ("approved", False, True),
        ("submitted", False, True),
        ("draft", True, True),
    ],
)
def test_in07_leaves_a_draft_to_its_author(state, posted, fires):
    gone = {"system": "harvest", "stream": "time_entries", "record_id": "1"}
    found = breaks_of(
        "IN07",
        raw__missing=[{**gone, "misses": 2, "missed_at": at(20, 4)}],
        raw__records=[{**gone, "raw_seq": 1, "is_tombstone": False},
                      {**gone, "raw_seq": 2, "is_tombstone": True}],
        canonical__entry_versions=[{"approval_state": state}],
        **({} if posted else UNPOSTED),
    )  # fmt: skip
    assert bool(found) is fires


@pytest.mark.parametrize(
    ("change", "fires"),
    [
        ({"billing_type": "internal", "project_is_billable": False}, False),
        ({"billing_type": "internal", "approval_state": "rejected"}, True),
        ({"project_is_billable": False}, True),
    ],
)
def test_bl10_takes_the_cost_of_internal_work_for_right(change, fires):
    cost = {
        "system": "bc", "external_id": "PI1", "supplier_key": "V-7", "resource_key": "ann@x.com",
        "project_key": "apollo", "period": "2026-02", "number": "PI-1", "is_posted": True,
        "seconds": 3600, "amount_minor": 9000, "currency": "USD",
    }  # fmt: skip
    work = {"work_date": date(2026, 2, 10), "period": "2026-02", **change}
    found = breaks_of(
        "BL10",
        billing__entries=[work, {"entry_id": "kantata:901"}],
        canonical__subcontractor_costs=[cost],
    )
    assert bool(found) is fires


def test_bl10_adds_up_costs_of_one_currency_only():
    """100 euros are not taken back by 100 dollars."""
    cost = {
        "system": "bc", "external_id": "PI1", "supplier_key": "V-7", "resource_key": "ann@x.com",
        "project_key": "zeus", "period": "2026-02", "number": "PI-1", "is_posted": True,
        "seconds": 3600, "amount_minor": 10000, "currency": "EUR",
    }  # fmt: skip
    back = {**cost, "external_id": "PI2", "number": "PI-2", "amount_minor": -10000}
    assert not breaks_of("BL10", canonical__subcontractor_costs=[cost, back])
    other = {**back, "currency": "USD"}
    found = breaks_of("BL10", canonical__subcontractor_costs=[cost, other])
    assert [row["record_key"] for row in found] == ["bc|PI1", "bc|PI2"]


def test_an_edit_of_our_document_in_the_erp_is_an_edit_in_a_copy():
    line = [{"amount_minor": 10000}]
    kept = [{"readback_minor": 15000}]
    for rule in ("TM04", "BL05", "BL06"):
        [found] = breaks_of(
            rule,
            canonical__erp_lines=line,
            canonical__erp_documents=[{"amount_minor": 10000}],
            ops__documents=kept,
        )
        assert (rule, found["cause"]) == (rule, "manual_edit_in_copy")
    voided = [{"status": "cancelled", "is_standing": False}]
    [found] = breaks_of("BL05", canonical__erp_documents=voided, ops__documents=kept)
    assert found["cause"] == "unauthorised_posting"


@pytest.mark.parametrize(
    ("amount", "cause"), [(None, "master_data_incomplete"), (50000, "not_synced_yet")]
)
def test_bl02_of_a_milestone_without_an_amount(amount, cause):
    reached = {
        **from_record("kantata", "milestones", "M1"), "project_external_id": "K1",
        "name": "Design agreed", "amount_minor": amount, "currency": "USD", "is_reached": True,
        "reached_on": date(2026, 3, 2), "is_invoiced": False,
    }  # fmt: skip
    [found] = breaks_of("BL02", canonical__milestones=[reached])
    assert found["cause"] == cause
