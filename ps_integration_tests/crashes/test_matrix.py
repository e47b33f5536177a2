"""A short selection of the crash matrix: every labelled step and every wire fault, on every pair.

The whole of it runs by `make crashes`.
"""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from ps_integration_tests.crashes import fresh, results, stores, world
from ps_integration_tests.crashes.__main__ import KINDS_OF_STORE, complaint, folder, main
from ps_integration_tests.crashes.faults import MATRIX, Fault
from ps_integration_tests.crashes.mutants import MUTANTS
from ps_integration_tests.crashes.spec import Kill, draw, places
from ps_integration_tests.posting.targets import targets

TARGETS = {target.name: target for target in targets()}
PAIRS = [(name, store) for name in TARGETS for store in KINDS_OF_STORE]
NEVER_DRAFTED = {"P7 before-discard", "P8 discarded"}
"""Not passed where documents are posted as they are created."""


@contextmanager
def running(opened, erp, store):
    if not stores.is_available(store):
        pytest.skip("no PostgreSQL server on this machine")
    with (
        folder() as home,
        stores.serve(store, home) as made,
        opened(TARGETS[erp], made, home) as running,
    ):
        yield running


@pytest.mark.parametrize(("erp", "store"), PAIRS)
def test_a_kill_at_any_step_on_any_fault_loses_and_doubles_nothing(erp, store):
    killed = set()
    steps = places()
    with running(world.opened, erp, store) as opened:
        for number in range(max(len(steps), len(MATRIX))):
            place, kind = steps[number % len(steps)], MATRIX[number % len(MATRIX)]
            result = opened.play(draw(erp, store, kind, number, place))
            assert result.verdict == "ok", complaint(result)
            killed.update(result.killed_at)
    assert set(steps) - killed <= NEVER_DRAFTED


def test_fresh_processes_of_the_command_line_lose_and_double_nothing():
    spec = draw("business_central", "sqlite", "timeout_after_commit", 1, "P4 answered")
    with running(fresh.opened, spec.erp, spec.store) as opened:
        result = opened.play(spec)
    assert result.verdict == "ok", complaint(result)
    assert result.kills == 1


@pytest.fixture(scope="module")
def drafting():
    """Business Central on SQLite, for engines that are broken."""
    with running(world.opened, "business_central", "sqlite") as opened:
        yield opened


@pytest.mark.parametrize("mutant", ["no_look_up", "no_settle_time", "key_per_life"])
def test_a_broken_engine_is_caught(drafting, mutant):
    drafting.tamper = MUTANTS[mutant]
    seed = 1000 * list(MUTANTS).index(mutant)
    spec = draw("business_central", "sqlite", "slow_commit", seed)
    late = Fault("slow_commit", late_seconds=0.5 * spec.delay_seconds)
    spec = replace(spec, faults={1: late}, kills=(Kill(),), gaps_seconds=(0.0,))
    assert drafting.play(spec).verdict == "violated"


def test_results_of_several_runs_add_up(tmp_path, capsys):
    out = tmp_path / "results.jsonl"
    case = world.Result("xero", "sqlite", "slow_commit", 1, kills=1, ambiguous=2, landed=1)
    results.append(out, results.run_record(["--seed", "1"]))
    results.append(out, results.record(case))
    results.append(out, results.run_record(["--seed", "2"]))
    results.append(out, results.record(replace(case, seed=2, mode="fresh")))
    results.append(out, results.record(case))
    assert main(["--table", str(out)]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[-5].split()[:4] == ["all", "2", "2", "0"]
    assert "50 %" in shown
    results.append(out, results.record(replace(case, seed=3, lost=1, verdict="violated")))
    assert main(["--table", str(out)]) == 1
