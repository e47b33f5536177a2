import itertools
from typing import get_args

import pytest

from ps_integration.domain.posting import (
    ATTEMPTS_MAX,
    FINAL,
    TRANSITIONS,
    Outcome,
    State,
    TransitionRefusedError,
    after_answer,
    after_lookup,
    require,
)


def product(*axes):
    return list(itertools.product(*axes))


STATES = (None, *get_args(State))


@pytest.mark.parametrize(("before", "after"), product(STATES, get_args(State)))
def test_only_listed_steps_are_taken(before, after):
    if (before, after) in TRANSITIONS:
        assert require("D", before, after) == TRANSITIONS[before, after]
        return
    with pytest.raises(TransitionRefusedError, match=f"cannot become {after}"):
        require("D", before, after)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_state_leads_nowhere(state):
    assert [step for step in TRANSITIONS if step[0] == state] == []


def test_every_state_can_be_reached_and_every_other_one_left():
    assert {after for _, after in TRANSITIONS} == set(get_args(State))
    assert {before for before, _ in TRANSITIONS} - {None} == set(get_args(State)) - FINAL


@pytest.mark.parametrize(
    ("outcome", "phase", "doubtful"),
    product(get_args(Outcome), ("create", "post"), (True, False)),
)
def test_every_answer_leads_to_a_step_that_the_table_allows(outcome, phase, doubtful):
    state = after_answer(outcome, phase, is_doubtful=doubtful, made="posted")
    assert ("sending", state) in TRANSITIONS
    if outcome != "accepted" and doubtful:
        assert state == "unknown"


def test_a_refused_resend_is_not_a_verdict():
    assert after_answer("refused", "create", is_doubtful=False, made="draft") == "refused"
    assert after_answer("refused", "create", is_doubtful=True, made="draft") == "unknown"


@pytest.mark.parametrize(
    ("found", "phase", "posting_class", "settled", "attempts"),
    product(
        ("absent", "posted", "draft", "different", "several"),
        ("create", "post"),
        "KUFN",
        (True, False),
        (1, ATTEMPTS_MAX),
    ),
)
def test_every_lookup_leads_to_an_allowed_step_or_waits(
    found, phase, posting_class, settled, attempts
):
    state = after_lookup(found, phase, posting_class, is_settled=settled, attempts=attempts)
    assert state == "unknown" or ("unknown", state) in TRANSITIONS
    if state == "sending":
        assert found == "absent"
        assert phase == "create"
        assert posting_class != "N"
        assert attempts < ATTEMPTS_MAX
        assert settled or posting_class in "KU"
