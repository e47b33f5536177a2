"""Is March clean for the UK? One answer with its reasons, and closing asks it."""

import shutil
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from ps_integration.contracts.found import COLUMNS
from ps_integration.domain.breaks import RuleOutcome, break_id
from ps_integration.errors import AskFinanceError, CouldNotRunError, FixConfigError
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import break_decisions as decisions
from ps_integration.stores.operational import breaks, periods
from ps_integration.stores.operational.break_decisions import Acceptance, Decider
from ps_integration.stores.operational.models import Audit, Batch, Document, Run
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import period_close
from ps_integration.workflows.period import status
from ps_integration.workflows.period_close import Person

NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)
MARCH = ("UK", "2026-03")


def make_firm(**more):
    return Firm.model_validate(
        {
            "firm": {
                "id": "acme", "name": "Acme", "time_zone": "Europe/London",
                "reporting_currency": "GBP",
            },
            "legal_entities": [
                {"id": one, "name": one, "currency": "GBP", "time_zone": "Europe/London"}
                for one in ("UK", "IE")
            ],
            "systems": [
                {"id": "clock", "vendor": "clockify", "roles": ["time"]},
                {"id": "harvest", "vendor": "harvest", "roles": ["time"]},
            ],
            "routing": {
                "time": [
                    {"legal_entity": "UK", "system": "clock"},
                    {"legal_entity": "IE", "system": "harvest"},
                ]
            },
            **more,
        }
    )  # fmt: skip


GROUP = {"legal_entity": "UK", "currency": "GBP", "period": "2026-03"}
TABLES = {
    "config.run": [{"run_id": "r1", "as_of": NOW, "as_of_date": date(2026, 4, 2)}],
    "config.systems": [
        {"system": one, "vendor": "x", "roles": "time", "freshness_hours": 30}
        for one in ("clock", "harvest")
    ],
    "config.routing": [
        {"role": "time", "legal_entity": "UK", "system": "clock"},
        {"role": "time", "legal_entity": "IE", "system": "harvest"},
    ],
    "raw.reads": [
        {"run_id": "r1", "system": one, "stream": "entries", "status": "complete",
         "started_at": NOW, "finished_at": NOW}
        for one in ("clock", "harvest")
    ],
    "reconciliation.rule_runs": [{"rule": "TM01", "status": "clean", "found_count": 0}],
    "billing.completeness": [
        {**GROUP, "approved_count": 3, "holds": True},
        {**GROUP, "period": "2026-02", "approved_count": 1, "holds": False},
    ],
    "billing.record_counts": [{"system": "clock", "holds": True}],
    "billing.ledger_equation": [{**GROUP, "holds": True}],
    "billing.corrections_owed": [{**GROUP, "owed_minor": 0}],
    "billing.entries": [
        {**GROUP, "entry_id": "e1", "approval_state": "approved", "is_primary": True,
         "is_billable": True, "is_deleted": False, "seconds": 3600}
    ],
    "billing.dispositions": [{**GROUP, "entry_id": "e1", "disposition": "posted"}],
    "quarantine.records": [],
}  # fmt: skip
WAITING = {**TABLES["billing.entries"][0], "entry_id": "e2", "approval_state": "submitted"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("period") / "w.duckdb") as opened:
        yield opened


@pytest.fixture
def warehouse(filled):
    """The books of a night in which everything is as it should be."""
    for table, rows in TABLES.items():
        filled.execute(f"delete from {table}")
        filled.insert(table, rows)
    return filled


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A migrated store with a batch that documents can belong to."""
    path = tmp_path_factory.mktemp("period") / "store.sqlite"
    made = OperationalStore(f"sqlite:///{path}")
    made.migrate()
    put_batch(made)
    made.close()
    return path


@pytest.fixture
def store(template, tmp_path):
    shutil.copy(template, tmp_path / "store.sqlite")
    opened = OperationalStore(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield opened
    opened.close()


def put_batch(store):
    with store.session() as session:
        session.add(
            Run(
                run_id="r1",
                job="nightly_sync",
                as_of=NOW,
                trigger="schedule",
                maker="schedule",
                config_hash="c",
                code_version="1",
                status="done",
                started_at=NOW,
            )
        )
        session.flush()
        session.add(
            Batch(
                batch_id="b", content_sha256="0" * 64, merkle_root="0" * 64, config_hash="c",
                run_id="r1", maker="schedule", system="bc", company="UK", document_count=1,
                line_count=1, amount_minor=1, status="planned", planned_at=NOW, **GROUP,
            )
        )  # fmt: skip


def ask(store, warehouse, place=MARCH, **more):
    with store.snapshot() as session:
        return status(make_firm(**more), warehouse, session, *place)


def kinds(found, weight=None):
    return [one.kind for one in found.reasons if weight in (None, one.weight)]


def put_break(store, rule="TM01", period="2026-03", severity="high", money=1000, **more):
    row = {
        **dict.fromkeys(("rule", *COLUMNS)), "rule": rule, "record_key": "k", "period": period,
        "legal_entity": "UK", "at_risk_minor": money, "currency": "GBP", **more,
    }  # fmt: skip
    with store.session() as session:
        breaks.record(session, ("r1", NOW), [row], [RuleOutcome(rule, "found", severity, "x")])
    return break_id(rule, row["record_key"], period)


def put_document(store, ref="D1", state="unknown", **more):
    with store.session() as session:
        session.add(
            Document(
                document_ref=ref, batch_id="b", kind="invoice", system="bc", company="UK",
                project_id="p", customer_key="c", posting_date=date(2026, 3, 31),
                amount_minor=12300, state=state, content={}, content_sha256="0" * 64,
                merkle_proof={}, **{**GROUP, **more},
            )
        )  # fmt: skip


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
