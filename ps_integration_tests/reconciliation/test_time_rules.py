from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ps_integration_tests.reconciliation.world import AS_OF, UNPOSTED, at, breaks_of, runs_of


@pytest.mark.parametrize(("extra", "fires"), [(0, False), (1, True)])
def test_fires_tm01_past_the_posting_sla_and_not_on_it(extra, fires):
    approved = AS_OF - timedelta(days=2, seconds=extra)
    found = breaks_of("TM01", **UNPOSTED, billing__entries=[{"approved_at": approved}])
    assert [f["at_risk_minor"] for f in found] == ([15000] if fires else [])


def test_tm01_takes_the_sla_of_the_firm():
    sla = {"rule": "SLA", "setting": "posting_days", "value": "30"}
    assert not breaks_of("TM01", **UNPOSTED, config__rule_settings=[sla])


@pytest.mark.parametrize(
    ("state", "key", "said"),
    [
        ("planned", "approval|bc|US Inc|us|USD", "is not approved for posting."),
        ("draft", "draft|bc|US Inc|us|USD", "is a draft in the ERP, which a person there posts."),
        ("approved", "sending|bc|US Inc|us|USD", "is approved for posting and not in the ERP."),
        ("unknown", "sending|bc|US Inc|us|USD", "is approved for posting and not in the ERP."),
    ],
)
def test_tm01_names_the_batch_that_waits_and_what_for(state, key, said):
    [found] = breaks_of("TM01", ops__documents=[{"state": state}])
    assert (found["record_key"], found["right_id"], found["right_value"]) == (key, "b1", state)
    assert (found["at_risk_minor"], found["entry_id"]) == (15000, None)
    assert found["detail"].startswith("Batch b1, 1 entry in 1 document, 1.00 h worth 150.00 USD, ")
    assert found["detail"].endswith(said)


def test_quiet_tm01_for_a_document_that_is_stuck():
    dead = [{"state": "dead"}]
    assert breaks_of("TM01", ops__documents=dead)
    assert not breaks_of("TM01", beside=("IN01",), ops__documents=dead)


@pytest.mark.parametrize(
    "changes",
    [
        {"billing__entries": [{"work_date": date(2026, 1, 31)}]},
        {"billing__entries": [{"is_invoiced": True}]},
        {"billing__entries": [{"billing_type": "fixed_fee"}]},
        {"billing__entries": [{"is_primary": False}]},
        {"ops__decisions": [{"kind": "write_off", "entry_id": "harvest:1", "part": 1}]},
        {"ops__openings": []},
    ],
)
def test_quiet_tm01_for_time_that_is_not_to_be_posted(changes):
    assert not breaks_of("TM01", **{**UNPOSTED, **changes})


def test_quiet_tm01_for_time_that_another_break_holds():
    held = [{"erp_external_id": None}]
    assert breaks_of("TM01", **UNPOSTED, billing__projects=held)
    assert not breaks_of("TM01", beside=("MD01",), **UNPOSTED, billing__projects=held)


def test_tm01_comes_back_when_finance_accepted_what_held_the_time():
    accepted = {"rule": "MD01", "record_key": "apollo", "period": "", "state": "accepted"}
    changes = {**UNPOSTED, "billing__projects": [{"erp_external_id": None}]}
    assert breaks_of("TM01", beside=("MD01",), **changes, ops__open_breaks=[accepted])


MANUAL = {
    "record_id": "G9", "external_id": "G9", "number": "S-INV9", "reference": "", "status": "open",
}  # fmt: skip
MANUAL_LINE = {"external_id": "G9-1", "document_external_id": "G9", "line_no": 1}


def _manual(document=None, line=None):
    return {
        "canonical__erp_documents": [{}, {**MANUAL, **(document or {})}],
        "canonical__erp_lines": [{}, {**MANUAL_LINE, **(line or {})}],
    }


def test_fires_tm02_once_per_line_of_a_manual_invoice():
    [found] = breaks_of("TM02", **_manual())
    assert (found["record_key"], found["at_risk_minor"]) == ("bc|US Inc|G9-1", 15000)
    assert (found["project_id"], found["right_id"]) == ("apollo", "S-INV9")


@pytest.mark.parametrize(
    "changes",
    [
        _manual({"is_posted": False, "is_standing": False}),
        _manual({"status": "cancelled", "is_standing": False}),
        _manual({"posting_date": date(2026, 1, 31)}),
        _manual(line={"object_number": "5000"}),
        _manual(line={"project_key": ""}),
    ],
)
def test_quiet_tm02_for_what_is_no_time_of_now(changes):
    assert not breaks_of("TM02", **changes)


def test_quiet_tm02_for_our_own_document_whose_reference_is_gone():
    """BL05 says what was changed in it."""
    found = runs_of({"canonical__erp_documents": [{"reference": ""}]}, {"TM02", "BL05"})
    assert not found["TM02"].found
    assert [row["record_key"] for row in found["BL05"].found] == ["PS-APOLLO-202603-1"]


def test_tm02_of_a_memo_names_the_invoice_of_ours_that_it_credits():
    memo = _manual({"kind": "credit_memo", "applies_to": "G1"})
    [found] = breaks_of("TM02", **memo)
    assert found["left_id"] == "PS-APOLLO-202603-1"


@pytest.mark.parametrize(("quantity", "seconds"), [("0.75000", 900), ("1.00001", 0)])
def test_fires_tm03_when_the_erp_holds_other_hours(quantity, seconds):
    line = [{"quantity": Decimal(quantity), "amount_minor": 11250}]
    [found] = breaks_of("TM03", canonical__erp_lines=line)
    assert (found["difference_seconds"], found["difference_minor"]) == (seconds, 3750)
    assert found["record_key"] == "PS-APOLLO-202603-1|1"


def test_quiet_tm03_when_only_the_amount_differs():
    assert not breaks_of("TM03", canonical__erp_lines=[{"amount_minor": 14999}])


def test_tm03_fires_for_both_lines_when_their_figures_change_places_and_not_before():
    half = {"quantity": Decimal("0.50000"), "amount_minor": 7500}
    ours = [{"line_no": 1, "line_key": "a", "seconds": 1800, **half}, {"line_no": 2}]
    first, second = {"line_no": 10, "external_id": "G1-1"}, {"line_no": 20, "external_id": "G1-2"}
    alike, swapped = [{**first, **half}, second], [first, {**second, **half}]
    for rule in ("TM03", "TM04"):
        assert not breaks_of(rule, ops__posting_lines=ours, canonical__erp_lines=alike)
    found = breaks_of("TM03", ops__posting_lines=ours, canonical__erp_lines=swapped)
    assert [row["difference_seconds"] for row in found] == [-1800, 1800]


@pytest.mark.parametrize(("amount", "cause"), [(14999, "rounding"), (10000, "unknown")])
def test_fires_tm04_when_the_erp_holds_another_amount(amount, cause):
    [found] = breaks_of("TM04", canonical__erp_lines=[{"amount_minor": amount}])
    assert (found["at_risk_minor"], found["cause"]) == (15000 - amount, cause)


def test_tm04_tolerates_what_the_firm_tolerates():
    cent = {"rule": "TM04", "setting": "tolerance_minor", "value": "1"}
    line = [{"amount_minor": 14999}]
    assert not breaks_of("TM04", canonical__erp_lines=line, config__rule_settings=[cent])


def test_quiet_tm04_where_the_hours_explain_the_amount():
    line = [{"quantity": Decimal("0.75000"), "amount_minor": 11250}]
    assert not breaks_of("TM04", canonical__erp_lines=line)


def test_fires_tm05_for_a_second_document_under_our_reference():
    twice = [{}, {"external_id": "G2", "record_id": "G2", "number": "S-INV2"}]
    [found] = breaks_of("TM05", canonical__erp_documents=twice)
    assert (found["right_id"], found["at_risk_minor"]) == ("S-INV2", 15000)


def test_fires_tm05_for_one_entry_in_two_live_documents():
    two = "PS-APOLLO-202603-2"
    [found] = breaks_of(
        "TM05",
        ops__documents=[{}, {"document_ref": two}],
        ops__posting_lines=[{}, {"document_ref": two}],
    )
    assert (found["entry_id"], found["at_risk_minor"]) == ("harvest:1", 15000)


def test_quiet_tm05_when_the_second_document_is_cancelled():
    twice = [{}, {"external_id": "G2", "status": "cancelled", "is_standing": False}]
    assert not breaks_of("TM05", canonical__erp_documents=twice)


def test_fires_tm06_with_what_changed_and_what_it_is_worth():
    entry = [{"version_sha256": "v2", "version_no": 2, "seconds": 1800}]
    [found] = breaks_of(
        "TM06", billing__entries=entry, billing__rated_entries=[{"amount_minor": 7500}]
    )
    assert (found["difference_seconds"], found["difference_minor"]) == (-1800, -7500)
    assert "hours" in found["detail"]


def test_quiet_tm06_once_the_correction_is_posted():
    entry = [{"version_sha256": "v2", "version_no": 2}]
    lines = [
        {},
        {"amount_minor": -15000, "seconds": -3600, "correction_no": 1, "correction": "reversal"},
        {"version_sha256": "v2", "correction_no": 2, "line_no": 2, "correction": "rebill"},
    ]
    assert not breaks_of("TM06", billing__entries=entry, ops__posting_lines=lines)


def test_fires_tm06_for_a_rate_changed_after_posting():
    [found] = breaks_of("TM06", billing__rated_entries=[{"amount_minor": 16000}])
    assert (found["cause"], found["difference_minor"]) == ("rate_changed_late", 1000)


def test_tm06_and_tm07_say_that_a_correction_is_planned():
    planned = {
        "ops__documents": [{}, {"document_ref": "PS-APOLLO-202603-2", "state": "planned"}],
        "ops__posting_lines": [
            {},
            {"document_ref": "PS-APOLLO-202603-2", "correction_no": 1, "correction": "reversal"},
        ],
    }
    edited = [{"version_sha256": "v2", "version_no": 2}]
    gone = [{}, {"version_no": 2, "is_deleted": True}]
    for rule, change in (
        ("TM06", {"billing__entries": edited}),
        ("TM07", {"canonical__entry_versions": gone}),
    ):
        [found] = breaks_of(rule, **planned, **change)
        assert found["detail"].endswith("A correction is in PS-APOLLO-202603-2 (planned).")


@pytest.mark.parametrize(
    ("version", "cause"),
    [
        ({"is_deleted": True}, "deleted_after_posting"),
        ({"approval_state": "submitted"}, "approval_withdrawn"),
    ],
)
def test_fires_tm07_when_posted_time_is_gone(version, cause):
    [found] = breaks_of("TM07", canonical__entry_versions=[{}, {"version_no": 2, **version}])
    assert (found["cause"], found["at_risk_minor"]) == (cause, 15000)


def test_quiet_tm07_when_the_credit_is_posted():
    credit = {"amount_minor": -15000, "seconds": -3600, "correction_no": 1, "line_no": 2}
    gone = [{}, {"version_no": 2, "is_deleted": True}]
    assert not breaks_of("TM07", canonical__entry_versions=gone, ops__posting_lines=[{}, credit])


@pytest.mark.parametrize(("closed_on", "fires"), [(9, True), (10, False), (11, False)])
def test_fires_tm08_for_time_worked_after_the_closing_whenever_approved(closed_on, fires):
    closed = [{"status": "closed", "closed_on": date(2026, 3, closed_on)}]
    found = breaks_of("TM08", **UNPOSTED, billing__projects=closed)
    assert [f["blocked_id"] for f in found] == (["harvest:1"] if fires else [])


def test_fires_tm08_for_a_project_closed_in_the_erp_only():
    closed = {"status": "closed", "closed_on": date(2026, 3, 1)}
    assert breaks_of("TM08", **UNPOSTED, canonical__projects=[{}, {}, closed])


@pytest.mark.parametrize(("hour", "fires"), [(3, True), (7, False)])
def test_fires_tm08_from_the_day_first_seen_closed_where_no_closing_day_is_told(hour, fires):
    seen = {
        "object_kind": "project",
        "system": "kantata",
        "external_id": "K1",
        "field": "status",
        "seen_at": datetime(2026, 3, 10, hour, tzinfo=UTC),
        "value": "closed",
    }
    before = {**seen, "value": "active", "seen_at": datetime(2026, 3, 2, tzinfo=UTC)}
    found = breaks_of(
        "TM08",
        **UNPOSTED,
        billing__projects=[{"status": "closed"}],
        canonical__projects=[{"status": "closed"}],
        reconciliation__field_history=[before, seen],
        config__legal_entities=[{"time_zone": "America/Chicago"}],
    )
    assert bool(found) is fires
    if fires:
        assert "first seen closed on 2026-03-09" in found[0]["detail"]


def test_quiet_tm08_on_an_open_project():
    assert not breaks_of("TM08", **UNPOSTED)


@pytest.mark.parametrize(
    ("state", "policy", "blocked"),
    [
        ("closed", {"closed_period_policy": "hold"}, "entry"),
        ("closed", {"closed_period_policy": "reject"}, "entry"),
        ("closed", {"closed_period_policy": "shift"}, None),
        ("not_open", {"future_period_policy": "hold"}, None),
        ("not_open", {"future_period_policy": "reject"}, "entry"),
    ],
)
def test_fires_tm10_and_blocks_by_policy(state, policy, blocked):
    [found] = breaks_of(
        "TM10", **UNPOSTED, billing__entries=[{"period_state": state}],
        config__legal_entities=[policy],
    )  # fmt: skip
    assert (found["blocked_kind"], found["right_value"]) == (blocked, state.replace("_", " "))


def test_quiet_tm10_for_what_waits_in_a_document():
    assert not breaks_of(
        "TM10",
        billing__entries=[{"period_state": "closed"}],
        ops__documents=[{"state": "approved"}],
    )


def test_fires_tm11_for_negative_hours():
    [found] = breaks_of("TM11", **UNPOSTED, billing__entries=[{"seconds": -3600}])
    assert (found["blocked_id"], found["difference_seconds"]) == ("harvest:1", -3600)


def test_quiet_tm11_for_negative_hours_within_what_the_firm_allows():
    limit = {"rule": "TM11", "setting": "tolerance_negative_hours", "value": "1"}
    entries = [{"seconds": -3600}]
    assert not breaks_of("TM11", billing__entries=entries, config__rule_settings=[limit])


def test_fires_tm11_for_every_entry_of_a_day_over_24_hours():
    day = [{"seconds": 13 * 3600}, {"entry_id": "harvest:2", "is_primary": True, "seconds": 43201}]
    found = breaks_of("TM11", **UNPOSTED, billing__entries=day)
    assert [f["blocked_id"] for f in found] == ["harvest:1", "harvest:2"]


@pytest.mark.parametrize(("seconds", "fires"), [(16 * 3600, False), (16 * 3600 + 1, True)])
def test_fires_tm11_over_the_daily_limit_without_blocking(seconds, fires):
    found = breaks_of("TM11", **UNPOSTED, billing__entries=[{"seconds": seconds}])
    assert [(f["record_key"], f["blocked_kind"]) for f in found] == (
        [("day|ann@x.com|2026-03-10", None)] if fires else []
    )


def test_quiet_tm11_for_a_day_of_exactly_24_hours_under_a_limit_of_24():
    limit = {"rule": "LIMIT", "setting": "daily_hours", "value": "24"}
    entry = [{"seconds": 24 * 3600}]
    assert not breaks_of("TM11", billing__entries=entry, config__rule_settings=[limit])


@pytest.mark.parametrize(("seconds", "fires"), [(3540, False), (3539, True), (3661, True)])
def test_fires_tm12_beyond_a_minute_of_difference(seconds, fires):
    found = breaks_of("TM12", billing__entries=[{}, {"seconds": seconds}])
    assert [f["difference_seconds"] for f in found] == ([3600 - seconds] if fires else [])


def test_fires_tm12_for_a_day_missing_in_the_psa():
    other_day = {"work_date": date(2026, 3, 9)}
    found = breaks_of("TM12", billing__entries=[{}, other_day])
    assert [f["difference_seconds"] for f in found] == [-3600, 3600]


PSA = {"entry_id": "kantata:902", "system": "kantata", "is_primary": False}
AGREED = {"work_date": date(2026, 3, 12)}
TIME = {"entry_id": "harvest:2", "system": "harvest", "is_primary": True}


@pytest.mark.parametrize(
    ("place", "cause", "said"),
    [
        ({"work_date": date(2026, 3, 17)}, "wrong_date", "on 2026-03-17."),
        ({"project_id": "zeus"}, "wrong_project", "on project zeus."),
    ],
)
def test_tm12_says_where_the_psa_has_what_it_lacks(place, cause, said):
    missing, surplus = sorted(
        breaks_of("TM12", billing__entries=[{}, place, {**PSA, **AGREED}, {**TIME, **AGREED}]),
        key=lambda row: -row["difference_seconds"],
    )
    assert {missing["cause"], surplus["cause"]} == {cause}
    assert missing["detail"].endswith(f"The PSA has them {said}")
    assert " The time system has them on " in surplus["detail"]


@pytest.mark.parametrize(
    "places",
    [
        [{"work_date": date(2026, 4, 11), "period": "2026-04"}],
        [{"work_date": date(2026, 3, 11), "seconds": 3500}],
        [{"work_date": date(2026, 3, 11), "resource_id": "bob@x.com"}],
        [{"work_date": date(2026, 3, 11), "project_id": "zeus"}],
        [{"work_date": date(2026, 3, 11)}, {**PSA, "work_date": date(2026, 3, 12)}],
    ],
    ids=["too far", "other hours", "other person", "day and project", "two would do"],
)
def test_tm12_names_no_other_place_where_it_is_not_sure(places):
    found = breaks_of("TM12", billing__entries=[{}, *places])
    assert found
    assert {row["cause"] for row in found} & {"wrong_date", "wrong_project"} == set()


def test_quiet_tm12_where_the_psa_keeps_no_actuals():
    assert not breaks_of("TM12", billing__entries=[{}])


@pytest.mark.parametrize(("extra", "fires"), [(0, False), (1, True)])
def test_fires_tm13_past_the_approval_sla_and_not_on_it(extra, fires):
    submitted = AS_OF - timedelta(days=5, seconds=extra)
    found = breaks_of(
        "TM13",
        billing__entries=[{"approval_state": "submitted"}],
        canonical__time_entries=[{"submitted_at": submitted}],
    )
    assert len(found) == int(fires)


@pytest.mark.parametrize(("days", "fires"), [(4, False), (6, True)])
def test_tm13_counts_from_the_request_that_an_entry_is_in(days, fires):
    asked = {
        "system": "harvest", "stream": "approvals", "external_id": "1", "entry_external_id": "1",
        "state": "submitted", "updated_at": AS_OF - timedelta(days=days),
    }  # fmt: skip
    found = breaks_of(
        "TM13",
        billing__entries=[{"approval_state": "submitted"}],
        canonical__time_entries=[{"submitted_at": None}],
        canonical__approvals=[asked],
    )
    assert bool(found) == fires


def test_quiet_tm13_for_a_draft():
    early = [{"submitted_at": at(1)}]
    draft = [{"approval_state": "draft"}]
    assert not breaks_of("TM13", billing__entries=draft, canonical__time_entries=early)


@pytest.mark.parametrize(("cap", "above"), [(15000, None), (14999, 1), (0, 15000)])
def test_fires_tm15_with_the_part_above_the_cap(cap, above):
    found = breaks_of("TM15", **UNPOSTED, billing__projects=[{"cap_minor": cap}])
    assert [f["at_risk_minor"] for f in found] == ([above] if above else [])


def test_tm15_counts_what_is_posted_before_what_waits():
    second = {"entry_id": "harvest:2", "external_id": "2", "is_primary": True, "system": "harvest"}
    [found] = breaks_of(
        "TM15",
        billing__projects=[{"cap_minor": 20000}],
        billing__entries=[{}, second],
        billing__rated_entries=[{}, {"entry_id": "harvest:2"}],
    )
    assert found["at_risk_minor"] == 10000


def test_quiet_tm15_without_a_cap_and_tm01_leaves_the_part_above_it_alone():
    assert not breaks_of("TM15", **UNPOSTED)
    capped = {**UNPOSTED, "billing__projects": [{"cap_minor": 0}]}
    assert not breaks_of("TM01", beside=("TM15",), **capped)


@pytest.mark.parametrize(
    ("readback", "quantity", "cause"),
    [
        (15000, "0.75000", "manual_edit_in_copy"),
        (None, "0.75000", "unknown"),
        (15000, "1.00200", "rounding"),
        (15000, "60.00000", "unit_or_timezone"),
    ],
)
def test_tm03_says_why_the_hours_differ(readback, quantity, cause):
    [found] = breaks_of(
        "TM03",
        canonical__erp_lines=[{"quantity": Decimal(quantity)}],
        ops__documents=[{"readback_minor": readback}],
    )
    assert found["cause"] == cause


def test_tm04_blames_whoever_changed_what_was_read_back():
    [found] = breaks_of(
        "TM04",
        canonical__erp_lines=[{"amount_minor": 10000}],
        ops__documents=[{"readback_minor": 15000}],
    )
    assert found["cause"] == "manual_edit_in_copy"
