"""One asset per box of the data flow, made from the workflows' own list of steps."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from ps_integration.defs.resources import FirmResource, environ
from ps_integration.errors import PsIntegrationError, RetryLaterError
from ps_integration.settings.firm import Firm, System
from ps_integration.workflows.night import CheckResult, StepResult
from ps_integration.workflows.nightly import workbench
from ps_integration.workflows.steps import STEPS, Step, Workbench, extract_one

WRITER_POOL = "warehouse_writer"
_OWNERS = {
    "extract": "team:integration",
    "conform": "team:integration",
    "reconcile": "team:finance",
    "bill": "team:finance",
    "post": "team:finance",
    "feedback": "team:integration",
    "report": "team:finance",
}
_RETRY = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL)

Events = Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]


def raw_assets(firm: Firm) -> list[dg.AssetsDefinition]:
    """One asset per connected system: its raw records, landed."""
    return [_raw_asset(system) for system in firm.systems]


def step_assets(firm: Firm) -> list[dg.AssetsDefinition]:
    """Every other step of the night, after the raw records of all systems."""
    raw_keys = [raw_key(system) for system in firm.systems]
    return [_step_asset(step, raw_keys, firm) for step in STEPS if step.name != "raw"]


def raw_key(system: System) -> dg.AssetKey:
    """Asset key of one system's raw records."""
    return dg.AssetKey(["raw", system.id])


def api_pool(system_id: str) -> str:
    """The pool that keeps two runs from asking one account at the same time."""
    return f"api_{system_id}"


def _raw_asset(system: System) -> dg.AssetsDefinition:
    @dg.asset(
        key=raw_key(system),
        group_name="extract",
        kinds={"python", "http" if system.vendor != "files" else "file"},
        owners=[_OWNERS["extract"]],
        deps=["recovery"],
        pool=api_pool(system.id),
        retry_policy=_RETRY,
        freshness_policy=_freshness(system),
        tags={"ps/system": system.id, "ps/vendor": system.vendor},
        description=f"What {system.id} ({system.vendor}) says, exactly as received, append-only.",
    )
    def raw(context: dg.AssetExecutionContext, firm: FirmResource) -> dg.MaterializeResult[Any]:
        result = _run(context, firm, lambda bench: extract_one(bench, system.id))
        return dg.MaterializeResult(metadata=_metadata(result))

    return raw


def _freshness(system: System) -> dg.FreshnessPolicy:
    from datetime import timedelta  # noqa: PLC0415 - only the definition needs it

    return dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=system.freshness_hours))


def _step_asset(step: Step, raw_keys: list[dg.AssetKey], firm: Firm) -> dg.AssetsDefinition:
    deps: list[dg.AssetKey] = []
    for name in step.after:
        deps.extend(raw_keys if name == "raw" else [dg.AssetKey(name)])

    @dg.asset(
        name=step.name,
        group_name=step.group,
        kinds=set(step.kinds),
        owners=[_OWNERS[step.group]],
        deps=deps,
        pool=WRITER_POOL,
        description=step.title + ".",
        check_specs=[
            dg.AssetCheckSpec(
                name, asset=step.name, blocking=check.is_blocking, description=check.description
            )
            for name, check in step.checks(firm).items()
        ],
    )
    def run(context: dg.AssetExecutionContext, firm: FirmResource) -> Events:
        result = _run(context, firm, step.run)
        yield dg.MaterializeResult(metadata=_metadata(result))
        for check in result.checks:
            yield _check(check)

    return run


def _run(context: dg.AssetExecutionContext, firm: FirmResource, step: Any) -> StepResult:  # noqa: ANN401 - a step or its one-system form
    try:
        with workbench(firm.night(context), environ()) as bench:
            result: StepResult = step(_typed(bench))
            return result
    except RetryLaterError:
        raise
    except PsIntegrationError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _typed(bench: Workbench) -> Workbench:
    return bench


def _metadata(result: StepResult) -> Mapping[str, Any]:
    return {"dagster/row_count": result.row_count, **result.metadata}


def _check(check: CheckResult) -> dg.AssetCheckResult:
    severity = (
        dg.AssetCheckSeverity.ERROR if check.severity == "error" else (dg.AssetCheckSeverity.WARN)
    )
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=check.passed,
        severity=severity,
        description=check.description,
        metadata=dict(check.metadata),
    )
