"""A match whose money differs waits until another user of the machine confirms it."""

import pytest

from ps_integration.domain.identity import current_user
from ps_integration.errors import AskFinanceError
from ps_integration_tests.e2e.conftest import THIRD, World
from ps_integration_tests.e2e.test_commands import run, said
from ps_integration_tests.e2e.test_match_commands import (
    FOURTH,
    LINE,
    OTHER,
    balances,
    fate,
    planned,
    propose,
    second,
    tm02,
    type_invoice,
    typed,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.e2e


def test_a_match_whose_money_differs_settles_nothing_until_another_person_confirms(typed: World):  # noqa: F811
    number = propose(typed)
    [decision] = said(run(typed, "matches", "list", "--json"))["decisions"]
    assert decision["state"] == "waits for a second person"
    typed.night(THIRD)
    assert OTHER in planned(typed)
    assert "which waits for another person to confirm it." in tm02(typed)[0]
    own = ("matches", "confirm", str(number), "--note", "It is fine", "--json")
    told = said(run(typed, *own))["message"]
    assert told == (f"decision {number}: {current_user()} proposed it; another person must confirm")
    second(typed, number)
    typed.night(FOURTH)
    assert (tm02(typed), balances(typed)) == ([], True)
    assert fate(typed, OTHER) == ("settled_elsewhere", "billed_by_hand")
    story = run(typed, "why", OTHER).stdout
    assert f"accepted by {current_user()} and olga on" in story
    assert "so be it; Seen the mail" in story
    [decision] = said(run(typed, "matches", "list", "--json"))["decisions"]
    assert (decision["state"], decision["decided_by"]) == ("counts", f"{current_user()} and olga")
    [first, _] = said(run(typed, "matches", "list", "--all", "--json"))["decisions"]
    assert first["state"].startswith("confirmed by olga on ")
    assert run(typed, "audit", "verify").exit_code == 0
    [run_id] = typed.rows("select run_id from config.run")
    assert run(typed, "replay", str(run_id["run_id"])).exit_code == 0


def test_a_proposal_whose_line_has_changed_is_not_confirmed(typed: World):  # noqa: F811
    number = propose(typed)
    type_invoice(typed, "S-HAND", "4", "300.00")
    typed.night(THIRD)
    assert "has changed. Withdraw it and decide anew." in tm02(typed)[0]
    with pytest.raises(AskFinanceError, match="have changed since; withdraw it and propose anew"):
        second(typed, number)


def test_a_difference_is_accepted_only_when_asked_for_and_stays_in_sight(typed: World):  # noqa: F811
    words = ("matches", "accept", LINE, "clock:104", "--note", "Rounded up as agreed")
    done = run(typed, *words, "--despite-difference", "--json")
    assert said(done)["difference_minor"] == 17_500
    assert "the ERP bills 175.00 GBP more than the entries come to" in done.stdout
    assert "nothing is settled until another person runs: ps-integration matches" in done.stdout
    second(typed, int(said(done)["decision_id"]))
    typed.night(THIRD)
    story = run(typed, "why", "clock:104").stdout
    assert "It comes to 175.00 GBP more than they do." in story
    assert (tm02(typed), balances(typed)) == ([], True)
