"""Closing a period asks whether it is clean, and keeps who closed it under which answer."""

import pytest
from sqlalchemy import select

from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import periods
from ps_integration.stores.operational.models import Audit
from ps_integration.workflows import period_close
from ps_integration.workflows.period_close import Person
from ps_integration_tests.periods.month import (
    MARCH,
    NOW,
    ask,
    make_firm,
    put_break,
    put_document,
)


def close(store, warehouse, who="mia", accepted="", **more):
    person = Person(who, NOW)
    return period_close.close(store, make_firm(**more), warehouse, MARCH, person, accepted)


def told(store, action):
    with store.snapshot() as session:
        return list(session.scalars(select(Audit).where(Audit.action == action)))


def test_a_clean_period_is_closed_once_and_it_is_kept_who_closed_it(store, warehouse):
    assert close(store, warehouse).answer == "clean"
    assert ask(store, warehouse).standing == "closed by mia on 2026-04-02 12:00 UTC as clean"
    with pytest.raises(AskFinanceError, match=r"closed by mia on .* already"):
        close(store, warehouse, "olga")
    [row] = told(store, "close_period")
    assert (row.who, row.subject, row.detail["answer"]) == ("mia", "UK 2026-03", "clean")


def test_a_period_that_is_not_clean_is_closed_only_with_a_reason(store, warehouse):
    put_document(store)
    with pytest.raises(AskFinanceError, match=r"1 document unknown, 123.00 GBP"):
        close(store, warehouse)
    assert len(told(store, "refuse_close")) == 1
    close(store, warehouse, accepted="agreed with the auditor")
    with store.snapshot() as session:
        event = periods.closed_by(session, *MARCH)
    assert (event.answer, event.note) == ("not clean", "agreed with the auditor")
    assert event.reasons == {"reasons": ["wrong: 1 document unknown, 123.00 GBP"]}


def test_a_closed_period_that_is_not_clean_any_more_says_both(store, warehouse):
    close(store, warehouse)
    put_break(store)
    found = ask(store, warehouse)
    assert (found.answer, found.standing[:13]) == ("not clean", "closed by mia")


def test_closing_needs_the_role_and_a_person(store, warehouse):
    people = {"mia": {"roles": ["close_period"]}, "ben": {}}
    for who in ("ben", "carl", "schedule"):
        with pytest.raises(AskFinanceError, match=r"does not have the role|is not a person"):
            close(store, warehouse, who, approval={"people": people})
    close(store, warehouse, approval={"people": people})


def test_a_closing_is_taken_back_with_a_reason(store, warehouse):
    person, firm = Person("mia", NOW), make_firm()
    with pytest.raises(AskFinanceError, match="is not closed"):
        period_close.reopen(store, firm, warehouse, MARCH, person, "late invoice")
    close(store, warehouse)
    with pytest.raises(AskFinanceError, match="say why"):
        period_close.reopen(store, firm, warehouse, MARCH, person, " ")
    period_close.reopen(store, firm, warehouse, MARCH, person, "late invoice")
    assert ask(store, warehouse).standing == ""
    close(store, warehouse, "olga")
    with store.snapshot() as session:
        assert [one.act for one in periods.history(session, *MARCH)] == [
            "closed", "reopened", "closed",
        ]  # fmt: skip
