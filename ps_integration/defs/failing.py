"""The failure hook: leaves a line for whoever watches, and brings the night to its end.

Dagster skips everything after a failed blocking check, the report included. The hook does what the
command line does then: all that follows but planning and posting, through the same function, so
that finance still has its report in the morning.
"""

from datetime import UTC, datetime

import dagster as dg

from ps_integration.defs.assets import END, of_outcome
from ps_integration.defs.metadata import of_check, of_step
from ps_integration.defs.resources import environ, job_name
from ps_integration.workflows import alerts, nightly, record
from ps_integration.workflows.balance import BLOCKING_CHECKS
from ps_integration.workflows.jobs import JOBS
from ps_integration.workflows.night import CheckResult, StepResult
from ps_integration.workflows.steps import Step


@dg.failure_hook(required_resource_keys={"firm"})
def note_failure(context: dg.HookContext) -> None:
    """Write an alert; finish the run's report, or record the run as failed."""
    firm = context.resources.firm
    _alert(context)
    night = firm.night(context.instance, context.run_id)
    if not _is_blocked(context):
        with nightly.operational_store(firm.load()) as store:
            record.give_up(store, context.run_id)
        return

    def report(step: Step, result: StepResult | None) -> None:
        if result is not None:
            _report_step(context.instance, step, result)

    job = job_name(context.job_name)
    result = nightly.carry_on(night, environ(), job, context.op.name, report, firm.paces)
    _report(context.instance, END, of_outcome(result.data))
    context.log.warning("nothing was planned or posted; the report is filed without it")


def _is_blocked(context: dg.HookContext) -> bool:
    """Whether the step did its work and one of its blocking checks did not pass."""
    job = JOBS.get(context.job_name, ())
    if context.op.name not in {step.name for step in job}:
        return False
    evaluations = context.instance.get_records_for_run(
        context.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ).records
    for entry in evaluations:
        event = entry.event_log_entry.dagster_event
        if event is None or event.step_key != context.step_key:
            continue
        check = event.asset_check_evaluation_data
        if check.check_name in BLOCKING_CHECKS and check.blocking and not check.passed:
            return True
    return False


def _alert(context: dg.HookContext) -> None:
    file = context.resources.firm.load()
    note = {
        "at": datetime.now(UTC).isoformat(),
        "run_id": context.run_id,
        "job": context.job_name,
        "step": context.op.name,
        "error": str(context.op_exception),
    }
    alerts.put(nightly.state_folder(file), note)
    context.log.error("%s failed: %s", context.op.name, context.op_exception)


def _report_step(instance: dg.DagsterInstance, step: Step, result: StepResult) -> None:
    _report(instance, step.name, of_step(result))
    for check in result.checks:
        instance.report_runless_asset_event(_evaluation(step.name, check))


def _report(instance: dg.DagsterInstance, name: str, metadata: object) -> None:
    materialization = dg.AssetMaterialization(asset_key=name, metadata=metadata)  # type: ignore[arg-type]  # values are MetadataValue
    instance.report_runless_asset_event(materialization)


def _evaluation(asset: str, check: CheckResult) -> dg.AssetCheckEvaluation:
    shown = of_check(check)
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset),
        check_name=check.name,
        passed=check.passed,
        metadata=shown.metadata,
        severity=shown.severity,
        description=check.description,
        blocking=check.is_blocking,
    )
