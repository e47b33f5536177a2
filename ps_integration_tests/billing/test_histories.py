"""Random histories: whatever happens, in any order, the ERP nets to the final truth posted once.

A state machine makes, edits, re-rates, moves, withdraws and deletes work, opens and closes periods,
approves, posts with faults, and voids documents in the ERP; caps come, go, rise and fall. After
every step both equations hold, nothing waits above a cap that has room, and the ledger replays to
the stored states. In the end, when the dust has settled, as much is billed as caps let through; and
once the caps are lifted the ERP's own documents come to the truth to the cent, by project, period,
currency and account.

`make histories` is the long run.
"""

import os
import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.billing.history import PERIODS, History
from ps_integration_tests.billing.truth import Group

HISTORIES = int(os.environ.get("PS_HISTORIES", "3"))
STEPS = int(os.environ.get("PS_HISTORY_STEPS", "10"))
DAYS = st.sampled_from((date(2026, 2, 10), date(2026, 3, 5), date(2026, 3, 6), date(2026, 4, 2)))
ENTRY = st.sampled_from(("1", "2"))
PROJECT = st.sampled_from(("p1", "p2"))
FATES = st.sampled_from(("posted", "posted", "refused", "lost_before", "lost_after"))
POLICIES = st.sampled_from(("delta", "reverse_and_rebill"))
FAR = st.integers(0, 5)
FREE = 10**12
"""A cap that nothing reaches."""


class Histories(RuleBasedStateMachine):
    """One firm; what people, the product and the ERP do to it, in any order."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "store.sqlite"
        shutil.copy(self.template, path)
        self.store = OperationalStore(f"sqlite:///{path}")
        self.history = History(
            self.store, closed_period_policy="shift", future_period_policy="shift"
        )

    @initialize(policy=POLICIES)
    def one_entry_is_posted(self, policy: str) -> None:
        self.caps = dict.fromkeys(("p1", "p2"), FREE)
        self.history.set_policy(corrections_policy=policy)
        self.history.set_entry("1")
        self.history.run_night()
        self.history.post_all()

    # what people do at the sources

    @rule(number=ENTRY, seconds=st.sampled_from((900, 1001, 3600, 5400)))
    def book(self, number: str, seconds: int) -> None:
        self.history.set_entry(number, seconds=seconds)

    @rule(number=ENTRY, project=PROJECT)
    def move(self, number: str, project: str) -> None:
        self.change(number, project_id=project)

    @rule(number=ENTRY, on=DAYS)
    def move_to_a_day(self, number: str, on: date) -> None:
        self.change(number, work_date=on)

    @rule(number=ENTRY, is_billable=st.booleans())
    def bill_or_not(self, number: str, is_billable: bool) -> None:
        self.change(number, is_billable=is_billable)

    @rule(number=ENTRY)
    def withdraw(self, number: str) -> None:
        self.change(number, is_approved=False)

    @rule(number=ENTRY)
    def delete(self, number: str) -> None:
        self.change(number, is_deleted=True)

    @rule(number=ENTRY)
    def restore(self, number: str) -> None:
        self.change(number, is_deleted=False, is_approved=True)

    @rule(project=PROJECT, price=st.sampled_from(("95.55", "120")))
    def rerate(self, project: str, price: str) -> None:
        self.history.rerate(project, price)

    @rule(project=PROJECT, cap=st.sampled_from((0, 5_000, 9_999, 20_000, None)))
    def agree_a_cap(self, project: str, cap: int | None) -> None:
        self.history.set_cap(project, cap)
        self.caps[project] = FREE if cap is None else cap

    @rule(more=st.integers(0, 2), is_reached=st.booleans())
    def reach_a_milestone(self, more: int, is_reached: bool) -> None:
        self.history.set_milestone("m", amount_minor=50_000 + 777 * more, is_reached=is_reached)

    # what finance and the ERP do

    @rule(period=st.sampled_from(PERIODS), state=st.sampled_from(("open", "closed", "not_open")))
    def open_or_close(self, period: str, state: str) -> None:
        self.history.set_period(period, state)

    @rule(policy=POLICIES)
    def change_policy(self, policy: str) -> None:
        self.history.set_policy(corrections_policy=policy)

    @precondition(lambda self: self.history.standing())
    @rule(at=FAR)
    def void_in_the_erp(self, at: int) -> None:
        standing = self.history.standing()
        self.history.void(standing[at % len(standing)])

    # what the product does

    @rule()
    def night(self) -> None:
        self.history.run_night()

    @precondition(lambda self: self.history.refs("planned"))
    @rule()
    def approve(self) -> None:
        self.history.approve_all()

    @precondition(lambda self: self.history.refs("approved"))
    @rule(at=FAR, fate=FATES)
    def post_one(self, at: int, fate: str) -> None:
        refs = self.history.refs("approved")
        self.history.attempt(refs[at % len(refs)], fate)

    @precondition(lambda self: self.history.refs("unknown"))
    @rule()
    def look_up(self) -> None:
        self.history.look_up()

    # what always holds

    @invariant()
    def both_equations_hold(self) -> None:
        self.history.balance()

    @invariant()
    def the_ledger_replays_to_the_stored_states(self) -> None:
        with self.store.snapshot() as session:
            assert ledger.replay(session) == self.history.states()

    @invariant()
    def a_line_key_is_an_identity(self) -> None:
        must_be_identities(self.history)

    def teardown(self) -> None:
        """Let the dust settle; then the ERP must come to the truth."""
        try:
            for period in PERIODS:
                self.history.set_period(period, "open")
            self.history.quiesce(6)
            for project, cap in self.caps.items():
                due, billed = self.history.truth.net(), self.history.net()
                fixed = sum(
                    stone.amount_minor
                    for stone in self.history.truth.milestones.values()
                    if stone.is_reached and stone.project_id == project
                )
                assert of(billed, project) - fixed >= min(cap, of(due, project) - fixed)
            for project in self.caps:
                self.history.set_cap(project, None)
            self.history.quiesce(6)
            assert self.history.net() == self.history.truth.net()
            assert self.history.owed() == []
            must_be_identities(self.history)
        finally:
            self.history.warehouse.close()
            self.store.close()
            self.folder.cleanup()

    def change(self, number: str, **fields: object) -> None:
        if number in self.history.truth.entries:
            self.history.set_entry(number, **fields)


def of(net: dict[Group, int], project: str) -> int:
    """What all groups of a project come to."""
    return sum(minor for group, minor in net.items() if group.project_id == project)


def must_be_identities(history: History) -> None:
    """No number of a part ever stood for two contents, and only what was posted is corrected."""
    posted = set(history.erp)
    contents: dict[str, set[tuple]] = {}
    for line in history.lines():
        if line["correction"] is None:
            continue
        assert line["corrects_document_ref"] in posted
        assert len(line["description"]) <= 100
        names = ("correction", "corrects_line_key", "version_sha256", "project_id", "period",
                 "quantity", "unit_price", "amount_minor")  # fmt: skip
        contents.setdefault(line["line_key"], set()).add(tuple(line[name] for name in names))
    assert all(len(found) == 1 for found in contents.values()), contents


@pytest.mark.timeout(0)
def test_the_erp_nets_to_the_final_truth(migrated: Path):
    machine = type("FirmHistories", (Histories,), {"template": migrated})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
