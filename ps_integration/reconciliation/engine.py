"""Runs every enabled rule over the warehouse; one rule that cannot run never stops the others."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from time import perf_counter
from typing import Final, Protocol

import pyarrow as pa

from ps_integration.contracts import found as contract
from ps_integration.domain.breaks import RuleOutcome, RuleStatus
from ps_integration.domain.ports import Params, Queries, Row
from ps_integration.errors import CouldNotRunError, StatementRefusedError
from ps_integration.reconciliation import likeness, setting
from ps_integration.reconciliation.matching.fill import fill as fill_matches
from ps_integration.reconciliation.matching.fill_credits import fill as fill_credits
from ps_integration.reconciliation.needs import Lack, lacking
from ps_integration.reconciliation.rule import Rule

_LOG: Final = logging.getLogger(__name__)
_PREPARED: Final = (
    *("unsettled_entries", "unsettled_lines", "unposted_entries"),
    *("unlike_documents", "unlike_lines", "fields_tonight"),
)
"""Tables that are made anew before the rules run, in this order, each by the file of its name."""
_KEPT: Final = ("field_history",)
"""Tables that only grow, in the same way."""
SAMPLE_MAX: Final = 5
_FOUND: Final = """
select *
from reconciliation.found
order by rule, record_key, period
"""


class Tables(Queries, Protocol):
    """A warehouse that also hands out a whole result as columns."""

    def arrow(self, sql: str, params: Params | None = None) -> pa.Table:
        """Run one query and return its columns."""


@dataclass(frozen=True, slots=True)
class RuleRun:
    """How one rule ran tonight and what it found.

    Attributes:
        rule: The rule as the firm has set it.
        status: `could_not_run` also when only a part ran and that part found nothing.
        found_count: How many rows of `reconciliation.found` are its.
        sample: The first few of them.
        seconds: How long it took.
        message: Why it could not run, or what it could not compare.
        not_compared: Record-key prefixes of breaks that could not be looked at.
        holds_posting: A blocking rule could not look at what it guards.
    """

    rule: Rule
    status: RuleStatus
    found_count: int = 0
    sample: Sequence[Row] = field(default=())
    seconds: float = 0.0
    message: str = ""
    not_compared: tuple[str, ...] = ()
    holds_posting: bool = False

    @property
    def outcome(self) -> RuleOutcome:
        """The run as the break store needs to know it."""
        return RuleOutcome(
            self.rule.code, self.status, self.rule.severity, self.rule.owner, self.not_compared
        )


def run_rules(queries: Tables, rules: Sequence[Rule]) -> tuple[RuleRun, ...]:
    """Run the rules and write `reconciliation.found` and `reconciliation.rule_runs` anew.

    Rules that read what others found run after them. What the firm has switched off does not run.

    Raises:
        FixConfigError: The firm's settings name an unknown rule or tolerance.
    """
    settings = setting.read_settings(queries)
    changed = setting.apply(rules, settings)
    enabled = [rule for rule in changed if setting.is_enabled(rule, settings)]
    with queries.transaction():
        for table in ("found", "rule_runs", *_PREPARED):
            queries.execute(f"delete from reconciliation.{table}")
        for table in (*_PREPARED, *_KEPT):
            fill = files("ps_integration.reconciliation").joinpath(f"{table}.sql")
            queries.execute(fill.read_text("utf-8"))
        likeness.fill(queries)
        fill_matches(queries)
        fill_credits(queries)
    lack_of = cache(partial(lacking, queries))  # rules share needs, and each is asked for once
    runs: list[RuleRun] = []
    for turn in range(max((rule.turn for rule in enabled), default=0) + 1):
        part = [_run_rule(queries, rule, lack_of) for rule in enabled if rule.turn == turn]
        with queries.transaction():
            _write(queries, part)
        runs += part
    return tuple(sorted(runs, key=lambda run: run.rule.code))


def found_rows(queries: Queries) -> list[Row]:
    """All that the rules found tonight, as rows of `reconciliation.found`."""
    return queries.rows(_FOUND)


def _run_rule(queries: Tables, rule: Rule, lack_of: Callable[[str], Lack | None]) -> RuleRun:
    """Run one rule; what goes wrong in it becomes its status and message."""
    started = perf_counter()
    lacks = [lack for need in rule.needs if (lack := lack_of(need)) is not None]
    if any(lack.is_whole for lack in lacks):
        return _not_run(rule, lacks)
    parts = [
        (part.prefix, lack) for part in rule.part_needs if (lack := lack_of(part.need)) is not None
    ]
    output = _output(rule)
    try:
        count = _look(queries, rule)
    except (StatementRefusedError, CouldNotRunError) as error:
        queries.execute(f"drop table if exists {output}")
        _LOG.warning("rule %s could not run: %s", rule.code, error)
        return RuleRun(rule, "could_not_run", message=str(error), holds_posting=rule.blocks)
    notes = [f"not compared: {lack.message}" for lack in (*lacks, *(lack for _, lack in parts))]
    status: RuleStatus = "found" if count else "could_not_run" if notes else "clean"
    first = f"from {output} order by record_key, period limit {SAMPLE_MAX}"
    return RuleRun(
        rule,
        status,
        count,
        queries.rows(first) if count else (),
        perf_counter() - started,
        "; ".join(notes),
        tuple(prefix for prefix, lack in parts if lack.is_whole),
    )


def _not_run(rule: Rule, lacks: Sequence[Lack]) -> RuleRun:
    is_configured = all(lack.is_configured for lack in lacks)
    return RuleRun(
        rule,
        "could_not_run",
        message="; ".join(lack.message for lack in lacks),
        holds_posting=rule.blocks and is_configured,
    )


def _output(rule: Rule) -> str:
    """The table that holds what a rule found until its turn is over."""
    return f"rule_output_{rule.code.lower()}"


def _look(queries: Tables, rule: Rule) -> int:
    output = _output(rule)
    queries.execute(f"create or replace temp table {output} as {rule.sql}", rule.tolerances)
    found = queries.arrow(f"from {output}")
    if tuple(found.column_names) != contract.COLUMNS:
        wanted = ", ".join(contract.COLUMNS)
        raise CouldNotRunError(f"{rule.path.name} must select exactly: {wanted}")
    if not len(found):
        return 0
    text = contract.mistakes(found)
    if not text and rule.needs_period and queries.value(f"from {output} where period = ''"):
        text = "needs_period is yes and a break has no period"
    if text:
        raise CouldNotRunError(f"{rule.path.name} breaks the contract of breaks: {text}")
    return len(found)


def _write(queries: Queries, runs: Sequence[RuleRun]) -> None:
    """Keep what the rules of one turn found and how they ran."""
    for run in runs:
        output = _output(run.rule)
        if run.found_count:
            # a break holds something only where the firm lets its rule hold things
            freed = "" if run.rule.blocks else "replace (null as blocked_kind, null as blocked_id)"
            queries.execute(
                f"insert into reconciliation.found by name select '{run.rule.code}' as rule,"
                f" * {freed} from {output} order by record_key, period"
            )
        queries.execute(f"drop table if exists {output}")
    queries.insert(
        "reconciliation.rule_runs",
        [
            {
                "rule": run.rule.code,
                "status": run.status,
                "found_count": run.found_count,
                "seconds": run.seconds,
                "message": run.message,
                "holds_posting": run.holds_posting,
            }
            for run in runs
        ],
    )
