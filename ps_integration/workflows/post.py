"""Posting: what is approved goes to the ERP once, and what an earlier run left comes to an end.

`recover` runs at the start of a night, `post` at its end; both do everything under the lease.
"""

from collections.abc import Callable, Mapping

from ps_integration.connectors.protocol import ErpWriter
from ps_integration.domain.clock import Clock, WallClock
from ps_integration.domain.money import Money
from ps_integration.stores.operational import claims, leases, ledger
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.catch_up import Standing, catch_up
from ps_integration.workflows.comeback import come_back
from ps_integration.workflows.create import post_draft, send
from ps_integration.workflows.night import Night, StepResult
from ps_integration.workflows.readback import read_back
from ps_integration.workflows.sending import Sender
from ps_integration.workflows.stage import stage
from ps_integration.workflows.unknown import mark_interrupted, settle

__all__ = ["post", "recover", "stage"]

RETRY_WAIT_SECONDS_MAX = 5.0
"""A run waits this long once for documents that were throttled or never left."""


def post(
    night: Night,
    store: OperationalStore,
    erps: Mapping[str, ErpWriter],
    clock: Clock | None = None,
) -> StepResult:
    """Send every approved document, after bringing to an end what an earlier run left."""
    return _under_lease(night, store, erps, clock or WallClock(), _post)


def recover(
    night: Night,
    store: OperationalStore,
    erps: Mapping[str, ErpWriter],
    clock: Clock | None = None,
) -> StepResult:
    """Bring to an end what a crash or a lost reply left: sending, unknown, draft, unconfirmed."""
    return _under_lease(night, store, erps, clock or WallClock(), _recover)


def _under_lease(
    night: Night,
    store: OperationalStore,
    erps: Mapping[str, ErpWriter],
    clock: Clock,
    work: Callable[[Sender], None],
) -> StepResult:
    if night.is_dry:
        return StepResult(0, {"skipped": "dry run"}, (Standing(is_open=True).check,))
    standing = catch_up(night, store, erps)
    if not standing.is_open:
        return StepResult(0, {"skipped": standing.message}, (standing.check,))
    with store.session() as session:
        lease = leases.acquire(session, leases.POSTING, clock.now())
    if lease is None:
        return StepResult(0, {"skipped": "another run is posting"}, (standing.check,))
    sender = Sender(night, store, erps, clock, lease)
    try:
        work(sender)
    except leases.LeaseLostError:
        sender.counts["lease_lost"] += 1
    finally:
        with store.session() as session:
            leases.release(session, lease, clock.now())
            posted = ledger.posted_minor(session, night.run_id)
    amount = {currency: str(Money(minor, currency)) for currency, minor in posted.items()}
    counts = dict(sorted(sender.counts.items()))
    figures = {**counts, "posted_amount": amount, "caught_up": standing.message}
    return StepResult(sender.counts["confirmed"], figures, (standing.check,))


def _recover(sender: Sender) -> None:
    for ref in _refs(sender, "sending"):
        mark_interrupted(sender, ref)
    come_back(sender)
    settle(sender)
    if sender.night.firm.posting.mode == "post":
        for ref in _refs(sender, "draft"):
            post_draft(sender, ref)
    _confirm_all(sender)


def _post(sender: Sender) -> None:
    _recover(sender)
    sender.retry_after.clear()
    for ref in _refs(sender, "approved"):
        send(sender, ref)
    _try_again(sender)
    settle(sender)
    _confirm_all(sender)


def _try_again(sender: Sender) -> None:
    """Once more for what never left or was throttled, when the wait is short."""
    refs = sender.retry_after.copy()
    if not refs or max(refs.values()) > RETRY_WAIT_SECONDS_MAX:
        return
    sender.clock.sleep(max(refs.values()))
    for ref in sorted(set(refs) & set(_refs(sender, "approved"))):
        send(sender, ref)
    if sender.night.firm.posting.mode == "post":
        for ref in sorted(set(refs) & set(_refs(sender, "draft"))):
            post_draft(sender, ref)


def _confirm_all(sender: Sender) -> None:
    with sender.store.snapshot() as session:
        refs = claims.unconfirmed_refs(session)
    for ref in refs:
        read_back(sender, ref)


def _refs(sender: Sender, state: str) -> tuple[str, ...]:
    with sender.store.snapshot() as session:
        return tuple(claims.refs_in(session, state))
