"""A short selection of the crash matrix: every wire fault on every pair, every labelled step.

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
def test_a_kill_on_any_fault_loses_and_doubles_nothing(erp, store):
    """Every ERP meets every fault, half of them on either store."""
    at = PAIRS.index((erp, store))
    steps, half = places(), MATRIX[at % 2 :: 2]
    with running(world.opened, erp, store) as opened:
        for number, kind in enumerate(half, at * len(half)):
            result = opened.play(draw(erp, store, kind, number, steps[number % len(steps)]))
            assert result.verdict == "ok", complaint(result)


def test_every_step_is_where_a_life_ended():
    with running(world.opened, "business_central", "sqlite") as opened:
        for number, place in enumerate(places()):
            result = opened.play(draw("business_central", "sqlite", "none", number, place))
            assert result.verdict == "ok", complaint(result)
            assert place in result.killed_at


def test_fresh_processes_of_the_command_line_lose_and_double_nothing():
    spec = draw("business_central", "sqlite", "timeout_after_commit", 1, "P4 answered")
    with running(fresh.opened, spec.erp, spec.store) as opened:
        result = opened.play(spec)
    assert result.verdict == "ok", complaint(result)
    assert result.kills == 1


BROKEN = [
    ("business_central", "no_look_up", {}),
    ("business_central", "no_settle_time", {}),
    ("business_central", "key_per_life", {}),
    ("xero", "refusal_is_final", {3: Fault("refused")}),
]
"""Broken engines, each with an ERP where it does harm, and what comes beside a slow commit."""


@pytest.mark.parametrize(("erp", "mutant", "more"), BROKEN, ids=[one[1] for one in BROKEN])
def test_a_broken_engine_is_caught(erp, mutant, more):
    spec = draw(erp, "sqlite", "slow_commit", 1)
    spec = replace(
        spec,
        amounts=((100,), (200,)),
        delay_seconds=600.0,
        drift_seconds=0.0,
        faults={1: Fault("slow_commit", late_seconds=300.0), **more},
        kills=(Kill(),),
        gaps_seconds=(0.0,),
    )
    with running(world.opened, erp, "sqlite") as opened:
        assert opened.play(spec).verdict == "ok"
        opened.tamper = MUTANTS[mutant]
        result = opened.play(replace(spec, seed=2))
    assert result.verdict == "violated"
    assert not any("ended with an error" in problem for problem in result.problems)


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
