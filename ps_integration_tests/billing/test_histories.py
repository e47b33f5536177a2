"""Random short histories: whatever happens after posting, the ERP nets to the final truth."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.billing.history import PERIODS, History

DAYS = (date(2026, 2, 10), date(2026, 3, 5), date(2026, 3, 6), date(2026, 4, 2))
NUMBER = st.sampled_from(("1", "2"))
STEP = st.one_of(
    st.tuples(st.just("set_entry"), NUMBER, st.sampled_from((900, 1001, 3600, 5400))),
    st.tuples(st.just("move"), NUMBER, st.sampled_from(("p1", "p2"))),
    st.tuples(st.just("date"), NUMBER, st.sampled_from(DAYS)),
    st.tuples(st.just("billable"), NUMBER, st.booleans()),
    st.tuples(st.just("withdraw"), NUMBER),
    st.tuples(st.just("delete"), NUMBER),
    st.tuples(st.just("restore"), NUMBER),
    st.tuples(st.just("rerate"), st.sampled_from(("p1", "p2")), st.sampled_from(("95.55", "120"))),
    st.tuples(st.just("milestone"), st.integers(0, 2), st.booleans()),
    st.tuples(
        st.just("period"), st.sampled_from(PERIODS), st.sampled_from(("open", "closed", "not_open"))
    ),
    st.tuples(st.just("void"), st.integers(0, 5)),
    st.tuples(st.just("policy"), st.sampled_from(("delta", "reverse_and_rebill"))),
    st.tuples(st.just("night")),
    st.tuples(st.just("post"), st.sampled_from(("posted", "refused", "unknown"))),
    st.tuples(st.just("post"), st.just("posted")),
)


FIELDS = {"move": "project_id", "date": "work_date", "billable": "is_billable"}


def take(history: History, step: tuple) -> None:
    word, *rest = step
    if word in FIELDS and rest[0] in history.truth.entries:
        history.set_entry(rest[0], **{FIELDS[word]: rest[1]})
    elif word in {"withdraw", "delete", "restore"} and rest[0] in history.truth.entries:
        getattr(history, word)(rest[0])
    elif word in OTHERS:
        OTHERS[word](history, *rest)


def run_night(history: History) -> None:
    history.run_night()
    history.approve_all()


def answer_one(history: History, state: str) -> None:
    for ref in history.refs("approved")[:1]:
        history.send(ref, state)


def void_one(history: History, place: int) -> None:
    standing = sorted(ref for ref, one in history.erp.items() if not one.is_cancelled)
    if standing:
        history.void(standing[place % len(standing)])


OTHERS: dict[str, Callable[..., None]] = {
    "set_entry": lambda history, number, seconds: history.set_entry(number, seconds=seconds),
    "rerate": History.rerate,
    "milestone": lambda history, more, is_reached: history.set_milestone(
        "m", amount_minor=50_000 + 777 * more, is_reached=is_reached
    ),
    "period": History.set_period,
    "policy": lambda history, policy: history.set_policy(corrections_policy=policy),
    "void": void_one,
    "night": run_night,
    "post": answer_one,
}


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


@pytest.mark.parametrize("policy", ["reverse_and_rebill", "delta"])
@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, min_size=4, max_size=9))
def test_the_erp_nets_to_the_final_truth(migrated: Path, policy: str, steps: list[tuple]):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        shutil.copy(migrated, path)
        store = OperationalStore(f"sqlite:///{path}")
        history = History(store, closed_period_policy="shift", future_period_policy="shift")
        try:
            history.set_policy(corrections_policy=policy)
            history.set_entry("1")
            history.run_night()
            history.post_all()
            for step in steps:
                take(history, step)
            for period in PERIODS:
                history.set_period(period, "open")
            history.quiesce()
            assert history.net() == history.truth.net()
            assert history.owed() == []
            must_be_identities(history)
        finally:
            history.warehouse.close()
            store.close()
