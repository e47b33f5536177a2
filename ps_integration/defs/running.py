"""Runs one step for Dagster: opens the workbench, joins the run, turns our errors into Dagster's.

Only an error worth retrying is retried, and nothing that writes to another system ever is. A
retry policy on the asset would also retry mistakes in the program and failed blocking checks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from ps_integration.connectors.limits import Meter
from ps_integration.defs.resources import FirmResource, environ, job_name
from ps_integration.errors import AskFinanceError, PsIntegrationError, RetryLaterError
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import balance, calls, connect, extract, nightly, record
from ps_integration.workflows.night import Night, StepResult
from ps_integration.workflows.outcome import Outcome
from ps_integration.workflows.steps import Step, Workbench, play

RETRIES_MAX = 2
RETRY_WAIT_SECONDS = 30
PATIENCE_SECONDS = 300.0
"""How long a step waits for another process that has the warehouse."""


def run_step(context: dg.AssetExecutionContext, firm: FirmResource, step: Step) -> StepResult:
    """Run one step of the night; planning and posting only while the books allow it.

    Raises:
        dg.Failure: A person must do something; the message says what.
        dg.RetryRequested: The same step may succeed later.
    """
    with _errors(context, can_retry=not step.writes_outside), _bench(context, firm) as bench:
        if step.needs_balance and (failed := balance.broken(bench.warehouse)):
            raise AskFinanceError(
                f"{step.name}: nothing is planned or posted while {', '.join(failed)} does not hold"
            )
        return play(bench, step)


def run_extract(
    context: dg.AssetExecutionContext, firm: FirmResource, system_id: str
) -> StepResult:
    """Read one system; the warehouse is held only to plan and to land.

    What could be read is landed. When a stream was only busy, the whole is tried again later; the
    last try leaves the gap to the check, as the command line does.

    Raises:
        dg.Failure: A person must do something; the message says what.
        dg.RetryRequested: A stream of the system was busy or out of reach.
    """
    with _errors(context, can_retry=True):
        with _bench(context, firm) as bench:
            night = bench.night
        meter = Meter()
        (connector,) = connect.connectors(
            night.firm, environ(), only=(system_id,), meter=meter, paces=firm.paces
        ).values()
        result = extract.extract_system(night, connector, _opener(night))
        with _opener(night)() as warehouse:
            calls.note(night, warehouse, meter)
        waits = result.metadata["worth_retrying"]
        if waits and context.op_execution_context.retry_number < RETRIES_MAX:
            raise RetryLaterError(f"{system_id}: {waits} may be readable later")
        return result


def run_end(context: dg.AssetExecutionContext, firm: FirmResource) -> Outcome:
    """Close the run and publish its warehouse.

    Raises:
        dg.Failure: A person must do something; the message says what.
    """
    with _errors(context, can_retry=False):
        night = firm.night(context.instance, context.run.run_id)
        return nightly.end(night, environ())


@contextmanager
def _bench(context: dg.AssetExecutionContext, firm: FirmResource) -> Iterator[Workbench]:
    night = firm.night(context.instance, context.run.run_id)
    with nightly.workbench(night, environ(), PATIENCE_SECONDS, firm.paces) as bench:
        record.join(bench, job_name(context.run.job_name))
        yield bench


def _opener(night: Night) -> Callable[[], Warehouse]:
    return lambda: nightly.open_warehouse(night, PATIENCE_SECONDS)


@contextmanager
def _errors(context: dg.AssetExecutionContext, *, can_retry: bool) -> Iterator[None]:
    try:
        yield
    except RetryLaterError as error:
        if not can_retry:
            raise dg.Failure(str(error), allow_retries=False) from error
        wait = (
            error.retry_after_seconds
            or RETRY_WAIT_SECONDS * 2**context.op_execution_context.retry_number
        )
        raise dg.RetryRequested(max_retries=RETRIES_MAX, seconds_to_wait=wait) from error
    except PsIntegrationError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
