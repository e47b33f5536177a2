"""Brings waiting documents into each state of the product's own list, as its engine does."""

from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, get_args

from sqlalchemy import select

from ps_integration.domain.posting import TRANSITIONS, State
from ps_integration.domain.trail import Key, KeyRing
from ps_integration.stores.operational import claims, ledger
from ps_integration.stores.operational.journal import Journal
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.regressions.firm import Firm

STATES: Final[tuple[State, ...]] = get_args(State)
BY_COMMANDS: Final = ("planned", "approved", "posted")
"""States that commands lead to; the others are what a call to the ERP leaves behind."""
SENT: Final = ledger.Step(datetime(2026, 4, 9, 23, tzinfo=UTC), None)


def bring(firm: Firm, folder: Path, state: State) -> None:
    """Bring every document that waits into a state."""
    if state == "planned":
        return
    for batch in firm.said("batches", "list")["batches"]:
        if batch["status"] == "planned":
            words = ("batches", "approve", batch["batch_id"], "--note", "seen")
            assert firm.run(*words, who="controller").code == 0
    if state == "posted":
        firm.run("post", "--as-of", "2026-04-09")
    elif state != "approved":
        _step(folder, steps_to(state))
    assert _waiting(folder, state), f"no document is {state}"


def steps_to(state: State) -> tuple[State, ...]:
    """The shortest way from approved that leaves the store, by the product's own table."""
    ways: deque[tuple[State, ...]] = deque([("sending",)])
    while ways:
        way = ways.popleft()
        if way[-1] == state:
            return way
        after = sorted(to for before, to in TRANSITIONS if before == way[-1])
        ways.extend((*way, to) for to in after if to not in way)
    raise AssertionError(f"nothing leads to {state}")


def _step(folder: Path, steps: tuple[State, ...]) -> None:
    keys = KeyRing(Key.of((folder / "audit.key").read_text("utf-8").strip(), "audit.key"))
    url = f"sqlite:///{folder / 'operational.sqlite'}"
    store = OperationalStore(url, Journal(folder / "posting.journal"), keys)
    for state in steps:
        with store.session() as session:
            before = "approved" if state == steps[0] else steps[steps.index(state) - 1]
            for document in session.scalars(select(Document).where(Document.state == before)):
                if state == "sending":
                    claims.intend(session, document, "create", SENT, SENT.at)
                else:
                    ledger.transition(session, document, state, SENT)
                if state == "unknown":
                    document.doubtful_clock_at = SENT.at + timedelta(minutes=1)
                if state == "held":
                    document.hold_reason = "the ERP holds something else under this reference"
                ledger.refresh_batch(session, document.batch_id)
    store.close()


def _waiting(folder: Path, state: State) -> bool:
    store = OperationalStore(f"sqlite:///{folder / 'operational.sqlite'}")
    with store.snapshot() as session:
        found = session.scalar(select(Document).where(Document.state == state).limit(1))
    store.close()
    return found is not None
