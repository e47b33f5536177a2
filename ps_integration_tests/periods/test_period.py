"""Is March clean for the UK? One answer with its reasons."""

from datetime import UTC, date, datetime

import pytest

from ps_integration.errors import CouldNotRunError, FixConfigError
from ps_integration.stores.operational import break_decisions as decisions
from ps_integration.stores.operational import breaks, periods
from ps_integration.stores.operational.break_decisions import Acceptance, Decider
from ps_integration.stores.operational.models import PeriodEvent
from ps_integration_tests.periods.month import (
    GROUP,
    NOW,
    WAITING,
    ask,
    kinds,
    make_firm,
    put_break,
    put_document,
)


def test_a_period_without_anything_against_it_is_clean(store, warehouse):
    found = ask(store, warehouse)
    assert (found.answer, list(found.reasons), found.run_id) == ("clean", [], "r1")


CHANGES = [  # one row more, and what it makes of the answer
    ("completeness", "billing.completeness", {**GROUP, "holds": False}, "not clean"),
    ("ledger", "billing.ledger_equation", {**GROUP, "holds": False}, "not clean"),
    ("corrections", "billing.corrections_owed", {**GROUP, "owed_minor": -5}, "not clean"),
    ("unapproved", "billing.entries", WAITING, "not clean"),
    ("deferred", "billing.dispositions", {**GROUP, "disposition": "deferred", "seconds": 60},
     "clean"),
    ("unassigned", "billing.completeness",
     {"legal_entity": "unassigned", "period": "2026-03", "approved_count": 2, "holds": True},
     "could not say"),
    ("records", "billing.record_counts", {"system": "clock", "holds": False}, "could not say"),
    ("rule_could_not_run", "reconciliation.rule_runs",
     {"rule": "TM05", "status": "could_not_run", "message": "no rates"}, "could not say"),
    ("rule_could_not_run", "reconciliation.rule_runs",
     {"rule": "TM05", "status": "could_not_run", "lacking_systems": "clock,harvest"},
     "could not say"),
    ("unread", "raw.reads", {"system": "clock", "stream": "tasks", "status": "failed"},
     "could not say"),
    ("unread", "raw.reads",
     {"system": "clock", "stream": "tasks", "status": "complete",
      "finished_at": datetime(2026, 3, 1, tzinfo=UTC)}, "could not say"),
    ("quarantined", "quarantine.records",
     {"system": "clock", "stream": "entries", "record_id": "7"}, "could not say"),
]  # fmt: skip
ELSEWHERE = [  # what does not concern the UK in March
    ("billing.completeness", {**GROUP, "legal_entity": "IE", "holds": False}),
    ("billing.ledger_equation", {**GROUP, "period": "2026-02", "holds": False}),
    ("billing.entries", {**WAITING, "is_deleted": True}),
    ("billing.entries", {**WAITING, "period": "2026-04"}),
    ("billing.record_counts", {"system": "harvest", "holds": False}),
    ("raw.reads", {"system": "harvest", "stream": "tasks", "status": "failed"}),
    ("raw.reads", {"system": "clock", "stream": "expenses", "status": "absent"}),
    ("quarantine.records", {"system": "harvest", "stream": "entries", "record_id": "7"}),
    (
        "reconciliation.rule_runs",
        {"rule": "TM05", "status": "could_not_run", "lacking_systems": "harvest"},
    ),
]


@pytest.mark.parametrize(("kind", "table", "row", "answer"), CHANGES)
def test_each_thing_against_it_is_named(store, warehouse, kind, table, row, answer):
    warehouse.insert(table, [row])
    found = ask(store, warehouse)
    assert (found.answer, kinds(found)) == (answer, [kind])


@pytest.mark.parametrize(("table", "row"), ELSEWHERE)
def test_what_is_elsewhere_does_not_count(store, warehouse, table, row):
    warehouse.insert(table, [row])
    assert (ask(store, warehouse).answer, kinds(ask(store, warehouse))) == ("clean", [])


def _quarantined(warehouse, told, seen):
    record = {"system": "clock", "stream": "entries", "record_id": "7", "raw_seq": 1}
    fault = {"object": told["object"], "rule": "r", "field": "f", "first_seen_at": seen}
    warehouse.insert("quarantine.records", [{**record, **fault}])
    warehouse.insert("quarantine.told", [{**record, "has_period": True, **told}])


_SEEN = datetime(2026, 4, 1, 20, tzinfo=UTC)
ENTRY, RATE = {"object": "time_entries"}, {"object": "rates", "last_day": date(9999, 12, 31)}
BELONGS = [  # what a record in quarantine tells, when it came, and what March says of it
    (
        {**ENTRY, "first_day": date(2026, 3, 31), "last_day": date(2026, 3, 31)},
        _SEEN,
        "quarantined",
    ),
    ({**ENTRY, "first_day": date(2026, 4, 1), "last_day": date(2026, 4, 1)}, _SEEN, ""),
    ({**ENTRY, "first_day": date(2026, 2, 27), "last_day": date(2026, 3, 1)}, _SEEN, "quarantined"),
    (ENTRY, _SEEN, "quarantined"),
    (ENTRY, datetime(2026, 2, 22, 12, tzinfo=UTC), "quarantined"),  # may be of 1 March
    (ENTRY, datetime(2026, 2, 21, 12, tzinfo=UTC), ""),
    ({**RATE, "first_day": date(2026, 2, 1)}, _SEEN, "quarantined"),
    ({**RATE, "first_day": date(2026, 4, 1)}, _SEEN, ""),
    (RATE, datetime(2026, 1, 1, tzinfo=UTC), "quarantined"),
    ({"object": "tasks", "has_period": False}, _SEEN, "of_no_period"),
]


@pytest.mark.parametrize(("told", "seen", "kind"), BELONGS)
def test_a_period_asks_only_for_quarantined_records_that_may_be_of_it(
    store, warehouse, told, seen, kind
):
    _quarantined(warehouse, told, seen)
    found = ask(store, warehouse)
    assert kinds(found) == ([kind] if kind else [])
    assert found.answer == ("could not say" if kind == "quarantined" else "clean")


@pytest.mark.parametrize(
    ("closed", "kind"),
    [
        (datetime(2026, 4, 1, 8, tzinfo=UTC), []),
        (datetime(2026, 4, 2, tzinfo=UTC), ["quarantined"]),
    ],
)
def test_a_record_whose_day_is_unread_is_of_no_period_closed_before_it_came(
    store, warehouse, closed, kind
):
    _quarantined(warehouse, ENTRY, _SEEN)
    event = PeriodEvent(
        legal_entity="UK", period="2026-03", act="closed", answer="clean", by="mia", at=closed,
        note="", run_id="r1",
    )  # fmt: skip
    with store.session() as session:
        periods.put(session, event, {})
    assert kinds(ask(store, warehouse)) == kind


def test_what_is_wrong_comes_before_what_could_not_be_looked_at(store, warehouse):
    warehouse.insert("reconciliation.rule_runs", [{"rule": "TM05", "status": "could_not_run"}])
    put_document(store)
    found = ask(store, warehouse)
    assert (found.answer, kinds(found)) == (
        "not clean", ["documents_unknown", "rule_could_not_run"],
    )  # fmt: skip


def test_a_month_that_is_not_over_cannot_be_told(store, warehouse):
    warehouse.execute("update config.run set as_of_date = date '2026-03-31'")
    assert kinds(ask(store, warehouse)) == ["calendar"]
    assert ask(store, warehouse).answer == "could not say"


@pytest.mark.parametrize("state", ["planned", "approved", "sending", "draft", "unknown", "held",
                                   "dead", "posted"])  # fmt: skip
def test_documents_on_their_way_are_counted_with_their_money(store, warehouse, state):
    put_document(store, state=state)
    put_document(store, "D2", state, legal_entity="IE")
    put_document(store, "D3", "superseded")
    put_document(store, "D4", "posted", confirmed_at=NOW)
    [reason] = ask(store, warehouse).reasons
    assert (reason.weight, reason.count) == ("wrong", 1)
    assert reason.minor_by_currency == {"GBP": 12300}


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({}, "not clean"),
        ({"severity": "medium", "money": None, "currency": None}, "not clean"),
        ({"severity": "low"}, "clean"),
        ({"severity": "low", "blocked_kind": "entry", "blocked_id": "e1"}, "not clean"),
        ({"period": ""}, "not clean"),
        ({"period": "2026-02"}, "clean"),
        ({"legal_entity": "IE"}, "clean"),
        ({"legal_entity": None}, "not clean"),
        ({"legal_entity": None, "left_system": "clock"}, "not clean"),
        ({"legal_entity": None, "left_system": "harvest"}, "clean"),
        ({"legal_entity": None, "blocked_kind": "system", "blocked_id": "clock"}, "not clean"),
        ({"legal_entity": None, "blocked_kind": "system", "blocked_id": "harvest"}, "clean"),
    ],
)
def test_open_breaks_of_the_period_count_by_severity_and_money(store, warehouse, more, answer):
    put_break(store, **more)
    assert ask(store, warehouse).answer == answer


def test_a_break_that_is_put_off_still_counts_and_an_accepted_one_is_a_note(store, warehouse):
    key = put_break(store)
    by = {who: Decider(who, NOW, NOW.date(), make_firm().approval) for who in ("mia", "olga")}
    with store.session() as session:
        item, _ = breaks.show(session, key)
        decisions.snooze(session, item, date(2026, 4, 9), "", by["mia"])
    found = ask(store, warehouse)
    assert found.answer == "not clean"
    assert found.reasons[0].text == "1 high break open, 10.00 GBP: TM01 1; 1 of them put off"
    with store.session() as session:
        item, _ = breaks.show(session, key)
        decisions.accept(session, item, Acceptance("ok", date(2026, 5, 1), 1000), by["mia"])
        decisions.confirm(session, item, by["olga"])
    found = ask(store, warehouse)
    assert (found.answer, found.reasons[0].text) == ("clean", "1 break accepted, 10.00 GBP")


def test_an_entity_or_a_period_that_is_none_is_refused(store, warehouse):
    for place in (("FR", "2026-03"), ("UK", "2026-13"), ("UK", "March")):
        with pytest.raises(FixConfigError):
            ask(store, warehouse, place)
    warehouse.execute("delete from config.run")
    with pytest.raises(CouldNotRunError):
        ask(store, warehouse)
