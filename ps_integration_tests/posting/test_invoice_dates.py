"""The invoice date of a document is fixed by its first claim and never changes after that.

Expected dates are read off a calendar: the batch's posting date is 31 March 2026 (see `making`).
"""

import os
import shutil
import signal
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_firm, make_night

REF = "PS-APOLLO-202603-1"
MORNING = datetime(2026, 4, 9, 3, 30, tzinfo=UTC)
MODES = ["ok", "lost_before", "lost_after", "error_after", "late", "throttled", "not_sent"]
KILLS = ["", "P2 claimed@1", "P3 intent-committed@1", "P4 answered@1", "P6 committed@1"]


def dated(policy: str, zone: str = "UTC", **entity: object) -> Firm:
    """The sample firm under a policy of invoice dates."""
    told = make_firm().model_dump()
    [us] = told["legal_entities"]
    told["legal_entities"] = [{**us, "invoice_date": policy, "time_zone": zone, **entity}]
    return Firm.model_validate(told)


def sent(erp: FakeErp) -> dict[str, date | None]:
    """Invoice dates in the ERP, by reference."""
    return {one.reference: one.invoice_date for one in erp.documents()}


def kept(store: OperationalStore) -> date | None:
    """The date that the store keeps."""
    with store.snapshot() as session:
        return ledger.get(session, REF).invoice_date


@pytest.mark.parametrize(
    ("firm", "invoice_date"),
    [
        (dated("last_work_day"), date(2026, 3, 31)),
        (dated("end_of_period"), date(2026, 3, 31)),
        (dated("day_of_sending"), date(2026, 4, 9)),
        # 03:30 in London is 15:30 in Auckland, and the evening before in Chicago
        (dated("day_of_sending", "Pacific/Auckland"), date(2026, 4, 9)),
        (dated("day_of_sending", "America/Chicago"), date(2026, 4, 8)),
        (dated("billing_calendar", billing_day=15), date(2026, 4, 15)),
    ],
)
def test_the_policy_dates_the_paper_and_revenue_keeps_its_month(
    store, tmp_path, approved, states, firm, invoice_date
):
    night = make_night(tmp_path, firm=firm, as_of=MORNING)
    approved(make_batch(), night)
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    result = post.post(night, store, {"bc": erp})
    [held] = erp.documents()
    assert states()[REF] == "posted"
    assert (held.posting_date, held.invoice_date) == (date(2026, 3, 31), invoice_date)
    assert kept(store) == invoice_date
    assert "erp_altered" not in result.metadata


def test_a_credit_memo_is_dated_by_the_same_policy(store, tmp_path, approved):
    night = make_night(tmp_path, firm=dated("day_of_sending"), as_of=MORNING)
    approved(make_batch(make_document(amounts=(-10_000,), kind="credit_memo")), night)
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    post.post(night, store, {"bc": erp})
    [held] = erp.documents()
    assert (held.kind, held.posting_date, held.invoice_date) == (
        "credit_memo", date(2026, 3, 31), date(2026, 4, 9),
    )  # fmt: skip


def test_an_erp_with_one_date_gets_the_policys(store, tmp_path, approved):
    """A document of 10 March at the end of its period: one date, in the same month."""
    night = make_night(tmp_path, firm=dated("end_of_period"), as_of=MORNING)
    approved(make_batch(make_document(posting_date=date(2026, 3, 10))), night)
    erp = FakeErp(tmp_path / "erp.sqlite", "U", dates="one")
    result = post.post(night, store, {"bc": erp})
    [held] = erp.documents()
    assert (held.posting_date, held.invoice_date) == (date(2026, 3, 31), date(2026, 3, 31))
    assert "erp_altered" not in result.metadata


def test_an_erp_that_dates_invoices_itself_fixes_none_of_ours(store, tmp_path, approved):
    night = make_night(tmp_path, firm=dated("day_of_sending"), as_of=MORNING)
    approved(make_batch(), night)
    post.post(night, store, {"bc": FakeErp(tmp_path / "erp.sqlite", "U", dates="own")})
    assert kept(store) is None


def test_the_date_that_the_erp_holds_is_compared_with_the_one_that_was_sent(
    store, tmp_path, approved, states
):
    night = make_night(tmp_path, firm=dated("day_of_sending"), as_of=MORNING)
    approved(make_batch(), night)
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    erp.play("lost_after")
    post.post(night, store, {"bc": erp})
    with store.session() as session:
        session.execute(update(Document).values(confirmed_at=None))
    erp.edit(REF, invoice_date="2026-04-10")
    post.recover(night, store, {"bc": erp})
    with store.snapshot() as session:
        document = ledger.get(session, REF)
        assert document.readback["erp_altered"] == [
            {"field": "invoice_date", "approved": "2026-04-09", "erp": "2026-04-10"}
        ]
    assert states()[REF] == "posted"


def test_another_policy_voids_the_approval(store, tmp_path, approved, states):
    """The policy is in the configuration that was signed; what was not claimed waits again."""
    night = make_night(tmp_path, firm=dated("last_work_day"), as_of=MORNING)
    approved(make_batch(), night)
    changed = replace(night, firm=dated("day_of_sending"), config_hash="d" * 64)
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    post.post(changed, store, {"bc": erp})
    assert (states()[REF], erp.documents(), kept(store)) == ("planned", [], None)


def test_what_never_left_is_dated_anew_by_whoever_signs_it_again(store, tmp_path, approved):
    """Denied on the 9th under one policy; signed on the 10th under another, it has that one's."""
    night = make_night(tmp_path, firm=dated("day_of_sending"), as_of=MORNING)
    batch = approved(make_batch(), night)
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    erp.play("denied")
    post.post(night, store, {"bc": erp})
    assert (kept(store), erp.documents()) == (date(2026, 4, 9), [])
    later = make_night(
        tmp_path,
        firm=dated("end_of_period"),
        as_of=MORNING + timedelta(days=1),
        config_hash="d" * 64,
        run_id="run-2",
    )
    post.post(later, store, {"bc": erp})
    assert kept(store) is None
    post.stage(later, store, [batch])
    approve.approve(store, batch.batch_id, "maria", later.as_of, "")
    post.post(later, store, {"bc": erp})
    assert sent(erp) == {REF: date(2026, 3, 31)}


def test_a_date_that_was_claimed_is_kept_by_the_store_itself(store, tmp_path, approved):
    night = make_night(tmp_path, firm=dated("day_of_sending"), as_of=MORNING)
    approved(make_batch(), night)
    post.post(night, store, {"bc": FakeErp(tmp_path / "erp.sqlite", "U")})
    with pytest.raises(DatabaseError, match="does not change"), store.session() as session:
        session.execute(update(Document).values(invoice_date=date(2026, 5, 1)))


def test_what_an_earlier_life_of_the_store_sent_keeps_its_date(store, tmp_path, approved, states):
    """The store forgot that it sent on the 9th (a copy of the day before); it is the 12th now."""
    firm = dated("day_of_sending")
    night = make_night(tmp_path, firm=firm, as_of=MORNING)
    approved(make_batch(), night)
    with (
        closing(sqlite3.connect(tmp_path / "store.sqlite")) as now,
        closing(sqlite3.connect(tmp_path / "older.sqlite")) as older,
    ):
        now.backup(older)
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    post.post(night, store, {"bc": erp})
    with closing(OperationalStore(f"sqlite:///{tmp_path / 'older.sqlite'}")) as older:
        later = replace(night, as_of=MORNING + timedelta(days=3))
        result = post.post(later, older, {"bc": erp})
        assert "erp_altered" not in result.metadata
        assert kept(older) == date(2026, 4, 9)
    assert sent(erp) == {REF: date(2026, 4, 9)}


@pytest.fixture(scope="module")
def ready(migrated, tmp_path_factory):
    """A store with one signed document of a firm that dates by the day of sending."""
    path = tmp_path_factory.mktemp("dated") / "store.sqlite"
    shutil.copy(migrated, path)
    with closing(OperationalStore(f"sqlite:///{path}")) as store:
        night = make_night(path.parent, firm=dated("day_of_sending"), as_of=MORNING)
        batch = make_batch()
        post.stage(night, store, [batch])
        approve.approve(store, batch.batch_id, "maria", night.as_of, "")
    return path


def run(folder: Path, erp: FakeErp, day: int, kill: str) -> date | None:
    """One posting run on a day, killed at a place if one is named; the date kept afterwards."""
    url = f"sqlite:///{folder / 'store.sqlite'}"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if kill:
                os.environ.update(PS_CRASHPOINT=kill, PS_CRASHPOINT_HARNESS="1")
            as_of = MORNING + timedelta(days=day)
            night = make_night(folder, firm=dated("day_of_sending"), as_of=as_of)
            store = OperationalStore(url)
            post.recover(night, store, {"bc": erp})
            post.post(night, store, {"bc": erp})
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) == 0
    with closing(OperationalStore(url)) as store, store.snapshot() as session:
        return session.scalar(select(Document.invoice_date))


@pytest.mark.parametrize("posting_class", ["K", "U", "F", "N"])
@settings(
    max_examples=int(os.environ.get("PS_DATED_NIGHTS", "6")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    modes=st.lists(st.sampled_from(MODES), min_size=1, max_size=4),
    kills=st.lists(st.sampled_from(KILLS), min_size=1, max_size=2),
)
def test_the_date_never_changes_between_resends_and_across_a_crash(
    ready, posting_class, modes, kills
):
    """Every run is a day later than the one before it; what was claimed first stays."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ready, folder / "store.sqlite")
        erp = FakeErp(folder / "erp.sqlite", posting_class, drafts=posting_class == "F")
        erp.play(*modes)
        seen = [run(folder, erp, day, kill) for day, kill in enumerate([*kills, "", ""])]
        claimed = [one for one in seen if one is not None]
        assert claimed, "the last runs are not killed, and claim"
        assert set(claimed) == {claimed[0]}
        assert seen == [None] * (len(seen) - len(claimed)) + claimed
        assert set(sent(erp).values()) <= {claimed[0]}
