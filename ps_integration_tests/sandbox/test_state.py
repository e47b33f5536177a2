"""The sandbox's state is durable, exact and atomic."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from ps_integration.sandbox.codec import dumps, loads
from ps_integration.sandbox.state import Change, SandboxState

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def _change(kind, document, doc_id="7"):
    return Change(kind, "harvest_uk", "clients", doc_id, document, AT)


def test_documents_survive_a_restart(state, tmp_path):
    state.put("harvest_uk", "clients", "7", {"id": 7}, AT)
    state.close()
    assert SandboxState(tmp_path / "sandbox.sqlite").get("harvest_uk", "clients", "7") == {"id": 7}


def test_a_decimal_keeps_every_digit(state):
    exact = Decimal("12345678901234567.890")
    state.put("harvest_uk", "clients", "7", {"rate": exact}, AT)
    assert str(state.get("harvest_uk", "clients", "7")["rate"]) == "12345678901234567.890"
    assert dumps({"rate": exact}) == b'{"rate":12345678901234567.890}'
    assert str(loads(b"1.10")) == "1.10"


def test_documents_keep_their_order_when_they_change(state):
    for name in ("b", "a"):
        state.put("s", "c", name, {"id": name}, AT)
    state.put("s", "c", "b", {"id": "b", "new": 1}, AT + timedelta(hours=1))
    assert [row["id"] for row in state.documents("s", "c")] == ["b", "a"]
    [b, _] = state.stored("s", "c")
    assert (b.created_at, b.updated_at) == (AT, AT + timedelta(hours=1))


def test_documents_are_found_by_path_and_update_instant(state):
    state.put("s", "c", "1", {"user": {"id": 5}}, AT)
    state.put("s", "c", "2", {"user": {"id": 6}}, AT + timedelta(hours=1))
    assert state.documents("s", "c", where={"user.id": 6}) == [{"user": {"id": 6}}]
    later = AT.astimezone(timezone(timedelta(hours=5))) + timedelta(minutes=1)
    assert [row.id for row in state.stored("s", "c", updated_from=later)] == ["2"]


def test_a_path_that_is_not_a_path_is_refused(state):
    with pytest.raises(ValueError, match="dotted path"):
        state.documents("s", "c", where={"a') or ('1": 1})


def test_a_deleted_document_is_remembered_as_it_was(state):
    state.put("s", "c", "1", {"id": 1}, AT)
    assert state.delete("s", "c", "1", AT)
    assert not state.delete("s", "c", "1", AT)
    [gone] = state.deleted("s", "c")
    assert (state.get("s", "c", "1"), gone.document, gone.deleted_at) == (None, {"id": 1}, AT)


def test_an_id_is_never_given_twice(state):
    state.put("s", "c", "41", {}, AT)
    assert [state.next_id("s", "c"), state.next_id("s", "c")] == [42, 43]
    state.put("s", "c", "99", {}, AT)
    state.delete("s", "c", "99", AT)
    assert state.next_id("s", "c") == 100


def test_a_transaction_that_fails_leaves_nothing(state):
    def broken():
        with state.transaction() as transaction:
            transaction.put("s", "c", "1", {}, AT)
            transaction.merge("s", "c", "2", {}, AT)

    with pytest.raises(KeyError):
        broken()
    assert state.documents("s", "c") == []


def test_an_event_is_applied_once_even_over_a_restart(state, tmp_path):
    first = [_change("put", {"name": "Acme", "address": {"city": "Leeds", "zip": None}})]
    assert state.apply_once("night-1", first)
    again = SandboxState(tmp_path / "sandbox.sqlite")
    assert not again.apply_once("night-1", [_change("delete", {})])
    assert again.apply_once("night-2", [_change("merge", {"address": {"city": "York"}})])
    assert again.get("harvest_uk", "clients", "7") == {
        "name": "Acme",
        "address": {"city": "York", "zip": None},
    }


def test_an_event_that_fails_half_way_can_be_applied_again(state):
    changes = [_change("put", {}), _change("merge", {}, doc_id="missing")]
    with pytest.raises(KeyError, match="missing"):
        state.apply_once("night-1", changes)
    assert state.documents("harvest_uk", "clients") == []
    assert state.apply_once("night-1", changes[:1])


def test_the_clock_is_real_until_it_is_set_and_stays_set(state, tmp_path):
    assert abs(state.clock() - datetime.now(UTC)) < timedelta(minutes=1)
    state.set_clock(AT)
    assert SandboxState(tmp_path / "sandbox.sqlite").clock() == AT


def test_an_instant_without_a_zone_is_refused(state):
    with pytest.raises(ValueError, match="time zone"):
        state.set_clock(AT.replace(tzinfo=None))


def test_systems_survive_with_their_settings(state, tmp_path):
    state.register_system("harvest_uk", "harvest", {"page_size_max": 10})
    [system] = SandboxState(tmp_path / "sandbox.sqlite").systems().values()
    assert (system.vendor, system.settings) == ("harvest", {"page_size_max": 10})


def test_what_another_process_wrote_is_seen_at_once(state, tmp_path):
    other = SandboxState(tmp_path / "sandbox.sqlite")
    for name in ("1", "2"):
        other.put("s", "c", name, {"id": name}, AT)
        assert state.documents("s", "c")[-1] == {"id": name}
    state.put("s", "c", "2", {"id": "own"}, AT)
    assert [row["id"] for row in state.documents("s", "c")] == ["1", "own"]


def test_a_changed_answer_does_not_change_the_state(state):
    state.put("s", "c", "1", {"id": 1}, AT)
    state.documents("s", "c")[0]["id"] = 2
    assert state.documents("s", "c") == [{"id": 1}]


def test_two_threads_never_get_the_same_id(state):
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: state.next_id("s", "c"), range(40)))
    assert sorted(ids) == list(range(1, 41))


def test_nothing_is_lost_when_the_process_is_killed(tmp_path):
    path = tmp_path / "killed.sqlite"
    code = (
        "import os, pathlib, sys; from datetime import datetime, UTC;"
        "from ps_integration.sandbox.state import SandboxState;"
        "state = SandboxState(pathlib.Path(sys.argv[1]));"
        "state.put('s', 'c', '1', {'id': 1}, datetime.now(UTC));"
        "os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", code, str(path)], check=False, cwd=root)
    assert killed.returncode == -9
    assert SandboxState(path).documents("s", "c") == [{"id": 1}]


def test_the_file_is_synced_at_every_commit(state):
    with state.transaction() as transaction:
        pragma = transaction.connection.execute
        modes = [pragma(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert modes == ["wal", 2]
