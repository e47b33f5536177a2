"""Who may set a record in quarantine aside, when it counts, and what it is bound to."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import quarantine_decisions
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.stores.operational.models import Audit
from ps_integration.stores.operational.quarantine_decisions import Held
from ps_integration_tests.posting.making import AS_OF

RULES = Approval.model_validate(
    {
        "people": {
            "maria": {"roles": ["lead"]},
            "mia": {"logins": ["mia", "mia2"], "roles": ["lead"]},
            "olga": {"roles": ["chief"]},
            "robot": {"roles": ["chief"]},
        },
        "roles": {
            "lead": {"max_amount_per_batch": {"GBP": "100"}},
            "chief": {"max_amount_per_batch": {"GBP": "1000"}},
        },
        "service_accounts": ["robot"],
    }
)


def held(record="7", content="a" * 64, *, two=True, **amounts):
    return Held("clock", "time_entries", record, content, {"faults": []}, two, amounts)


def act(store, who, *records, verb="set_aside", reason="typed by mistake", rules=RULES):
    with store.session() as session:
        by = Decider(who, AS_OF, reason, rules)
        made = getattr(quarantine_decisions, verb)(session, records, by)
        return [one.decision for one in made]


def standing(store):
    with store.snapshot() as session:
        found = quarantine_decisions.standing(session)
        return {place[2:]: one.decision for place, one in found.items()}


def test_one_person_is_enough_where_nothing_can_be_hidden(store):
    assert act(store, "maria", held(two=False)) == ["set_aside"]
    with pytest.raises(AskFinanceError, match="maria has set it aside already"):
        act(store, "olga", held(two=False))


def test_what_may_hide_money_needs_another_person_and_the_trail_has_both(store):
    assert act(store, "mia", held(), held("8", two=False)) == ["proposed", "set_aside"]
    for login in ("mia", "mia2"):
        with pytest.raises(AskFinanceError, match="another person confirms it"):
            act(store, login, held())
    assert act(store, "olga", held()) == ["set_aside"]
    with store.snapshot() as session:
        actions = session.scalars(select(Audit.action).where(Audit.subject.contains("entries/7")))
        assert list(actions) == ["propose_set_aside", "set_aside_record"]


def test_what_changed_since_it_was_shown_is_undecided(store):
    act(store, "maria", held())
    assert act(store, "olga", held(content="b" * 64)) == ["proposed"]
    act(store, "olga", held())
    assert standing(store) == {("7", "a" * 64): "set_aside", ("7", "b" * 64): "proposed"}


def test_what_is_restored_is_proposed_anew(store):
    act(store, "maria", held())
    act(store, "olga", held())
    assert act(store, "maria", held(), verb="restore") == ["restored"]
    assert standing(store) == {}
    with pytest.raises(AskFinanceError, match="nobody has set it aside"):
        act(store, "maria", held(), verb="restore")
    assert act(store, "olga", held()) == ["proposed"]


def test_money_that_records_tell_together_is_within_the_limit_of_each(store):
    records = (held("1", GBP=6000), held("2", GBP=5000))
    with pytest.raises(AskFinanceError, match=r"110\.00 GBP is above the limit of maria"):
        act(store, "maria", *records)
    assert act(store, "olga", *records) == ["proposed", "proposed"]
    with pytest.raises(AskFinanceError, match="above the limit of maria"):
        act(store, "maria", *records)
    assert standing(store)["1", "a" * 64] == "proposed"


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("schedule", "why"),
        ("robot", "why"),
        ("stranger", "why"),
        ("maria", " "),
        ("maria", "x" * 2001),
    ],
)
def test_a_person_of_the_firm_decides_with_a_reason(store, who, reason):
    for verb in ("set_aside", "restore"):
        with pytest.raises(AskFinanceError):
            act(store, who, held(two=False), verb=verb, reason=reason)
    assert standing(store) == {}


def test_the_store_refuses_one_person_twice_and_any_change(store):
    act(store, "maria", held())
    row = (
        "insert into quarantine_decisions select 9, 'set_aside', system, stream, record_id,"
        " content_sha256, shown, '{who}', decided_at, note, 1, null from quarantine_decisions"
    )
    for statement in (
        row.format(who="maria"),
        "update quarantine_decisions set note = 'other'",
        "delete from quarantine_decisions",
    ):
        with pytest.raises(IntegrityError), store.session() as session:
            session.execute(text(statement))
    assert standing(store) == {("7", "a" * 64): "proposed"}
