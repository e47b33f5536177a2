"""Dagster plays the same night as the command line, and stops where the books do not balance."""

import json

import dagster as dg

from ps_integration.connectors.limits import Paces
from ps_integration.stores.operational import runs
from ps_integration.workflows import bill, steps
from ps_integration.workflows.night import CheckResult, StepResult
from ps_integration.workflows.nightly import operational_store
from ps_integration_tests.defs.conftest import SECRET


def run_row(world, run_id):
    with operational_store(world.file) as store, store.session() as session:
        return runs.find(session, run_id)


def kept(world, run_id):
    """Figures of a run that do not name the run."""
    result = run_row(world, run_id).result
    return {name: result[name] for name in ("verdict", "completeness", "batches", "posted")}


def test_the_night_makes_the_same_batches_as_the_command_line(live, live_again, instance):
    again = live_again
    again.night(run_id="from-the-command-line")

    result = live.run(instance=instance)

    assert result.success
    there, here = run_row(again, "from-the-command-line"), run_row(live, result.run_id)
    assert here.inputs["batches"] == there.inputs["batches"] != {}
    assert kept(live, result.run_id) == kept(again, "from-the-command-line")
    assert live.invoices() == again.invoices() == ["PS-AP-1-202603-1", "PS-AP-2-202603-1"]
    assert (here.status, here.job, here.trigger) == ("done", "nightly_sync", "person")


def test_figures_money_and_samples_are_shown_and_no_secret_is(live, instance):
    result = live.run(instance=instance)

    shown = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    assert shown["dispositions"]["dagster/row_count"].value == 3
    assert shown["rated_entries"]["amount"].value == "2,553.29 GBP"
    assert shown["posting_ledger"]["posted amount"].value == "2,553.29 GBP"
    assert shown["published_night"]["verdict"].value == "clear"
    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert checks["contract_projects"].metadata["row count"].value == 6
    run = instance.get_run_by_id(result.run_id)
    events = [entry.to_json() for entry in instance.all_logs(result.run_id)]
    assert SECRET not in json.dumps([run.run_config, run.tags, *events], default=str)


def unbalanced(night, warehouse):
    warehouse.execute("update billing.completeness set holds = false")
    check = CheckResult("completeness", False, "error", True, "UK GBP 2026-03: 3 are not 2")
    ledger = CheckResult("ledger", True, "error", True, "ties")
    return StepResult(0, {}, (check, ledger))


def test_a_night_that_does_not_balance_posts_nothing_and_still_has_its_report(
    live, instance, monkeypatch
):
    account = bill.account
    monkeypatch.setattr(steps.bill, "account", lambda *told: (account(*told), unbalanced(*told))[1])

    result = live.run(instance=instance)

    assert not result.success
    assert live.invoices() == []
    done = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert not done & {"posting_batches", "approvals", "posting_ledger"}
    row = run_row(live, result.run_id)
    assert (row.status, row.result["verdict"], row.inputs) == ("done", "blocked", None)
    assert row.result["failed_checks"] == ["completeness"]
    assert (live.folder / "state" / "reports" / result.run_id / "report.html").exists()
    (alert,) = (live.folder / "state" / "alerts.jsonl").read_text("utf-8").splitlines()
    assert json.loads(alert)["step"] == "equations"
    shown = instance.get_latest_materialization_event(dg.AssetKey("published_night"))
    assert shown.asset_materialization.metadata["verdict"].value == "blocked"


def test_posting_by_hand_asks_the_books_too(live, instance, monkeypatch):
    account = bill.account
    with monkeypatch.context() as patch:
        patch.setattr(steps.bill, "account", lambda *told: (account(*told), unbalanced(*told))[1])
        live.run(instance=instance)

    result = live.run("post_approved_batches", instance=instance)

    failure = result.failure_data_for_node("posting_ledger")
    assert "while completeness does not hold" in failure.error.message
    assert live.invoices() == []


def test_what_was_approved_by_hand_is_posted_in_the_morning(live, instance, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(steps.post, "post", lambda *told: StepResult(0))
        live.night()

    result = live.run("post_approved_batches", instance=instance)

    assert result.success
    assert live.invoices() == ["PS-AP-1-202603-1", "PS-AP-2-202603-1"]
    assert run_row(live, result.run_id).job == "post_approved_batches"


def test_invoice_states_are_fed_back_by_a_job_of_their_own(live, instance):
    live.night()

    result = live.run("billing_feedback", instance=instance)

    assert result.success
    read = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert "raw/books" in read
    assert "raw/sheets" not in read


def test_a_run_whose_warehouse_another_run_has_taken_stops(live, instance, monkeypatch):
    rate = bill.rate

    def taken(night, warehouse):
        warehouse.execute("update config.run set run_id = 'another'")
        return rate(night, warehouse)

    monkeypatch.setattr(steps.bill, "rate", taken)

    result = live.run(instance=instance)

    assert "run another has begun since" in result.failure_data_for_node("breaks").error.message
    assert run_row(live, result.run_id).status == "failed"


def test_the_steps_of_a_run_together_keep_the_limit_of_an_account(live, instance, monkeypatch):
    now = [0.0]
    clock = (lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(Paces.__init__, "__defaults__", clock)
    file = live.folder / "firm.yaml"
    limited = "vendor: business_central\n    requests_per_second: 1\n"
    file.write_text(file.read_text("utf-8").replace("vendor: business_central\n", limited), "utf-8")
    before = len(asked(live))

    result = live.run(instance=instance)

    assert result.success
    calls = len(asked(live)) - before
    assert any(one.is_write for one in asked(live)[-calls:])
    assert now[0] >= calls - 1


def asked(world):
    """The calls that the books have had, but for those that fetch a token."""
    return [one for one in world.server.log.requests() if "/oauth2/" not in one.path]
