"""Who may say that records which went missing all at once were deleted, and when it counts."""

import pytest
from sqlalchemy import select

from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import deletions
from ps_integration.stores.operational.deletions import Missing
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.stores.operational.models import Audit
from ps_integration_tests.posting.making import AS_OF

SINCE = {"1001": "2026-04-02T22:00:00+00:00"}


def say(store, who, amounts, note="Left the old system"):
    missing = Missing("sheets", "time_entries", SINCE, amounts)
    with store.session() as session:
        return deletions.accept(session, missing, Decider(who, AS_OF, note, Approval()))


def test_one_person_is_enough_where_nothing_posted_rests_on_it(store):
    assert say(store, "maria", {}).decision == "accepted"
    with pytest.raises(AskFinanceError, match="maria has accepted it"):
        say(store, "olga", {})


def test_posted_work_needs_another_person_and_the_trail_has_both(store):
    assert say(store, "maria", {"GBP": 93388}).decision == "proposed"
    with pytest.raises(AskFinanceError, match="another person accepts it"):
        say(store, "maria", {"GBP": 93388})
    assert say(store, "olga", {"GBP": 93388}).decision == "accepted"
    with store.snapshot() as session:
        actions = session.scalars(select(Audit.action).where(Audit.action.contains("deletion")))
        assert list(actions) == ["propose_deletion", "accept_deletion"]


def test_what_changed_since_the_proposal_is_proposed_anew(store):
    say(store, "maria", {"GBP": 93388})
    assert say(store, "olga", {"GBP": 100000}).decision == "proposed"


@pytest.mark.parametrize(("who", "note"), [("schedule", "why"), ("maria", " ")])
def test_a_person_says_it_with_a_reason(store, who, note):
    with pytest.raises(AskFinanceError):
        say(store, who, {}, note)
