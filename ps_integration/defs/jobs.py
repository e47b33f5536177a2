"""Jobs are verbs: the whole night, posting what was approved since, feeding back, replaying."""

import json
from datetime import UTC, datetime

import dagster as dg

from ps_integration.defs.assets import raw_key
from ps_integration.defs.resources import FirmResource
from ps_integration.settings.firm import Firm
from ps_integration.workflows.nightly import state_folder
from ps_integration.workflows.replay import replay

Job = dg.JobDefinition | dg.UnresolvedAssetJobDefinition  # type: ignore[attr-defined]


@dg.failure_hook(required_resource_keys={"firm"})
def note_failure(context: dg.HookContext) -> None:
    """Leave a line where whoever watches the firm's folder sees it, and an error in the log."""
    file = context.resources.firm.load()
    note = {
        "at": datetime.now(UTC).isoformat(),
        "run_id": context.run_id,
        "job": context.job_name,
        "step": context.op.name,
        "error": str(context.op_exception),
    }
    with (state_folder(file) / "alerts.jsonl").open("a", encoding="utf-8") as alerts:
        alerts.write(json.dumps(note) + "\n")
    context.log.error("%s failed: %s", context.op.name, context.op_exception)


class ReplayConfig(dg.Config):
    """Which run to plan again."""

    run_id: str


@dg.op(description="Plans a past run again from its recorded inputs and compares the batches.")
def plan_again(context: dg.OpExecutionContext, config: ReplayConfig, firm: FirmResource) -> None:
    """Fail when the batches of the past run do not come out byte for byte."""
    result = replay(firm.load(), config.run_id)
    context.add_output_metadata({"differences": len(result.differences), "same": result.same})
    if result.differences:
        raise dg.Failure("\n".join(result.differences), allow_retries=False)


@dg.job(name="replay", description="Plan a past run again; posts nothing.", hooks={note_failure})
def replay_job() -> None:
    """One step: plan again and compare."""
    plan_again()


def jobs(firm: Firm) -> dict[str, Job]:
    """Every job by name."""
    erp = [raw_key(system) for system in firm.systems if "erp" in system.roles]
    posting = ["recovery", "posting_ledger", "billing_feedback", *_AFTERWARDS]
    feedback = ["canonical", "entries", "ledger_copy", "billing_feedback", *_AFTERWARDS]
    return {
        "nightly_sync": dg.define_asset_job(
            "nightly_sync",
            selection=dg.AssetSelection.all(),
            description="The whole night, from every system's API to the report.",
            hooks={note_failure},
            tags={"ps/job": "nightly_sync"},
        ),
        "post_approved_batches": dg.define_asset_job(
            "post_approved_batches",
            selection=dg.AssetSelection.assets(*posting),
            description="Post what people have approved since the night, tell the PSA, report.",
            hooks={note_failure},
            tags={"ps/job": "post_approved_batches"},
        ),
        "billing_feedback": dg.define_asset_job(
            "billing_feedback",
            selection=dg.AssetSelection.assets(*erp) | dg.AssetSelection.assets(*feedback),
            description="Read the ERP's invoice states and tell the PSA and time systems.",
            hooks={note_failure},
            tags={"ps/job": "billing_feedback"},
        ),
        "replay": replay_job,
    }


_AFTERWARDS = ("settled_equations", "reconciliation_report")


def nightly_schedule(firm: Firm, job: Job) -> dg.ScheduleDefinition:
    """The night at the firm's own hour; its as-of time is the scheduled instant."""

    @dg.schedule(
        name="nightly",
        job=job,
        cron_schedule=firm.schedules.nightly,
        execution_timezone=firm.firm.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Every night in the firm's time zone; switch it on once the firm is live.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        as_of = context.scheduled_execution_time.astimezone(UTC).isoformat()
        return dg.RunRequest(
            run_key=as_of,
            run_config={"resources": {"firm": {"config": {"as_of": as_of}}}},
        )

    return nightly
