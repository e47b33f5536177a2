"""Posting: what is approved goes to the ERP once, and what an earlier run left comes to an end.

`recover` runs at the start of a night, `post` at its end; both do everything under a lease.
"""

from collections.abc import Callable, Mapping

from ps_integration.connectors.protocol import ErpWriter
from ps_integration.domain.clock import Clock, WallClock
from ps_integration.domain.money import money_text
from ps_integration.stores.operational import claims, leases, ledger
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.catch_up import Standing, catch_up
from ps_integration.workflows.comeback import come_back
from ps_integration.workflows.create import post_draft, send
from ps_integration.workflows.drafts import read_draft
from ps_integration.workflows.night import CheckResult, Night, StepResult
from ps_integration.workflows.readback import read_back
from ps_integration.workflows.rounds import each
from ps_integration.workflows.sender import Sender
from ps_integration.workflows.stage import stage
from ps_integration.workflows.unknown import mark_interrupted, settle

__all__ = ["post", "recover", "stage"]

RETRY_WAIT_SECONDS_MAX = 5.0
"""A run waits this long once for documents that were throttled or never left."""
ANSWERS = "Every ERP could be asked and took what was sent"
"""What the check `erp_takes_documents` says while it holds."""


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
    """Work alone on SQLite; on PostgreSQL share the work document by document (see `rounds`)."""
    if night.is_dry:
        return StepResult(0, {"skipped": "dry run"}, (Standing(is_open=True).check, _check({})))
    standing = catch_up(night, store, erps)
    if not standing.is_open:
        skipped = standing.message
        return StepResult(0, {"skipped": skipped}, (standing.check, _check({})))
    lease = None
    if not store.is_postgresql:
        with store.session() as session:
            lease = leases.acquire(session, leases.POSTING, clock.now())
        if lease is None:
            skipped = "another run is posting"
            return StepResult(0, {"skipped": skipped}, (standing.check, _check({})))
    sender = Sender(night, store, erps, clock, lease)
    try:
        work(sender)
    except leases.LeaseLostError:
        sender.tally.add("lease_lost")
    finally:
        if lease is not None:
            with store.session() as session:
                leases.release(session, lease, clock.now())
    return _result(sender, standing)


def _result(sender: Sender, standing: Standing) -> StepResult:
    with sender.store.snapshot() as session:
        posted = ledger.posted_minor(session, sender.night.run_id)
    amount = {currency: money_text(minor, currency) for currency, minor in posted.items()}
    counts, paused = sender.tally.counts, dict(sorted(sender.tally.paused.items()))
    figures = {
        **dict(sorted(counts.items())),
        "posted_amount": amount,
        "paused": paused,
        "caught_up": standing.message,
    }
    return StepResult(counts["confirmed"], figures, (standing.check, _check(paused)))


def _check(paused: Mapping[str, str]) -> CheckResult:
    told = "; ".join(f"{system}: {reason}" for system, reason in paused.items())
    return CheckResult(
        name="erp_takes_documents",
        passed=not paused,
        severity="error",
        is_blocking=False,
        description=f"Left alone for the rest of the run: {told}" if paused else ANSWERS,
    )


def _recover(sender: Sender) -> None:
    each(sender, mark_interrupted, "sending")
    come_back(sender)
    settle(sender)
    does_post = sender.night.firm.posting.mode == "post"
    each(sender, post_draft if does_post else read_draft, "draft")
    each(sender, _confirm, "posted", unconfirmed=True)


def _post(sender: Sender) -> None:
    _recover(sender)
    each(sender, send, "approved")
    _try_again(sender)
    settle(sender)
    each(sender, _confirm, "posted", unconfirmed=True)
    _after_reversals(sender)


def _after_reversals(sender: Sender) -> None:
    """Re-bills, once what they bill again has been taken back and read back."""
    if not sender.tally.counts["waits"]:
        return
    each(sender, send, "approved")
    settle(sender)
    each(sender, _confirm, "posted", unconfirmed=True)


def _try_again(sender: Sender) -> None:
    """Once more for what never left or was put off, when the wait is short."""
    does_post = sender.night.firm.posting.mode == "post"
    with sender.store.snapshot() as session:
        due = claims.next_tries(session, ("approved", "draft") if does_post else ("approved",))
    now, paused = sender.clock.now(), sender.tally.paused
    waits = [(at - now).total_seconds() for system, at in due.items() if system not in paused]
    short = [wait for wait in waits if wait <= RETRY_WAIT_SECONDS_MAX]
    if not short:
        return
    sender.clock.sleep(max(0.0, *short))
    each(sender, send, "approved")
    if does_post:
        each(sender, post_draft, "draft")


def _confirm(sender: Sender, ref: str) -> None:
    read_back(sender, ref)
