from datetime import date
from hashlib import sha256

import pytest

from ps_integration_tests.quality.world import VOIDED
from ps_integration_tests.reconciliation.world import UNPOSTED, at, breaks_of, runs_of

MILESTONE = {
    "system": "kantata", "external_id": "M1", "project_external_id": "K1", "name": "Go live",
    "amount_minor": 500000, "currency": "USD", "is_reached": True, "is_invoiced": False,
}  # fmt: skip


@pytest.mark.parametrize(("day", "fires"), [(17, False), (16, True)])
def test_fires_bl02_past_the_milestone_sla_and_not_on_it(day, fires):
    reached = {**MILESTONE, "reached_on": date(2026, 3, day)}
    found = breaks_of("BL02", canonical__milestones=[reached])
    assert [f["at_risk_minor"] for f in found] == ([500000] if fires else [])


@pytest.mark.parametrize("change", [{"is_invoiced": True}, {"is_reached": False}])
def test_quiet_bl02_for_what_is_billed_elsewhere_or_not_reached(change):
    milestone = {**MILESTONE, "reached_on": date(2026, 3, 1), **change}
    assert not breaks_of("BL02", canonical__milestones=[milestone])


def test_quiet_bl02_when_the_milestone_is_posted():
    milestone = {**MILESTONE, "reached_on": date(2026, 3, 1)}
    line = {"object_kind": "milestone", "object_id": "kantata:M1", "line_no": 2}
    assert not breaks_of("BL02", canonical__milestones=[milestone], ops__posting_lines=[{}, line])


EXPENSE = {
    "system": "harvest", "external_id": "X1", "project_external_id": "H1", "category": "Travel",
    "resource_external_id": "U1", "amount_minor": 8450, "currency": "USD", "is_billable": True,
    "approval_state": "approved", "has_receipt": True, "is_invoiced": False,
    "spent_on": date(2026, 3, 9),
}  # fmt: skip


def expense(**changes):
    return breaks_of("BL09", canonical__expenses=[{**EXPENSE, **changes}])


@pytest.mark.parametrize(("day", "fires"), [(10, False), (9, True)])
def test_fires_bl09_past_the_sla_of_expenses_and_not_on_it(day, fires):
    found = expense(spent_on=date(2026, 3, day))
    wanted = [(8450, "not_synced_yet", "harvest:X1", "2026-03")] if fires else []
    names = ("at_risk_minor", "cause", "record_key", "period")
    assert [tuple(row[name] for name in names) for row in found] == wanted


def test_fires_bl09_for_each_of_several_expenses():
    two = [EXPENSE, {**EXPENSE, "external_id": "X2"}]
    found = breaks_of("BL09", canonical__expenses=two)
    assert [row["right_value"] for row in found] == ["not billed", "not billed"]


@pytest.mark.parametrize(
    ("changes", "cause", "said"),
    [
        ({"approval_state": "submitted"}, "unauthorised_posting", "is billed and is submitted."),
        ({"approval_state": "rejected"}, "unauthorised_posting", "is billed and is rejected."),
        ({"has_receipt": False}, "master_data_incomplete", "is billed and has no receipt."),
    ],
)
def test_fires_bl09_for_what_is_billed_without_approval_or_receipt(changes, cause, said):
    [found] = expense(is_invoiced=True, **changes)
    assert (found["cause"], found["difference_minor"]) == (cause, -8450)
    assert found["detail"] == f"Travel of 2026-03-09 for 84.50 USD in harvest {said}"


@pytest.mark.parametrize(
    "changes",
    [
        {"is_invoiced": True},
        {"is_invoiced": True, "has_receipt": None},
        {"is_billable": False},
        {"approval_state": "submitted"},
        {"spent_on": date(2026, 1, 31)},
    ],
)
def test_quiet_bl09_for_what_is_billed_and_proven_or_not_to_be_billed(changes):
    assert not expense(**changes)


def test_quiet_bl09_when_a_posted_line_of_ours_bills_it():
    line = {"object_kind": "expense", "object_id": "harvest:X1", "line_no": 2}
    assert not breaks_of("BL09", canonical__expenses=[EXPENSE], ops__posting_lines=[{}, line])


AWAY = {"home_legal_entity": "uk", "work_date": date(2026, 2, 10), "period": "2026-02"}
CHARGE = {
    "system": "bc", "external_id": "IC1", "from_legal_entity": "uk", "to_legal_entity": "us",
    "project_key": "Apollo ", "period": "2026-02", "is_posted": True, "amount_minor": 9000,
    "currency": "GBP",
}  # fmt: skip
ELSEWHERE = {**CHARGE, "external_id": "IC9", "from_legal_entity": "de", "project_key": "zeus"}

HERMES = {
    "entry_id": "harvest:2", "project_id": "hermes", "is_primary": True, "is_billable": True,
    "is_deleted": False,
}  # fmt: skip


def charged(*charges, **changes):
    entries = [{**AWAY, **changes}, {"entry_id": "harvest:2"}]
    return breaks_of(
        "BL07", billing__entries=entries, canonical__intercompany_charges=[ELSEWHERE, *charges]
    )


@pytest.mark.parametrize(
    ("charges", "cause", "said"),
    [
        ([], "not_synced_yet", "no charge"),
        ([{**CHARGE, "is_posted": False}], "not_synced_yet", "no charge"),
        ([CHARGE, {**CHARGE, "external_id": "IC2", "amount_minor": -9000}], "not_synced_yet",
         "no charge"),
        ([{**CHARGE, "from_legal_entity": "us", "to_legal_entity": "uk"}], "not_synced_yet",
         "no charge"),
        ([{**CHARGE, "project_key": "zeus"}], "wrong_project", "charged for zeus"),
        ([{**CHARGE, "period": "2026-01"}], "wrong_date", "charged in 2026-01"),
    ],
)  # fmt: skip
def test_fires_bl07_when_another_entity_s_people_worked_and_nothing_charges_it(
    charges, cause, said
):
    [found] = charged(*charges)
    assert (found["cause"], found["right_value"]) == (cause, said)
    assert (found["record_key"], found["period"]) == ("uk|apollo|USD", "2026-02")
    assert found["at_risk_minor"] == found["difference_minor"] > 0
    assert found["detail"].startswith(
        "1 person of uk worked 1.00 h on apollo of us in 2026-02, and"
    )


def test_fires_bl07_and_lets_one_charge_gone_astray_explain_one_piece_of_work():
    """Two projects are not charged, one charge names a third: it is the one of its amount."""
    worked = {"amount_minor": 30000}, {"entry_id": "harvest:2", "amount_minor": 15000}
    for amount, explained in ((29000, "apollo"), (16000, "hermes")):
        stray = {**CHARGE, "project_key": "zeus", "currency": "USD", "amount_minor": amount}
        found = breaks_of(
            "BL07",
            billing__entries=[AWAY, {**AWAY, **HERMES}],
            billing__rated_entries=list(worked),
            canonical__intercompany_charges=[stray],
        )
        assert {row["project_id"]: row["cause"] for row in found} == {
            "apollo": "not_synced_yet", "hermes": "not_synced_yet", explained: "wrong_project",
        }  # fmt: skip


def test_fires_bl07_once_for_each_charge_of_one_wrong_project():
    """Two charges name the same wrong project: each explains work of its own."""
    stray = {**CHARGE, "project_key": "zeus", "currency": "USD", "amount_minor": 14000}
    found = breaks_of(
        "BL07",
        billing__entries=[AWAY, {**AWAY, **HERMES}],
        billing__rated_entries=[{}, {"entry_id": "harvest:2", "amount_minor": 30000}],
        canonical__intercompany_charges=[
            stray, {**stray, "external_id": "IC2", "amount_minor": 31000},
        ],
    )  # fmt: skip
    assert {(row["project_id"], row["cause"], row["right_id"]) for row in found} == {
        ("apollo", "wrong_project", "IC1"), ("hermes", "wrong_project", "IC2"),
    }  # fmt: skip


def test_fires_bl07_without_any_charge_only_where_the_firm_asks_for_them():
    entries = [AWAY, {"entry_id": "harvest:2"}]
    assert not breaks_of("BL07", billing__entries=entries)
    asked = {"rule": "BL07", "setting": "tolerance_requires_charges", "value": "1"}
    assert breaks_of("BL07", billing__entries=entries, config__rule_settings=[asked])


@pytest.mark.parametrize("day", [date(2026, 2, 28), date(2026, 3, 1)])
def test_quiet_bl07_until_the_month_is_over_and_the_days_after_it(day):
    assert bool(charged(work_date=day, period=f"{day:%Y-%m}")) is (day.month == 2)


@pytest.mark.parametrize("charge", [CHARGE, {**CHARGE, "project_key": None}])
def test_quiet_bl07_when_the_project_or_the_whole_month_is_charged(charge):
    assert not charged(charge)


@pytest.mark.parametrize(
    "changes",
    [
        {"home_legal_entity": "us"},
        {"home_legal_entity": None},
        {"is_billable": False},
        {"approval_state": "submitted"},
        {"is_deleted": True},
        {"is_primary": False},
        {"project_is_billable": False},
        {"work_date": date(2026, 1, 31), "period": "2026-01"},
    ],
)
def test_quiet_bl07_for_what_nobody_is_owed_for(changes):
    assert not charged(**changes)


@pytest.mark.parametrize("theirs", [[], [{"status": "paid"}]])
def test_fires_bl03_when_the_psa_lost_or_changed_what_it_was_told(theirs):
    [found] = breaks_of("BL03", canonical__invoice_statuses=theirs)
    assert (found["left_value"], found["right_id"]) == ("open", "K1")
    assert found["right_value"] == (theirs[0]["status"] if theirs else "nothing")


def test_fires_bl03_for_a_status_we_never_told():
    other = {"reference": "G404", "subject_external_id": "K2", "status": "paid"}
    [found] = breaks_of("BL03", canonical__invoice_statuses=[{}, other])
    assert found["left_value"] == "no such document"


def test_quiet_bl03_for_what_was_told_after_the_last_read_began():
    told = [{"status": "paid", "told_at": at(20, 4), "changed_at": at(20, 4)}]
    assert not breaks_of("BL03", ops__feedback=told)
    assert not breaks_of("BL03", ops__feedback=told, canonical__invoice_statuses=[])


def test_quiet_bl03_when_the_erp_changed_only_tonight():
    assert not breaks_of("BL03", canonical__erp_documents=[{"status": "paid"}])


def test_fires_bl06_when_the_erp_total_differs_and_holds_its_customer():
    [found] = breaks_of("BL06", canonical__erp_documents=[{"amount_minor": 14000}])
    assert (found["at_risk_minor"], found["blocked_kind"]) == (1000, "customer")
    assert found["blocked_id"] == "acme"


def test_fires_bl06_when_a_line_is_missing_or_the_document_is():
    assert breaks_of("BL06", canonical__erp_lines=[{}, {"line_no": 2, "amount_minor": 0}])
    lost = [{"external_id": "G5", "reference": ""}]
    [found] = breaks_of("BL06", canonical__erp_documents=lost)
    assert found["at_risk_minor"] == 15000


def test_fires_bl06_when_the_erp_lists_no_document_at_all():
    [found] = breaks_of("BL06", canonical__erp_documents=[], canonical__erp_lines=[])
    assert (found["at_risk_minor"], found["blocked_kind"]) == (15000, "customer")
    assert "in its list" in found["detail"]


@pytest.mark.parametrize(("policy", "rules"), [("hold", 1), ("rebill", 1), ("leave", 0)])
def test_bl06_holds_nothing_once_a_look_up_said_that_it_is_gone(policy, rules):
    gone = [{"document_ref": "PS-APOLLO-202603-1", "amount_minor": 15000, "currency": "USD"}]
    found = breaks_of(
        "BL06",
        canonical__erp_documents=[],
        canonical__erp_lines=[],
        ops__erp_reversals=gone,
        config__legal_entities=[{"voided_policy": policy}],
    )
    assert [(row["blocked_kind"], f"is gone: {policy}." in row["detail"]) for row in found] == [
        (None, True)
    ] * rules


def test_quiet_bl06_when_the_erp_cancelled_it_which_bl05_says():
    gone = [{"document_ref": "PS-APOLLO-202603-1", "amount_minor": 15000, "currency": "USD"}]
    emptied = [{**VOIDED, "amount_minor": 0}]
    assert not breaks_of("BL06", canonical__erp_documents=emptied, ops__erp_reversals=gone)


def test_quiet_bl06_for_a_document_confirmed_after_the_last_read():
    lost = [{"external_id": "G5", "reference": ""}]
    tonight = [{"confirmed_at": at(20, 4)}]
    assert not breaks_of("BL06", canonical__erp_documents=lost, ops__documents=tonight)


def test_bl06_tolerates_what_the_firm_tolerates():
    cent = {"rule": "BL06", "setting": "minor", "value": "1"}
    document = [{"amount_minor": 14999}]
    assert not breaks_of("BL06", canonical__erp_documents=document, config__rule_settings=[cent])


@pytest.mark.parametrize("problem", ["fx_missing", "fx_stale"])
def test_fires_bl08_once_per_pair_and_project(problem):
    rated = [{"problem": problem, "rate_currency": "EUR", "amount_minor": None}]
    [found] = breaks_of("BL08", **UNPOSTED, billing__rated_entries=rated)
    assert (found["left_id"], found["blocked_id"]) == ("EUR to USD", "apollo")
    assert (found["at_risk_minor"], found["currency"]) == (15000, "EUR")


def test_quiet_bl08_for_a_missing_rate_of_an_hour():
    rated = [{"problem": "rate_missing"}]
    assert not breaks_of("BL08", **UNPOSTED, billing__rated_entries=rated)


def test_fires_bl04_while_the_psa_still_says_billed():
    [found] = breaks_of("BL04", canonical__erp_documents=[VOIDED])
    assert (found["right_system"], found["right_value"]) == ("kantata", "open")
    assert found["at_risk_minor"] == 15000


def test_quiet_bl04_when_the_psa_knows_or_nothing_is_cancelled():
    told = [{"status": "cancelled"}]
    assert not breaks_of("BL04")
    assert not breaks_of(
        "BL04", canonical__erp_documents=[VOIDED], canonical__invoice_statuses=told
    )


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (VOIDED, "cancelled"),
        ({"status": "draft", "is_posted": False, "is_standing": False}, "a draft again"),
        ({"amount_minor": 14000}, "total"),
        ({"number": "S-INV9"}, "number"),
        ({"posting_date": date(2026, 4, 1)}, "period"),
    ],
)
def test_fires_bl05_for_what_changed_in_the_erp(change, what):
    ours = [{"posting_date": date(2026, 3, 15)}]
    [found] = breaks_of("BL05", canonical__erp_documents=[change], ops__documents=ours)
    assert f"shows another: {what}." in found["detail"]


def test_quiet_bl05_when_nothing_changed_or_the_voided_one_is_billed_again():
    ours = [{"posting_date": date(2026, 3, 15)}]
    assert not breaks_of("BL05", ops__documents=ours)
    again = {"document_ref": "PS-APOLLO-202603-2", "erp_id": "G2", "erp_number": "S-INV2"}
    line = {
        "document_ref": "PS-APOLLO-202603-2",
        "part": 2,
        "corrects_document_ref": "PS-APOLLO-202603-1",
        "corrects_reason": "voided_in_erp",
    }
    assert not breaks_of(
        "BL05",
        canonical__erp_documents=[VOIDED],
        ops__documents=[*ours, again],
        ops__posting_lines=[{}, line],
    )


BILLED = {**MILESTONE, "amount_minor": 15000, "reached_on": date(2026, 3, 1)}
BILLED_LINE = {"object_kind": "milestone", "object_id": "kantata:M1",
               "version_sha256": sha256(b"15000|USD|2026-03-01").hexdigest()}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "rule", "minor"),
    [
        ({}, None, 0),
        ({"name": "Going live"}, None, 0),
        ({"reached_on": date(2026, 3, 2)}, None, 0),
        ({"reached_on": date(2026, 2, 28)}, "TM06", 0),
        ({"amount_minor": 18000}, "TM06", 3000),
        ({"amount_minor": 9000}, "TM06", -6000),
        ({"currency": "EUR"}, "TM06", -15000),
        ({"is_reached": False, "reached_on": None}, "TM07", -15000),
    ],
)
def test_a_milestone_that_is_another_than_was_billed(change, rule, minor):
    """150.00 USD of it were posted."""
    lines = {"ops__posting_lines": [BILLED_LINE], "canonical__milestones": [{**BILLED, **change}]}
    found = runs_of(lines, {"TM06", "TM07"})
    told = [(code, row["difference_minor"], row["at_risk_minor"])
            for code, run in found.items() for row in run.found
            if row["record_key"] == "kantata:M1"]  # fmt: skip
    assert told == ([(rule, minor, abs(minor))] if rule else [])


def test_quiet_tm07_for_a_milestone_that_is_only_absent():
    """Nothing says that it was deleted."""
    lines = {"ops__posting_lines": [BILLED_LINE], "canonical__milestones": []}
    assert not [row for row in breaks_of("TM07", **lines) if row["record_key"] == "kantata:M1"]
