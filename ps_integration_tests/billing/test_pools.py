"""The product beside `pools`, on random histories: every night both bill and defer the same.

`make histories` is the long run (`PS_POOLS`).
"""

import os
import shutil
import tempfile
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.billing.history import History
from ps_integration_tests.billing.pools import Event, Pools, Project

HISTORIES = int(os.environ.get("PS_POOLS", "2"))
NIGHTS = 4
ENTRIES = st.sampled_from(("1", "2", "3"))
PROJECTS = st.sampled_from(("p1", "p2"))
EVENTS = st.one_of(
    st.builds(
        Event, st.just("book"), ENTRIES, st.sampled_from((900, 1001, 3600, 5401, 36_000)),
        st.integers(2, 4),
    ),
    st.builds(Event, st.just("book"), ENTRIES, st.sampled_from((7200, 12_345)), st.just(3)),
    st.builds(Event, st.just("move"), ENTRIES, PROJECTS),
    st.builds(Event, st.just("withdraw"), ENTRIES, st.none()),
    st.builds(Event, st.just("rate"), PROJECTS, st.sampled_from(("95.55", "130", "187.12345"))),
    st.builds(Event, st.just("cap"), PROJECTS, st.sampled_from((0, 5_000, 12_001, 30_000, None))),
    st.builds(Event, st.just("void"), PROJECTS, st.integers(0, 2)),
)  # fmt: skip
FIRST = (Event("book", "1", 7200, 3), Event("cap", "p1", 25_000))


class Beside:
    """The product and the interpreter, told the same."""

    def __init__(self, template: Path, folder: Path, policy: str) -> None:
        shutil.copy(template, folder / "store.sqlite")
        self.store = OperationalStore(f"sqlite:///{folder / 'store.sqlite'}")
        self.history = History(self.store)
        self.history.set_policy(corrections_policy=policy)
        self.history.new_project("p2", "900", currency="JPY")
        self.pools = Pools({
            "p1": Project("GBP", Fraction(100)), "p2": Project("JPY", Fraction(900)),
        })  # fmt: skip
        self.by_night: list[list[str]] = []

    def night(self, events: list[Event]) -> None:
        known = [event for event in events if self._tell(event)]
        self.pools.night(known)
        before = set(self.history.erp)
        self.history.run_night()
        self.history.post_all()
        self.history.settle()
        self.by_night.append([ref for ref in self.history.erp if ref not in before])

    def _tell(self, event: Event) -> bool:
        """Do it in the product's world; false where it cannot be."""
        if event.what in {"book", "move", "withdraw"}:
            return self._tell_of_entry(event)
        match event.what:
            case "rate":
                self.history.rerate(event.name, str(event.value))
            case "cap":
                self.history.set_cap(event.name, event.value)
            case _:
                return self._tell_of_void(event.name, int(event.value or 0))
        return True

    def _tell_of_entry(self, event: Event) -> bool:
        known = event.name in self.history.truth.entries
        if event.what == "book":
            first = {} if known else {"work_date": date(2026, 3, event.day)}
            self.history.set_entry(event.name, seconds=event.value, is_approved=True, **first)
        elif known and event.what == "move":
            self.history.move(event.name, project_id=event.value)
        elif known:
            self.history.withdraw(event.name)
        return known or event.what == "book"

    def _tell_of_void(self, project: str, night: int) -> bool:
        if night >= len(self.by_night):
            return False
        for ref in self.by_night[night]:
            if ref.startswith(f"PS-{project.upper()}-"):
                self.history.void(ref)
        return True

    def billed(self) -> dict[tuple[str, str], int]:
        rows = self.history.warehouse.rows(
            "select split_part(object_id, ':', 2) as number, pl.project_id, "
            "sum(pl.amount_minor)::bigint as minor from ops.posting_lines as pl "
            "inner join ops.documents as dc on pl.document_ref = dc.document_ref "
            "anti join ops.erp_reversals as rv on pl.document_ref = rv.document_ref "
            "where dc.state = 'posted' group by all having sum(pl.amount_minor) <> 0"
        )
        return {(row["number"], row["project_id"]): row["minor"] for row in rows}

    def waiting(self) -> dict[str, int]:
        rows = self.history.warehouse.rows(
            "select split_part(entry_id, ':', 2) as number, sum(amount_minor)::bigint as minor "
            "from billing.dispositions where reason = 'cap_used_up' group by all"
        )
        return {row["number"]: row["minor"] for row in rows}

    def close(self) -> None:
        self.history.warehouse.close()
        self.store.close()


@pytest.mark.timeout(0)
def test_every_night_bills_and_defers_what_the_pools_say(migrated: Path):
    @settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        policy=st.sampled_from(("reverse_and_rebill", "delta")),
        nights=st.lists(st.lists(EVENTS, max_size=3), min_size=NIGHTS, max_size=NIGHTS),
    )
    def play(policy: str, nights: list[list[Event]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            both = Beside(migrated, Path(folder), policy)
            try:
                for events in ([*FIRST], *nights):
                    both.night(events)
                    assert both.billed() == both.pools.held
                both.night([])  # nothing new: what a credit has freed is given out
                assert both.billed() == both.pools.held
                expected = {name: minor for name, minor in both.pools.waiting.items() if minor}
                both.history.run_night()
                assert both.waiting() == expected
            finally:
                both.close()

    play()
