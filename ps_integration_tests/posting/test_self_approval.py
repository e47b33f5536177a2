"""Nobody approves what they made, by any path and under any spelling of their name."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval as Rules
from ps_integration.stores.operational import break_decisions as decisions
from ps_integration.stores.operational import installed
from ps_integration.stores.operational.break_decisions import Acceptance, Decider
from ps_integration.stores.operational.models import Approval, Audit, Break, Decision
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import (
    AS_OF,
    make_batch,
    make_document,
    make_firm,
    make_night,
)

SPELLINGS = ["maria", "Maria", "MARIA", " maria ", "maria\u200b", "mAria"]


def by(tmp_path, maker, **more):
    return make_night(tmp_path, trigger="person", maker=maker, **more)


def file_of(config_hash="c" * 64, **rules):
    firm = make_firm()
    approval = Rules(**{**firm.approval.model_dump(), **rules})
    return SimpleNamespace(
        firm=firm.model_copy(update={"approval": approval}), config_hash=config_hash
    )


@pytest.mark.parametrize("who", SPELLINGS)
def test_another_spelling_of_the_login_is_the_same_person(store, tmp_path, states, who):
    post.stage(by(tmp_path, "maria"), store, [make_batch()])
    with pytest.raises(AskFinanceError, match="another person must decide"):
        approve.approve(store, make_batch().batch_id, who, AS_OF, "")
    assert set(states().values()) == {"planned"}


def test_two_unicode_forms_of_one_login_are_one_person(store, tmp_path):
    post.stage(by(tmp_path, "jose\u0301"), store, [make_batch()])
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, make_batch().batch_id, "JOS\u00c9", AS_OF, "")


def test_two_logins_of_one_person_are_one_person(store, tmp_path):
    rules = {
        "people": {"maria": {"logins": ["maria", "admin_maria"], "roles": ["all"]}},
        "roles": {"all": {"max_amount_per_batch": {"USD": "1000000"}}},
    }
    post.stage(by(tmp_path, "admin_maria"), store, [make_batch()])
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, make_batch().batch_id, "maria", AS_OF, "", file_of(**rules))


def test_the_second_login_of_a_maker_does_not_get_past_the_claim(store, tmp_path):
    rules = {
        "people": {"maria": {"logins": ["maria", "admin_maria"], "roles": ["all"]}},
        "roles": {"all": {"max_amount_per_batch": {"USD": "1000000"}}},
    }
    night = by(tmp_path, "admin_maria", firm=file_of(**rules).firm)
    post.stage(night, store, [make_batch()])
    approve.approve(store, make_batch().batch_id, "maria", AS_OF, "")  # a caller without the file
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(night, store, {"bc": erp})
    assert erp.calls("create") == []


def test_who_runs_a_second_time_is_a_maker_too(store, night, tmp_path):
    post.stage(night, store, [make_batch()])
    post.stage(by(tmp_path, "maria", run_id="run-2"), store, [make_batch()])
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, make_batch().batch_id, "maria", AS_OF, "")


def test_a_second_run_of_the_schedule_does_not_make_the_first_maker_another(store, night, tmp_path):
    post.stage(by(tmp_path, "maria"), store, [make_batch()])
    post.stage(make_night(tmp_path, run_id="run-2"), store, [make_batch()])
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, make_batch().batch_id, "maria", AS_OF, "")


def test_a_document_brings_its_makers_into_another_batch(store, tmp_path):
    one, two = make_document(1), make_document(2)
    post.stage(by(tmp_path, "maria"), store, [make_batch(one)])
    post.stage(make_night(tmp_path, run_id="run-2"), store, [make_batch(one, two)])
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, make_batch(one, two).batch_id, "maria", AS_OF, "")


def test_who_owns_a_changed_configuration_is_a_maker_of_scheduled_batches(store, tmp_path):
    post.stage(make_night(tmp_path, config_owner="ana"), store, [make_batch()])
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, make_batch().batch_id, "ana", AS_OF, "")
    assert approve.show_batch(store, make_batch().batch_id).makers == ("ana", "schedule")


def test_changes_since_the_last_accepted_configuration_add_up(store, tmp_path):
    for number, owner in enumerate(("ana", "ben"), 1):
        night = make_night(
            tmp_path, run_id=f"run-{number}", config_owner=owner, config_hash=str(number) * 64
        )
        post.stage(night, store, [make_batch(make_document(number))])
    with store.snapshot() as session:
        assert installed.changers(session) == {"ana", "ben"}
    with pytest.raises(AskFinanceError, match="another person"):
        approve.approve(store, make_batch(make_document(2)).batch_id, "ana", AS_OF, "")


def accept(store, who, config_hash="c" * 64):
    with store.session() as session:
        installed.accept(session, config_hash, who, AS_OF, Rules())


def test_a_configuration_that_somebody_else_accepted_has_no_maker(store, tmp_path):
    night = make_night(tmp_path, config_owner="ana")
    post.stage(night, store, [])
    accept(store, "olga")
    post.stage(night, store, [make_batch()])
    approve.approve(store, make_batch().batch_id, "ana", AS_OF, "")


@pytest.mark.parametrize("who", ["ana", "ANA", "maria"])
def test_who_changed_a_configuration_does_not_accept_it(store, tmp_path, who):
    post.stage(by(tmp_path, "maria", config_owner="ana"), store, [])
    with pytest.raises(AskFinanceError, match="another person must accept"):
        accept(store, who)


@pytest.mark.parametrize("who", ["ana", "ANA"])
def test_who_changed_a_configuration_does_not_accept_it_by_sql(store, tmp_path, who):
    post.stage(make_night(tmp_path, config_owner="ana"), store, [])
    with pytest.raises(IntegrityError, match="does not accept"), store.session() as session:
        session.execute(
            text(
                "insert into config_changes (config_hash, act, who, how, at) select config_hash,"
                " 'accepted', :who, 'sql', at from config_changes"
            ),
            {"who": who},
        )


def test_going_back_to_an_older_configuration_is_a_change_too(store, tmp_path):
    for number, (config_hash, owner) in enumerate((("c", "ana"), ("d", "ben"), ("c", "ben"))):
        night = make_night(
            tmp_path, run_id=f"r{number}", config_owner=owner, config_hash=config_hash * 64
        )
        post.stage(night, store, [])
        if number == 0:
            accept(store, "olga")
    with store.snapshot() as session:
        assert installed.changers(session) == {"ben"}
        assert not installed.is_accepted(session, "c" * 64)


def test_policy_approves_nothing_under_a_change_that_nobody_accepted(store, tmp_path):
    night = make_night(tmp_path, config_owner="ana")
    post.stage(night, store, [])
    accept(store, "olga")
    raised = make_night(tmp_path, run_id="run-2", config_owner="ana", config_hash="d" * 64)
    post.stage(raised, store, [make_batch()])
    [reason] = approve.by_policy(raised, store).metadata["waiting"].values()
    assert reason == "no second person accepted the configuration since it changed"


def test_who_wrote_off_or_seconded_is_a_maker(store, night):
    with store.session() as session:
        session.add(
            Decision(
                kind="write_off",
                entry_id="harvest_uk:1-1",
                part=2,
                reason="agreed",
                decided_by="ana",
                seconded_by="ben",
                decided_at=AS_OF,
            )
        )
    post.stage(night, store, [make_batch()])
    for who in ("ana", "ben"):
        with pytest.raises(AskFinanceError, match="another person"):
            approve.approve(store, make_batch().batch_id, who, AS_OF, "")
    approve.approve(store, make_batch().batch_id, "olga", AS_OF, "")


@pytest.mark.parametrize("money", [None, 5000])
def test_who_let_a_held_entry_pass_is_a_maker(store, night, money):
    with store.session() as session:
        item = Break(
            break_id="b1", rule="TM11", record_key="k", period="2026-03", state="open",
            severity="high", owner="finance", blocked_kind="entry",
            blocked_id="harvest_uk:1-1", opened_at=AS_OF, last_seen_at=AS_OF, times_seen=1,
            times_opened=1, facts={}, at_risk_minor=money, currency="GBP",
        )  # fmt: skip
        session.add(item)
        session.flush()
        ana, ben = (Decider(who, AS_OF, AS_OF.date(), Rules()) for who in ("ana", "ben"))
        decisions.accept(session, item, Acceptance("long day", date(2099, 1, 1), money), ana)
        if money is not None:
            decisions.confirm(session, item, ben)
    post.stage(night, store, [make_batch()])
    for who in ("ana", "ben") if money is not None else ("ana",):
        with pytest.raises(AskFinanceError, match="another person"):
            approve.approve(store, make_batch().batch_id, who, AS_OF, "")


@pytest.mark.parametrize("who", ["maria", "Maria", " MARIA "])
def test_the_store_refuses_a_maker_as_checker(store, tmp_path, who):
    post.stage(by(tmp_path, "maria"), store, [make_batch()])
    with pytest.raises(IntegrityError, match="maker"), store.session() as session:
        session.execute(_signature(), {"who": who})


def _signature():
    return text(
        "insert into approvals (batch_id, decision, content_sha256, merkle_root, config_hash,"
        " maker, decided_by, decided_at, note, is_break_glass) select batch_id, 'approved',"
        " content_sha256, merkle_root, config_hash, maker, :who, planned_at, '', false"
        " from batches"
    )


@pytest.mark.parametrize("who", ["olga", "policy", "m\u00e1ria"])
def test_an_approval_written_into_the_store_by_hand_sends_nothing(store, night, tmp_path, who):
    post.stage(night, store, [make_batch()])
    with store.session() as session:
        session.execute(_signature(), {"who": who})
        session.execute(text("update documents set state = 'approved'"))
        session.execute(text("update batches set status = 'approved'"))
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(night, store, {"bc": erp})
    assert erp.calls("create") == []


def test_a_refused_decision_is_in_the_audit_trail(store, tmp_path):
    post.stage(by(tmp_path, "maria"), store, [make_batch()])
    with pytest.raises(AskFinanceError):
        approve.approve(store, make_batch().batch_id, "maria", AS_OF, "")
    with store.snapshot() as session:
        [row] = session.scalars(select(Audit).where(Audit.action == "refuse_decision"))
    assert (row.who, row.subject) == ("maria", make_batch().batch_id)


def test_every_decision_has_its_audit_row(store, night):
    post.stage(night, store, [make_batch()])
    approve.approve(store, make_batch().batch_id, "maria", AS_OF, "")
    with store.snapshot() as session:
        [signed] = session.scalars(select(Approval))
        row = session.get(Audit, signed.audit_seq)
    assert (row.action, row.who, row.detail["makers"]) == ("approve", "maria", ["schedule"])


def test_an_approval_under_another_firm_file_is_refused(store, night):
    post.stage(night, store, [make_batch()])
    own = file_of(config_hash="f" * 64)
    with pytest.raises(AskFinanceError, match="another configuration"):
        approve.approve(store, make_batch().batch_id, "maria", AS_OF, "", own)


# two people


TWO = {"second_person_above": {"USD": "100"}}


def test_a_large_batch_needs_two_people(store, tmp_path, states):
    night = make_night(tmp_path, firm=file_of(**TWO).firm)
    batch = make_batch()
    post.stage(night, store, [batch])
    one = approve.approve(store, batch.batch_id, "maria", AS_OF, "", file_of(**TWO))
    assert (one, set(states().values())) == ("first_of_two", {"planned"})
    with pytest.raises(AskFinanceError, match="a second person must"):
        approve.approve(store, batch.batch_id, "MARIA", AS_OF, "", file_of(**TWO))
    two = approve.approve(store, batch.batch_id, "jonas", AS_OF, "", file_of(**TWO))
    assert (two, set(states().values())) == ("approved", {"approved"})
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(night, store, {"bc": erp})
    assert len(erp.calls("create")) == 1


def test_one_person_alone_does_not_get_a_large_batch_sent(store, tmp_path):
    night = make_night(tmp_path, firm=file_of(**TWO).firm)
    post.stage(night, store, [make_batch()])
    approve.approve(store, make_batch().batch_id, "maria", AS_OF, "")  # a caller without the file
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(night, store, {"bc": erp})
    assert erp.calls("create") == []


def test_a_first_approval_that_expired_starts_anew(store, tmp_path):
    night = make_night(tmp_path, firm=file_of(**TWO).firm)
    post.stage(night, store, [make_batch()])
    approve.approve(store, make_batch().batch_id, "maria", AS_OF, "", file_of(**TWO))
    late = AS_OF + timedelta(days=15)
    assert approve.approve(store, make_batch().batch_id, "jonas", late, "", file_of(**TWO)) == (
        "first_of_two"
    )
