import itertools
from typing import get_args

import pytest

from ps_integration.domain.posting import (
    ATTEMPTS_MAX,
    FINAL,
    LONGEST_WAIT_SECONDS,
    TRANSITIONS,
    Lookup,
    Outcome,
    Recovery,
    Scope,
    State,
    TransitionRefusedError,
    after_answer,
    after_lookup,
    asks_for,
    class_at,
    is_put_off,
    is_verdict,
    require,
    wait_seconds,
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
    ("outcome", "recovery", "phase", "doubtful", "put_off"),
    product(
        get_args(Outcome),
        get_args(Recovery),
        ("create", "post"),
        (True, False),
        (1, ATTEMPTS_MAX),
    ),
)
def test_every_answer_leads_to_a_step_that_the_table_allows(
    outcome, recovery, phase, doubtful, put_off
):
    state = after_answer(
        outcome, phase, is_doubtful=doubtful, made="posted", recovery=recovery, put_off=put_off
    )
    assert ("sending", state) in TRANSITIONS
    if outcome != "accepted" and doubtful:
        assert state == "unknown"
    if state == "refused":
        assert is_verdict(outcome, recovery)
        assert phase == "create"
    if state == "dead":
        assert is_put_off(outcome, recovery)
        assert put_off == ATTEMPTS_MAX


@pytest.mark.parametrize(
    ("outcome", "recovery", "state"),
    [
        ("refused", "retry_later", "approved"),
        ("refused", "fix_configuration", "approved"),
        ("refused", "fix_data", "refused"),
        ("refused", "outcome_unknown", "unknown"),
        ("throttled", "", "approved"),
        ("not_sent", "", "approved"),
        ("ambiguous", "", "unknown"),
    ],
)
def test_each_kind_of_refusal_of_a_first_send_has_its_own_end(outcome, recovery, state):
    answer = after_answer(outcome, "create", is_doubtful=False, made="draft", recovery=recovery)
    assert answer == state


@pytest.mark.parametrize(("recovery", "scope"), product(get_args(Recovery), get_args(Scope)))
def test_a_set_up_that_lacks_something_for_one_document_is_a_verdict_on_it(recovery, scope):
    is_narrow = recovery == "fix_configuration" and scope in {"document", "project"}
    assert asks_for(recovery, scope) == ("fix_data" if is_narrow else recovery)


def test_waits_grow_from_what_the_vendor_asked_for():
    assert [wait_seconds(times, None) for times in (1, 2, 3)] == [1, 4, 16]
    assert [wait_seconds(times, 30) for times in (1, 2)] == [30, 120]
    assert wait_seconds(8, 60) == LONGEST_WAIT_SECONDS
    assert wait_seconds(1, 100_000) == 100_000


@pytest.mark.parametrize(
    ("posting_class", "retention", "age", "counts_as"),
    [
        ("K", None, 10**9, "K"),
        ("K", 1000, 500, "K"),
        ("K", 1000, 501, "F"),
        ("U", 1000, 501, "U"),
        ("N", 1000, 501, "N"),
    ],
)
def test_a_key_counts_for_half_of_its_retention(posting_class, retention, age, counts_as):
    assert class_at(posting_class, retention, age) == counts_as


def test_a_refused_resend_is_not_a_verdict():
    assert after_answer("refused", "create", is_doubtful=False, made="draft") == "refused"
    assert after_answer("refused", "create", is_doubtful=True, made="draft") == "unknown"


@pytest.mark.parametrize(
    ("found", "phase", "posting_class", "settled", "attempts"),
    product(get_args(Lookup), ("create", "post"), "KUFN", (True, False), (1, ATTEMPTS_MAX)),
)
def test_every_lookup_leads_to_exactly_one_end(found, phase, posting_class, settled, attempts):
    state = after_lookup(found, phase, posting_class, is_settled=settled, attempts=attempts)
    assert state == "unknown" or ("unknown", state) in TRANSITIONS
    assert state == expected_end(found, phase, posting_class, settled, attempts)


def expected_end(found, phase, posting_class, settled, attempts):
    """The table in plain words, written apart from the code."""
    if found != "absent":
        draft = "unknown" if phase == "post" and not settled else "draft"
        return {"posted": "posted", "draft": draft, "copies": draft}.get(found, "held")
    if posting_class == "N":
        return "held"
    if phase == "post":  # the draft that was to be posted is gone
        return "held" if settled else "unknown"
    if posting_class == "F" and not settled:
        return "unknown"
    return "dead" if attempts >= ATTEMPTS_MAX else "sending"
