"""Stages a plan: what changed replaces what was planned, what did not is left alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ps_integration.domain.crashpoint import crashpoint
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import installed, ledger, runs, staging
from ps_integration.stores.operational.models import Run
from ps_integration.stores.operational.planned import PlannedBatch
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.night import CheckResult, Night, StepResult
from ps_integration.workflows.versions import current


@dataclass(slots=True)
class _Tally:
    lines: int = 0
    staged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def stage(
    night: Night,
    store: OperationalStore,
    batches: Iterable[PlannedBatch],
    versions: Mapping[str, str] | None = None,
) -> StepResult:
    """Write planned batches into the operational store, in one transaction.

    Planned documents that the plan no longer holds, or holds with other content, are superseded
    and their lines freed. A batch with a line that another live document holds is refused whole;
    the others go on.

    Args:
        night: The run.
        store: The operational store.
        batches: The plan.
        versions: What it was made with (`versions.of_plan`).
    """
    plan = [staging.outline(batch) for batch in batches]
    tally = _Tally()
    with store.session() as session:
        ensure_run(session, night)
        installed.note(session, night.config_hash, night.installers, night.as_of)
        made = staging.Made(
            run_id=night.run_id,
            at=night.as_of,
            maker=night.maker,
            config_hash=night.config_hash,
            others=installed.changers(session),
            versions=versions or current(),
        )
        _supersede(session, night, plan, tally)
        for outlined in plan:
            _put(session, outlined, made, tally)
        crashpoint("B1 staged")
    crashpoint("B2 committed")
    return _result(tally)


def ensure_run(session: Session, night: Night) -> Run:
    """The run's row, written when the caller has not."""
    start = runs.RunStart(
        run_id=night.run_id,
        job="nightly_sync",
        as_of=night.as_of,
        trigger=night.trigger,
        maker=night.maker,
        config_hash=night.config_hash,
    )
    return runs.ensure(session, start)


def _supersede(
    session: Session, night: Night, plan: Sequence[staging.Outline], tally: _Tally
) -> None:
    wanted = {ref: sha for outlined in plan for ref, sha in outlined.contents.items()}
    left: set[str] = set()
    for document in staging.planned_documents(session):
        if wanted.get(document.document_ref) == document.content_sha256:
            continue
        step = ledger.Step(night.as_of, night.run_id, {"plan": "other content or no longer due"})
        ledger.transition(session, document, "superseded", step)
        left.add(document.batch_id)
        tally.superseded.append(document.document_ref)
    for batch_id in sorted(left):
        ledger.refresh_batch(session, batch_id)


def _put(session: Session, outlined: staging.Outline, made: staging.Made, tally: _Tally) -> None:
    batch = outlined.batch
    stored = staging.by_ref(session, tuple(outlined.contents))
    is_known = all(
        ref in stored
        and stored[ref].batch_id == batch.batch_id
        and stored[ref].content_sha256 == content
        for ref, content in outlined.contents.items()
    )
    is_signed = is_known and any(document.state != "planned" for document in stored.values())
    problem = outlined.problem
    try:
        if not (problem or is_signed):
            staging.put_batch(session, outlined, made)
    except AskFinanceError as error:
        problem = str(error)
    if problem:
        tally.refused.append(f"{batch.batch_id}: {problem}")
        return
    (tally.kept if is_known else tally.staged).append(batch.batch_id)
    tally.lines += batch.line_count


def _result(tally: _Tally) -> StepResult:
    check = CheckResult(
        name="staging",
        passed=not tally.refused,
        severity="error",
        is_blocking=False,
        description="Every planned batch could be staged."
        if not tally.refused
        else "Refused: " + "; ".join(tally.refused),
    )
    return StepResult(
        row_count=tally.lines,
        metadata={
            "staged": tuple(tally.staged),
            "kept": tuple(tally.kept),
            "superseded": tuple(tally.superseded),
            "refused": tuple(tally.refused),
        },
        checks=(check,),
    )
