import dataclasses
from pathlib import Path

import pytest

from ps_integration.contracts.found import COLUMNS
from ps_integration.domain.breaks import id_of
from ps_integration.errors import FixConfigError
from ps_integration.reconciliation import engine
from ps_integration.reconciliation.consequences import roots_of
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reconciliation.world import RULES, UNPOSTED, fill, ran, runs_of


def _run(sql, settings=(), **changes):
    rule = dataclasses.replace(RULES["TM13"], sql=sql, needs_period=False, tolerances={})
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, {"config__rule_settings": list(settings)})
        runs = ran(warehouse, [rule, RULES["MD01"]])
        status = {row["rule"]: row["status"] for row in warehouse.rows(
            "select rule, status from reconciliation.rule_runs")}  # fmt: skip
    assert status["MD01"] == "clean"
    return runs["TM13"]


def _select(**values):
    columns = {
        "record_key": "'k'", "period": "''", "cause": "'unknown'", "detail": "'said'", **values
    }  # fmt: skip
    return "select " + ", ".join(f"{columns.get(n, 'null')} as {n}" for n in COLUMNS)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select * from nowhere", "nowhere"),
        ("select 1 as record_key", "must select exactly"),
        (_select(cause="'magic'"), "cause='magic'"),
        (_select(at_risk_minor="1.5", currency="'GBP'"), "at_risk_minor"),
        (_select(blocked_kind="'planet'", blocked_id="'x'"), "blocked_kind"),
    ],
)
def test_a_rule_that_goes_wrong_could_not_run_and_the_others_go_on(sql, said):
    run = _run(sql)
    assert (run.status, run.found) == ("could_not_run", ())
    assert said in run.message


@pytest.mark.parametrize("money", ["at_risk_minor", "difference_minor"])
def test_money_without_a_currency_is_left_out_and_the_break_stays(money):
    run = _run(_select(**{money: "5"}))
    assert (run.status, run.found[0]["record_key"], run.found[0][money]) == ("found", "k", None)


def test_a_key_too_long_for_the_store_is_shortened_the_same_way_every_night():
    first, again = (_run(_select(record_key="repeat('k', 320)")).found[0] for _ in range(2))
    other = _run(_select(record_key="repeat('k', 319) || 'x'")).found[0]
    assert len(first["record_key"]) == 255
    assert first["record_key"] == again["record_key"] != other["record_key"]


@pytest.mark.parametrize(
    "odd",
    [
        {"record_key": "null"},
        {"record_key": "' '"},
        {"period": "'March'"},
        {"period": "null"},
        {"detail": "null"},
        {"currency": "'pounds'", "at_risk_minor": "5"},
    ],
)
def test_a_row_that_cannot_be_read_holds_what_it_names_and_the_rule_lives(odd):
    good = _select()
    run = _run(
        good + " union all " + _select(**{"entry_id": "'clock:1'", "record_key": "'o'", **odd})
    )
    assert run.status == "found"
    keys = {row["record_key"]: row for row in run.found}
    assert set(keys) == {"k", *[key for key in keys if key.startswith("unreadable|clock:1|")]}
    [named] = [row for key, row in keys.items() if key != "k"]
    assert (named["cause"], named["entry_id"]) == ("unknown", "clock:1")
    assert "TM13 found entry clock:1 and cannot say what is wrong with it" in named["detail"]


def test_two_rows_under_one_key_are_two_breaks():
    run = _run(_select() + " union all " + _select(detail="'other'", project_id="'P'"))
    assert run.status == "found"
    assert len({row["record_key"] for row in run.found}) == 2


def test_a_blocking_rule_whose_odd_row_names_nothing_could_not_run():
    rule = dataclasses.replace(
        RULES["MD01"], sql=_select(record_key="null"), needs_period=False, tolerances={}
    )
    with Warehouse(Path(":memory:")) as warehouse:
        fill(warehouse, {})
        run = ran(warehouse, [rule])["MD01"]
    assert (run.status, run.holds_posting) == ("could_not_run", True)
    assert "names nothing that could be held" in run.message


def test_what_rules_share_and_cannot_be_made_holds_posting_and_stops_no_other_rule(monkeypatch):
    def fails(_queries):
        raise ValueError("no likeness tonight")

    monkeypatch.setattr(engine.likeness, "fill", fails)
    runs = runs_of({}, {"MD06", "TM13"})
    assert (runs["MD06"].status, runs["MD06"].holds_posting) == ("could_not_run", True)
    assert "no likeness tonight" in runs["MD06"].message
    assert runs["TM13"].status == "clean"


def test_what_a_rule_finds_is_written_under_its_code():
    run = _run(_select(at_risk_minor="5", currency="'USD'"))
    assert (run.status, run.found[0]["rule"], run.found[0]["at_risk_minor"]) == ("found", "TM13", 5)


def test_a_switched_off_rule_does_not_run():
    off = {"rule": "MD01", "setting": "is_enabled", "value": "false"}
    assert "MD01" not in runs_of({"config__rule_settings": [off]}, {"MD01", "MD03"})


def test_the_firm_changes_severity_owner_and_blocking():
    settings = [
        {"rule": "MD01", "setting": setting, "value": value}
        for setting, value in (("severity", "low"), ("owner", "pmo"), ("blocks", "false"))
    ]
    changes = {"config__rule_settings": settings, "billing__projects": [{"erp_external_id": None}]}
    run = runs_of(changes, {"MD01"})["MD01"]
    assert (run.outcome.severity, run.outcome.owner) == ("low", "pmo")
    assert run.found[0]["blocked_kind"] is None


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"rule": "XX99", "setting": "severity", "value": "low"}, "no rule XX99"),
        ({"rule": "MD01", "setting": "severity", "value": "big"}, "rules.MD01.severity"),
        ({"rule": "MD01", "setting": "hours", "value": "1"}, "no tolerance hours"),
        ({"rule": "TM03", "setting": "hours", "value": "-1"}, "rules.TM03.tolerances.hours"),
        ({"rule": "TM03", "setting": "blocks", "value": "true"}, "nothing it could hold"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key_path(setting, said):
    with pytest.raises(FixConfigError, match=said):
        runs_of({"config__rule_settings": [setting]}, {"MD01", "TM03"})


def test_a_role_no_system_has_does_not_hold_posting():
    run = runs_of({"config__systems": [{"roles": "crm"}, {}, {}]}, {"MD01"})["MD01"]
    assert (run.status, run.holds_posting) == ("not_applicable", False)
    assert run.message == "no system has the role psa"


def test_an_erp_that_was_not_read_completely_is_not_an_empty_one():
    failed = [{}, {}, {}, {"status": "failed"}]
    changes = {"canonical__projects": [{}, {}], "raw__reads": failed}
    run = runs_of(changes, {"MD01"})["MD01"]
    assert (run.status, run.holds_posting) == ("could_not_run", True)
    read = runs_of({"canonical__projects": [{}, {}]}, {"MD01"})["MD01"]
    assert read.status == "clean"


def test_a_break_on_an_entry_hangs_on_the_one_that_holds_its_project():
    changes = {
        **UNPOSTED,
        "billing__projects": [{"erp_external_id": None}],
        "billing__rated_entries": [{"problem": "rate_missing", "amount_minor": None}],
    }
    found = [row for run in runs_of(changes).values() for row in run.found]
    by_rule = {str(row["rule"]): id_of(row) for row in found}
    assert set(by_rule) == {"MD01", "MD09"}
    assert roots_of(found) == {by_rule["MD09"]: by_rule["MD01"]}


def test_control_totals_hang_on_the_line_that_differs():
    changes = {
        "canonical__erp_lines": [{"amount_minor": 14000}],
        "canonical__erp_documents": [{"amount_minor": 14000}],
    }
    found = [row for run in runs_of(changes).values() for row in run.found]
    by_rule = {str(row["rule"]): id_of(row) for row in found}
    assert roots_of(found) == {
        by_rule["BL05"]: by_rule["TM04"],
        by_rule["BL06"]: by_rule["TM04"],
    }
