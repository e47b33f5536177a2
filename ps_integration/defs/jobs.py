"""Jobs are verbs: the night, posting what was approved since, feeding back, replaying, asking."""

from datetime import UTC

import dagster as dg

from ps_integration.defs.assets import END, raw_key
from ps_integration.defs.failing import note_failure
from ps_integration.defs.resources import AS_OF_TAG, FirmResource, environ
from ps_integration.errors import PsIntegrationError
from ps_integration.settings.firm import Firm
from ps_integration.workflows.jobs import JOBS
from ps_integration.workflows.period_close import ask
from ps_integration.workflows.replay import replay

_DESCRIPTIONS = {
    "nightly_sync": "The whole night, from every system's API to the report.",
    "post_approved_batches": "Post what people have approved since the night, tell the PSA, "
    "account again.",
    "billing_feedback": "Read how the ERP's invoices stand and tell the PSA and time systems.",
}


class ReplayConfig(dg.Config):
    """Which run to plan again.

    Attributes:
        run_id: The run, as its report and `nightly --json` name it.
    """

    run_id: str


@dg.op(description="Plans a past run again from its recorded inputs and compares the batches.")
def plan_again(context: dg.OpExecutionContext, config: ReplayConfig, firm: FirmResource) -> None:
    """Fail when the batches of the past run do not come out byte for byte."""
    try:
        result = replay(firm.load(), config.run_id, environ())
    except PsIntegrationError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.log.info("%s: %s differences", config.run_id, len(result.differences))
    if not result.same:
        raise dg.Failure(
            f"{config.run_id} was not planned the same again",
            metadata={"differences": "\n".join(result.differences)},
            allow_retries=False,
        )


@dg.job(name="replay", description="Plan a past run again and compare; posts nothing.")
def replay_job() -> None:
    """One step: plan again and compare."""
    plan_again()


class PeriodConfig(dg.Config):
    """Which period to ask about.

    Attributes:
        legal_entity: Its id in the firm file.
        period: The month, e.g. `2026-03`.
    """

    legal_entity: str
    period: str


@dg.op(description="Asks whether a period of a legal entity is clean, and fails when it is not.")
def ask_period(context: dg.OpExecutionContext, config: PeriodConfig, firm: FirmResource) -> None:
    """Fail unless the answer is clean, with the reasons; the command line asks the same."""
    try:
        found = ask(firm.load(), config.legal_entity, config.period)
    except PsIntegrationError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    told = {f"{one.weight}: {one.kind}": one.text for one in found.reasons}
    context.log.info("%s: %s", found.sentence, "; ".join(told.values()) or "nothing against it")
    if found.answer != "clean":
        raise dg.Failure(found.sentence, metadata=told, allow_retries=False)


@dg.job(name="period_status", description="Ask whether a period of a legal entity is clean.")
def period_status_job() -> None:
    """One step: ask."""
    ask_period()


def jobs(firm: Firm) -> dg.Definitions:
    """Every job, and the schedule of the night."""
    asset_jobs = [
        dg.define_asset_job(
            name,
            selection=_selection(name, firm),
            description=_DESCRIPTIONS[name],
            hooks={note_failure},
            tags={"ps/job": name},
        )
        for name in JOBS
    ]
    return dg.Definitions(
        jobs=[*asset_jobs, replay_job, period_status_job], schedules=[nightly_schedule(firm)]
    )


def _selection(name: str, firm: Firm) -> dg.AssetSelection:
    is_whole = name == "nightly_sync"
    raw = [raw_key(one) for one in firm.systems if is_whole or "erp" in one.roles]
    names = [step.name for step in JOBS[name]]
    steps = [dg.AssetKey(step) for step in names if step != "raw"]
    return dg.AssetSelection.assets(*steps, dg.AssetKey(END), *(raw if "raw" in names else ()))


def nightly_schedule(firm: Firm) -> dg.ScheduleDefinition:
    """The night at the firm's own hour; its as-of time is the scheduled instant."""

    @dg.schedule(
        name="nightly",
        job_name="nightly_sync",
        cron_schedule=firm.schedules.nightly,
        execution_timezone=firm.firm.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Every night in the firm's time zone; switch it on once the firm is live.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        as_of = context.scheduled_execution_time.astimezone(UTC).isoformat()
        return dg.RunRequest(run_key=as_of, tags={AS_OF_TAG: as_of})

    return nightly
