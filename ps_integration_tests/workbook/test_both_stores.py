"""The life of a break, its workbook and a closed period, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from ps_integration.stores.operational import audit_check, breaks, match_reading, periods
from ps_integration.stores.operational.models import BreakImport, PeriodEvent
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import match_work
from ps_integration.workflows.match_work import Asked
from ps_integration_tests.posting.test_postgresql import server  # noqa: F401 - a fixture
from ps_integration_tests.reconciliation.test_break_histories import Model, agree, play
from ps_integration_tests.workbook import hand_typed
from ps_integration_tests.workbook.conftest import IDS, NOW, RING, Desk
from ps_integration_tests.workbook.edit import Book, MatchBook
from ps_integration_tests.workbook.test_matches import by, deciding


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """An empty store, migrated."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("server")
    opened = OperationalStore(url, keys=RING)
    if opened.is_postgresql:
        with opened.engine.begin() as connection:
            connection.exec_driver_sql("drop schema public cascade")
            connection.exec_driver_sql("create schema public")
    opened.migrate()
    yield opened
    opened.close()


LIFE = [
    ("found", 2), ("found", 4), ("snooze", 3), ("found", 4), ("accept", 2), ("confirm", 1),
    ("found", 4), ("found", 5), ("comment", 1), ("clean", None), ("found", 1), ("accept", 3),
    ("confirm", 1), ("could_not_run", None), ("could_not_run", None), ("could_not_run", None),
    ("found", 1), ("assign", 1), ("reopen", 1), ("clean", None),
]  # fmt: skip


def test_a_whole_life(store):
    model = Model()
    for day, step in enumerate(LIFE):
        with store.session() as session:
            play(session, model, day, step)
        with store.snapshot() as session:
            agree(session, model)
    assert model.opened == 4


def test_a_workbook_there_and_back(store, warehouse):
    work = Desk(store, warehouse).night()
    data = Book(work.export()).set("Decision", "accept", 1).set("Accept amount", 50, 1)
    data = data.set("Comment", "fine", 1).bytes()
    work.bring(data)
    assert work.bring(data).repeated == 1
    work.bring(Book(work.export()).set("Decision", "confirm", 1).bytes(), "ben")
    with store.snapshot() as session:
        item, _ = breaks.show(session, IDS[1])
        assert item.state == "accepted"
        assert len(list(session.scalars(select(BreakImport)))) == 2
        assert audit_check.verify(session, RING).holds


def test_matches_there_and_back(store):
    with hand_typed.opened() as warehouse:
        work = Desk(store, warehouse).night()
        different = Asked(("S-INV1/1",), ("harvest:3",), is_different=True)
        match_work.accept(store, warehouse, different, by("two trips on one line"))
        book = deciding(MatchBook(work.export()), 1, "accept")  # S-INV1/3 and 4
        data = deciding(book, 2, "confirm").bytes()
        assert len(work.bring(data, "olga").matches) == 2
        assert work.bring(data, "olga").repeated == 2
    with store.snapshot() as session:
        made = [(one.decision, one.withdraws) for one in match_reading.standing(session)]
        assert sorted(made, key=str) == [("accepted", 1), ("accepted", None)]
        assert audit_check.verify(session, RING).holds


def test_what_was_closed_is_never_changed(store):
    event = PeriodEvent(
        legal_entity="UK", period="2026-03", act="closed", at=NOW, by="mia", answer="clean",
        note="", run_id="r1",
    )  # fmt: skip
    with store.session() as session:
        periods.put(session, event, {"reasons": []})
    for statement in ("update period_events set answer = 'clean'", "delete from period_events"):
        with pytest.raises(DatabaseError), store.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with store.snapshot() as session:
        assert session.scalars(select(PeriodEvent)).one().by == "mia"


def test_the_same_file_brought_twice_at_once_is_carried_out_once(store, warehouse):
    work = Desk(store, warehouse).night()
    book = Book(work.export())
    for row in range(4):
        book.set("Comment", f"seen {row}", row)
    data = book.bytes()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: work.bring(data), range(4)))
    assert sorted(len(one.decided) for one in done) == [0, 0, 0, 4]
    with store.snapshot() as session:
        events = breaks.show(session, IDS[0])[1]
    assert [one.note for one in events if one.event == "commented"] == ["seen 0"]
