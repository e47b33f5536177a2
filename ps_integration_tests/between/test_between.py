"""The short form: a mutation of every table of the warehouse that has rows, in shared nights."""

from pathlib import Path

import pytest

from ps_integration_tests.between.mutation import Mutation, generated, other
from ps_integration_tests.between.nights import Trial


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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1, 0),
        (7, 8),
        ("2026-04-09 10:00:00", "2026-04-01 10:00:00"),
        ("933.88", "934"),
        ('{"n": 4}', '{"n": 5}'),
        ("posted", "posted~"),
        (None, None),
    ],
)
def test_another_value_has_the_same_form(old: object, new: object) -> None:
    assert other(old) == new
