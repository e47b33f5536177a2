"""The steps of the night, in order: the one list that the command line and Dagster both walk."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ps_integration.connectors.limits import Meter
from ps_integration.connectors.protocol import Connector, ErpWriter, FeedbackWriter
from ps_integration.reports.parts import FAILS, why_of
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import (
    approve,
    bill,
    calls,
    configure,
    conform,
    deliver,
    extract,
    feedback,
    inputs,
    measure,
    mirror,
    post,
    reconcile,
    report,
    resolve,
    step_checks,
    versions,
    voiding,
)
from ps_integration.workflows.night import CheckResult, Night, StepResult

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workbench:
    """Everything a step may touch: the night, both stores, and the connected systems."""

    night: Night
    warehouse: Warehouse
    store: OperationalStore
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    erps: Mapping[str, ErpWriter] = field(default_factory=dict)
    feedback_writers: Mapping[str, FeedbackWriter] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)


@dataclass(frozen=True, slots=True)
class Step:
    """One box of the data flow.

    Attributes:
        name: Asset name and progress line.
        group: The verb it belongs to; no group waits for one after it.
        kinds: What it is made of, for Dagster's icons.
        title: One line for people.
        run: The workflow function.
        after: Steps whose output it reads.
        writes_outside: Changes another system; skipped in a dry run.
        needs_balance: Runs only while the blocking checks before it have passed.
        may_fail: The night goes on without it, and the report says that it is missing.
        checks: The checks it reports, by name, for a firm.
    """

    name: str
    group: str
    kinds: frozenset[str]
    title: str
    run: Callable[[Workbench], StepResult]
    after: tuple[str, ...] = ()
    writes_outside: bool = False
    needs_balance: bool = False
    may_fail: bool = False
    checks: Callable[[Firm], Mapping[str, step_checks.CheckSpec]] = step_checks.none


def play(bench: Workbench, step: Step) -> StepResult:
    """Run one step, and note how often it called each system.

    What a step that may fail raises is noted for the report; its result then says `failed`. The
    step's own error comes out also where the note fails; then what kept the note is logged and
    added to that error.
    """
    try:
        result = step.run(bench)
    except BaseException as error:
        _note_beside(error, bench, step)
        if step.may_fail and isinstance(error, FAILS):
            return _missing(bench, step, error)
        raise
    calls.note(bench.night, bench.warehouse, bench.meter)
    return result


def _missing(bench: Workbench, step: Step, error: BaseException) -> StepResult:
    why = why_of(error)
    _log.warning("%s failed, and the night goes on: %s", step.name, why)
    measure.note_failed(bench.warehouse, bench.night.run_id, {step.title: why})
    unseen = tuple(
        CheckResult(
            name,
            passed=False,
            severity="warn",
            is_blocking=False,
            description=f"not looked at: {why}",
        )
        for name in step.checks(bench.night.firm)
    )
    return StepResult(0, {"failed": why}, unseen)


def _note_beside(error: BaseException, bench: Workbench, step: Step) -> None:
    try:
        calls.note(bench.night, bench.warehouse, bench.meter)
    except Exception as lost:  # noqa: BLE001 - whatever it was, the step's own error comes out
        said = f"{step.name}: its calls are missing from raw.calls, so quotas show too few: {lost}"
        error.add_note(said)
        _log.warning("%s", said)


def _configure(bench: Workbench) -> StepResult:
    mirror.copy_deletions(bench.warehouse, bench.store)
    return configure.configure(bench.night, bench.warehouse)


def _settle(bench: Workbench) -> StepResult:
    mirror.mirror(bench.night, bench.warehouse, bench.store)
    waiting = reconcile.after_posting(bench.night, bench.warehouse, bench.store)
    bill.classify(bench.night, bench.warehouse)
    settled = bill.account(bench.night, bench.warehouse)
    return replace(
        settled,
        metadata={**settled.metadata, "breaks": waiting.metadata},
        checks=(*settled.checks, *waiting.checks),
    )


def _plan(bench: Workbench) -> StepResult:
    batches = bill.plan(bench.night, bench.warehouse)
    inputs.note(bench.night, bench.warehouse, bench.store, batches)
    if not bench.night.is_dry:
        voiding.void_rerated(bench.night, bench.warehouse, bench.store)
    made_with = versions.of_plan(bench.warehouse)
    staged = post.stage(bench.night, bench.store, batches, made_with)
    return replace(staged, metadata={**bill.totals(batches), **staged.metadata})


_SQL = frozenset({"sql", "duckdb"})
_HTTP = frozenset({"python", "http"})
_STORE = frozenset({"python", "sqlalchemy"})

STEPS: tuple[Step, ...] = (
    Step(
        "configuration",
        "prepare",
        _SQL,
        "The firm file as tables of this run",
        _configure,
    ),
    Step(
        "recovery",
        "prepare",
        _STORE,
        "Writes that an earlier run left open, asked after in the ERP",
        lambda b: post.recover(b.night, b.store, b.erps),
        ("configuration",),
        writes_outside=True,
        checks=step_checks.of_posting,
    ),
    Step(
        "raw",
        "extract",
        _HTTP,
        "What every system says, exactly as received",
        lambda b: extract.extract(b.night, b.warehouse, b.connectors),
        ("recovery",),
    ),
    Step(
        "canonical",
        "conform",
        frozenset({"python", "pandera", "duckdb"}),
        "Typed objects under contract; what broke it is in quarantine",
        lambda b: conform.conform(b.night, b.warehouse, b.connectors, b.store),
        ("raw",),
        checks=step_checks.of_contracts,
    ),
    Step(
        "ledger_copy",
        "prepare",
        frozenset({"sqlalchemy", "duckdb"}),
        "Operational tables under one ledger sequence number",
        lambda b: mirror.mirror(b.night, b.warehouse, b.store, b.erps),
        ("recovery",),
    ),
    Step(
        "entries",
        "conform",
        _SQL,
        "Projects, people and entries resolved over the crosswalk",
        lambda b: resolve.resolve(b.night, b.warehouse),
        ("canonical", "ledger_copy"),
    ),
    Step(
        "rated_entries",
        "rate",
        _SQL,
        "The price of each approved hour, with its derivation",
        lambda b: bill.rate(b.night, b.warehouse),
        ("entries", "ledger_copy"),
    ),
    Step(
        "breaks",
        "reconcile",
        _SQL,
        "What the rules found, and the life of each break",
        lambda b: reconcile.reconcile(b.night, b.warehouse, b.store),
        ("rated_entries",),
        checks=step_checks.of_rules,
    ),
    Step(
        "dispositions",
        "bill",
        _SQL,
        "What became of every part of every approved entry",
        lambda b: bill.classify(b.night, b.warehouse),
        ("breaks",),
    ),
    Step(
        "equations",
        "bill",
        _SQL,
        "Completeness and ledger, each side counted on its own path",
        lambda b: bill.account(b.night, b.warehouse),
        ("dispositions",),
        checks=step_checks.of_equations,
    ),
    Step(
        "posting_batches",
        "post",
        _STORE,
        "Documents planned for the ERP, waiting for approval",
        _plan,
        ("equations",),
        needs_balance=True,
        checks=step_checks.of_staging,
    ),
    Step(
        "approvals",
        "post",
        _STORE,
        "Small clean batches approved by policy",
        lambda b: approve.by_policy(b.night, b.store),
        ("posting_batches",),
        needs_balance=True,
    ),
    Step(
        "posting_ledger",
        "post",
        _HTTP,
        "Approved documents in the ERP, exactly once, read back",
        lambda b: post.post(b.night, b.store, b.erps),
        ("approvals",),
        writes_outside=True,
        needs_balance=True,
        checks=step_checks.of_posting,
    ),
    Step(
        "invoice_feedback",
        "feedback",
        _HTTP,
        "Billing status told to the PSA and time systems",
        lambda b: feedback.feedback(b.night, b.warehouse, b.store, b.feedback_writers),
        ("posting_ledger",),
        writes_outside=True,
        may_fail=True,
    ),
    Step(
        "settled_equations",
        "report",
        _SQL,
        "What waits, dispositions and equations after tonight's posting",
        _settle,
        ("invoice_feedback",),
        checks=step_checks.of_settling,
    ),
    Step(
        "metrics",
        "report",
        _SQL,
        "The figures of the event history, one more night of their series",
        lambda b: measure.measure(b.night, b.warehouse),
        ("settled_equations",),
        may_fail=True,
    ),
    Step(
        "reconciliation_report",
        "report",
        frozenset({"python", "html", "excel"}),
        "The pages, workbooks and PDF that finance reads in the morning",
        lambda b: report.report(b.night, b.warehouse, b.store),
        ("settled_equations", "metrics"),
    ),
    Step(
        "delivery",
        "report",
        _HTTP,
        "The verdict, sent to everyone the firm file names",
        lambda b: deliver.deliver(b.night, b.environ),
        ("reconciliation_report",),
        writes_outside=True,
        may_fail=True,
        checks=step_checks.of_delivery,
    ),
)
