"""Stages a plan: what changed replaces what was planned, what did not is left alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ps_integration.domain.crashpoint import crashpoint
from ps_integration.stores.operational import ledger, runs, staging
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.planned import PlannedBatch
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.night import CheckResult, Night, StepResult


@dataclass(slots=True)
class _Tally:
    lines: int = 0
    staged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def stage(night: Night, store: OperationalStore, batches: Iterable[PlannedBatch]) -> StepResult:
    """Write planned batches into the operational store, in one transaction.

    Planned documents that the plan no longer holds, or holds with other content, are superseded
    and their lines freed. A batch with a line that another live document holds is refused whole;
    the others go on.
    """
    plan = tuple(batches)
    tally = _Tally()
    made = staging.Made(night.run_id, night.as_of, night.maker, night.config_hash)
    with store.session() as session:
        ensure_run(session, night)
        _supersede(session, night, plan, tally)
        for batch in plan:
            problem = _problem(session, batch)
            if problem:
                tally.refused.append(f"{batch.batch_id}: {problem}")
                continue
            _put(session, batch, made, tally)
        crashpoint("B1 staged")
    crashpoint("B2 committed")
    return _result(tally)


def ensure_run(session: Session, night: Night) -> None:
    """Write the run's row when the caller has not."""
    start = runs.RunStart(
        run_id=night.run_id,
        job="nightly_sync",
        as_of=night.as_of,
        trigger=night.trigger,
        maker=night.maker,
        config_hash=night.config_hash,
    )
    runs.ensure(session, start)


def _supersede(session: Session, night: Night, plan: Sequence[PlannedBatch], tally: _Tally) -> None:
    wanted = {doc.document_ref: doc.content_sha256 for batch in plan for doc in batch.documents}
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


def _put(session: Session, batch: PlannedBatch, made: staging.Made, tally: _Tally) -> None:
    stored = staging.by_ref(session, [document.document_ref for document in batch.documents])
    is_known = all(
        document.document_ref in stored and stored[document.document_ref].batch_id == batch.batch_id
        for document in batch.documents
    )
    is_signed = is_known and any(document.state != "planned" for document in stored.values())
    if not is_signed:
        staging.put_batch(session, batch, made)
    (tally.kept if is_known else tally.staged).append(batch.batch_id)
    tally.lines += batch.line_count


def _problem(session: Session, batch: PlannedBatch) -> str:
    """Why a batch cannot be staged; empty when it can."""
    documents = batch.documents
    lines = [line for document in documents for line in document.lines]
    keys = [line.line_key for line in lines]
    if len(set(keys)) != len(keys):
        return "one posting line is in it twice"
    if batch.line_count != len(lines) or batch.amount_minor != sum(
        document.amount_minor for document in documents
    ):
        return "its totals are not those of its documents"
    for document in documents:
        if document.amount_minor != sum(line.amount_minor for line in document.lines):
            return f"{document.document_ref}: its total is not that of its lines"
    return _collision(session, batch, keys)


def _collision(session: Session, batch: PlannedBatch, keys: Sequence[str]) -> str:
    stored = staging.by_ref(session, [document.document_ref for document in batch.documents])
    for document in batch.documents:
        known = stored.get(document.document_ref)
        if known is not None and not _is_same(known, document.content_sha256, batch.batch_id):
            return f"reference {known.document_ref} is {known.state} with other content"
    owners = staging.owners_of(session, keys)
    for document in batch.documents:
        for line in document.lines:
            owner = owners.get(line.line_key)
            if owner is not None and owner != document.document_ref:
                return f"line {line.line_key} is live in {owner}"
    return ""


def _is_same(known: Document, content_sha256: str, batch_id: str) -> bool:
    if known.content_sha256 != content_sha256:
        return False
    return known.state == "planned" or known.batch_id == batch_id


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
