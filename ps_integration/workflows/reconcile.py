"""The reconcile step: run the rules, carry the breaks on by one night, say what holds what."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from ps_integration.domain.money import money_text
from ps_integration.domain.ports import Row
from ps_integration.reconciliation.consequences import roots_of
from ps_integration.reconciliation.engine import (
    RuleRun,
    Tables,
    found_rows,
    run_after_posting,
    run_rules,
)
from ps_integration.reconciliation.rule import Rule, load_rules
from ps_integration.stores.operational import breaks, refusals
from ps_integration.stores.operational.break_tending import tend
from ps_integration.stores.operational.models import Break
from ps_integration.workflows import balance
from ps_integration.workflows.custody import custodian, put_alerts
from ps_integration.workflows.night import CheckResult, Night, StepResult

ONCE_MORE: Final = ("IN01", "IN06")
"""Rules over the states of documents alone: held, dead, and without an answer for too long. They
hold what they find before planning, and name again what came to rest tonight."""
_FEEDS: Final = "select distinct system, stream, object from canonical.feeds"
_CORRECTED: Final = """
select distinct object_id from reconciliation.standing_lines where correction is not null
"""


def reconcile(night: Night, warehouse: Tables, store: breaks.Sessions) -> StepResult:
    """Run every enabled rule that may hold something, or warns, and record what it found.

    Rules that speak of what is not in the ERP run after posting.

    Raises:
        FixConfigError: A rule file or a rule setting of the firm is wrong.
    """
    rules = load_rules(night.firm.rules_path)
    later = _last(rules)
    runs = run_rules(warehouse, rules, {rule.code for rule in rules} - later)
    with store.session() as session:
        refusals.try_again(session, at=night.as_of, run_id=night.run_id)
    kept = _record(night, warehouse, store, runs, lambda rule: rule not in later)
    return replace(kept, checks=(*map(_check, runs), _blocking_rules_ran(runs)))


def after_posting(night: Night, warehouse: Tables, store: breaks.Sessions) -> StepResult:
    """Name tonight what waits, and what came to rest, once tonight's documents are in the ERP.

    Needs `ops.*` as it stands after posting, and leaves breaks of other rules as they are. What the
    ERP refused before still waits where posting was stopped.

    Raises:
        FixConfigError: A rule file or a rule setting of the firm is wrong.
    """
    rules = load_rules(night.firm.rules_path)
    asked = _last(rules) | set(ONCE_MORE)
    if balance.broken(warehouse):
        with store.session() as session:
            refusals.stand_again(session, at=night.as_of, run_id=night.run_id)
    runs = run_after_posting(warehouse, rules, asked)
    kept = _record(night, warehouse, store, runs, asked.__contains__)
    return replace(kept, checks=tuple(_check(run) for run in runs if run.rule.is_after_posting))


def _last(rules: Sequence[Rule]) -> set[str]:
    """Codes of the rules that run after posting alone."""
    return {rule.code for rule in rules if rule.is_after_posting}


def _record(
    night: Night,
    warehouse: Tables,
    store: breaks.Sessions,
    runs: Sequence[RuleRun],
    is_asked: Callable[[str], bool],
) -> StepResult:
    """Carry the breaks of the asked rules on by one night; what is open then, by number."""
    everything = found_rows(warehouse)
    feeds = [
        (str(row["system"]), str(row["stream"]), str(row["object"]))
        for row in warehouse.rows(_FEEDS)
    ]
    found = [row for row in everything if is_asked(str(row["rule"]))]
    corrected = {str(row["object_id"]) for row in warehouse.rows(_CORRECTED)}
    with store.session() as session:
        roots = roots_of([*everything, *refusals.as_found(session)], feeds)
        summary = breaks.record(
            session,
            (night.run_id, night.as_of),
            found,
            [run.outcome for run in runs],
            breaks.Beside(roots, corrected, is_asked),
        )
        due = tend(session, (night.run_id, night.as_of), custodian(night.firm, night.as_of_date))
        known = breaks.open_breaks(session, with_accepted=True)
        rows = [_open_row(item) for item in known]
        overdue = sum(_is_overdue(item, night.as_of_date) for item in known)
        put_off = sum(item.snoozed_until is not None for item in known)
    put_alerts(night, due)
    _copy_open(warehouse, rows)
    return StepResult(
        row_count=len(found),
        metadata={
            "open": sum(row["state"] == "open" for row in rows),
            "opened": summary.opened,
            "reopened": summary.reopened,
            "worse": summary.worse,
            "better": summary.better,
            "resolved": summary.resolved,
            "alerts": len(due),
            "overdue": overdue,
            "put_off": put_off,
            "could_not_run": [r.rule.code for r in runs if r.status == "could_not_run"],
            "not_applicable": [r.rule.code for r in runs if r.status == "not_applicable"],
        },
    )


def _copy_open(warehouse: Tables, rows: Sequence[Row]) -> None:
    with warehouse.transaction():
        warehouse.execute("delete from ops.open_breaks")
        warehouse.insert("ops.open_breaks", rows)


def _is_overdue(item: Break, today: date) -> bool:
    return item.state == "open" and item.due_on is not None and item.due_on < today


def _open_row(item: Break) -> Row:
    names = ("break_id", "rule", "record_key", "period", "state", "blocked_kind", "blocked_id")
    return {**{name: getattr(item, name) for name in names}, "opened_at": item.opened_at}


def _check(run: RuleRun) -> CheckResult:
    found = run.found_count
    said = {
        "clean": "clean",
        "found": f"{found} found",
        "could_not_run": "could not run",
        "not_applicable": "not applicable",
    }
    return CheckResult(
        name=run.rule.code.lower(),
        passed=run.status in ("clean", "not_applicable"),
        severity="error" if run.rule.severity in ("critical", "high") else "warn",
        is_blocking=False,
        description="; ".join(_filled([f"{run.rule.title}: {said[run.status]}", run.message])),
        metadata={
            "status": run.status,
            "found": found,
            "seconds": round(run.seconds, 3),
            "owner": run.rule.owner,
            "remedy": run.rule.remedy,
            "sample": [_sample(row) for row in run.sample],
        },
    )


def _sample(row: Row) -> Row:
    names = ("record_key", "period", "legal_entity")
    at_risk = None
    if row["at_risk_minor"] is not None:
        at_risk = money_text(int(str(row["at_risk_minor"])), str(row["currency"]))
    return {**{name: row[name] for name in names}, "at_risk": at_risk, "detail": row["detail"]}


def _blocking_rules_ran(runs: Sequence[RuleRun]) -> CheckResult:
    held = [run for run in runs if run.holds_posting]
    reasons = "; ".join(f"{run.rule.code} {run.message}" for run in held)
    return CheckResult(
        name="blocking_rules_ran",
        passed=not held,
        severity="error",
        is_blocking=True,
        description=f"Blocking rules could not run: {reasons}"
        if held
        else "All blocking rules ran",
        metadata={"rules": [run.rule.code for run in held]},
    )


def _filled(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text]
