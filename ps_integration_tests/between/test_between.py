"""The short form: the warehouse by table, in shared nights; the operational store by column."""

from pathlib import Path

import pytest

from ps_integration_tests.between.mutation import Mutation, generated, other
from ps_integration_tests.between.nights import STATE, Trial, reason_of
from ps_integration_tests.between.trail import told
from ps_integration_tests.regressions.firm import served
from ps_integration_tests.upgrades.packed import unpack


@pytest.mark.e2e
def test_what_is_changed_in_the_warehouse_between_nights_changes_nothing(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    first: dict[tuple[str, str], Mutation] = {}
    for one in generated(trial.state, 1):
        if one.store == "warehouse":
            kind = one.what if one.what in {"deleted", "doubled"} else "changed"
            first.setdefault((one.table, kind), one)
    assert len(first) > 40
    verdicts = [*trial.judge([*first.values()], together=100)]
    assert [one for one in verdicts if one.state not in {"repaired", "equal", "exempt"}] == []


@pytest.mark.e2e
def test_what_is_changed_in_the_operational_store_is_witnessed_or_named(tmp_path: Path) -> None:
    unpack("northlight", tmp_path)
    with served(tmp_path) as firm:
        assert firm.run("store", "backup", "copy").code == 0  # brings the store to this release
    state = tmp_path / STATE
    found = [one for one in generated(state, 1) if one.store == "operational"]
    assert len(found) > 200
    said = dict(told(state, found, tmp_path / "mutated.sqlite"))
    silent = [one for one in found if not said[one] and not reason_of(one)]
    assert [str(one) for one in silent] == []
    assert [one for one in found if said[one].startswith("unexpected")] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1, 0),
        (7, 8),
        ("2026-04-09 10:00:00", "2026-04-01 10:00:00"),
        ("933.88", "934"),
        ('{"n": 4}', '{"n": 5}'),
        ("posted", "posted~"),
        ("2026-04-01", "2026-04-02"),
    ],
)
def test_another_value_has_the_same_form(old: object, new: object) -> None:
    assert other(old) == new
