"""Runs every enabled rule over the warehouse; one rule that cannot run never stops the others."""

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from operator import methodcaller
from time import perf_counter
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from ps_integration.contracts import found as contract
from ps_integration.domain.breaks import RuleOutcome, RuleStatus
from ps_integration.domain.ports import Params, Queries, Row
from ps_integration.errors import CouldNotRunError, PsIntegrationError
from ps_integration.reconciliation import likeness, setting
from ps_integration.reconciliation.matching.fill import fill as fill_matches
from ps_integration.reconciliation.matching.fill_credits import fill as fill_credits
from ps_integration.reconciliation.needs import Lack, lacking
from ps_integration.reconciliation.rule import Rule
from ps_integration.reconciliation.side_by_side import side_by_side

_LOG: Final = logging.getLogger(__name__)
_ANEW: Final = (
    *("found", "rule_runs", "unsettled_lines", "unposted_entries"),
    *("unlike_documents", "unlike_lines", "capped_entries", "fields_tonight"),
    *("likenesses", "matches", "non_matches", "credit_matches"),
)
"""Tables that are made anew every night."""
_UNPOSTED: Final = ("unsettled_entries", "unsettled_lines", "unposted_entries")
_UNPOSTED_TABLES: Final = ("unsettled_lines", "unposted_entries", "capped_entries")
"""What posting changes of them."""
_EMPTY: Final = (
    "create or replace table reconciliation.{table} as from reconciliation.{table} limit 0"
)
"""Not by deleting: deleted rows would count in what the planner believes of a table's size."""
_FORGET: Final = (
    "delete from reconciliation.found where rule in (select unnest($codes))",
    "delete from reconciliation.rule_runs where rule in (select unnest($codes))",
)
_TOOK: Final = "select rule, seconds from reconciliation.rule_runs"
"""Last night's seconds: what took longest begins first, so that both workers end together."""
_VIEWS: Final = "select view_name as name, sql from duckdb_views() where not internal"
_FAILS: Final = (PsIntegrationError, pa.ArrowException, ValueError, TypeError, ArithmeticError)
"""What odd data can bring about in one rule."""
WORKERS: Final = 2
"""How many rules run at once. More would hardly be faster: they share the cores and the memory."""
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

    def insert_arrow(self, table: str, data: pa.Table) -> None:
        """Insert columns by name."""

    def sessions(self, count: int) -> AbstractContextManager[Sequence["Tables"]]:
        """Further sessions, each for a thread of its own."""


@dataclass(frozen=True, slots=True)
class RuleRun:
    """How one rule ran tonight and what it found.

    Attributes:
        rule: The rule as the firm has set it.
        status: `could_not_run` also when only a part ran and that part found nothing;
            `not_applicable` when no system can say what it compares.
        found_count: How many rows of `reconciliation.found` are its.
        sample: The first few of them.
        seconds: How long it took.
        message: Why it could not run, or what it could not compare.
        not_compared: Record-key prefixes of breaks that could not be looked at.
        not_applicable: Record-key prefixes of breaks that no system can say anything about.
        holds_posting: A blocking rule could not look at what it guards.
        lacking: The systems that lack what it compares; none where it is not known which.
    """

    rule: Rule
    status: RuleStatus
    found_count: int = 0
    sample: Sequence[Row] = field(default=())
    seconds: float = 0.0
    message: str = ""
    not_compared: tuple[str, ...] = ()
    not_applicable: tuple[str, ...] = ()
    holds_posting: bool = False
    lacking: tuple[str, ...] = ()

    @property
    def outcome(self) -> RuleOutcome:
        """The run as the break store needs to know it."""
        return RuleOutcome(
            self.rule.code,
            self.status,
            self.rule.severity,
            self.rule.owner,
            self.not_compared,
            [(part.prefix, part.owner) for part in self.rule.part_owners],
            self.not_applicable,
        )


Ran = tuple[RuleRun, pa.Table | None]
"""How a rule ran, and what it found."""


def run_rules(
    queries: Tables, rules: Sequence[Rule], codes: Collection[str] | None = None
) -> tuple[RuleRun, ...]:
    """Run rules and write `reconciliation.found` and `reconciliation.rule_runs` anew.

    Rules that read what others found run after them; those of one turn run side by side. What the
    firm has switched off does not run.

    Args:
        queries: The warehouse.
        rules: All rules of the firm.
        codes: Those to run; all when left out.

    Raises:
        FixConfigError: The firm's settings name an unknown rule or tolerance.
    """
    enabled = _enabled(queries, rules, codes)
    with queries.sessions(WORKERS) as sessions:
        broken = _dependent(queries, _prepare(queries, sessions))
        return _run(queries, sessions, enabled, broken)


def run_after_posting(
    queries: Tables, rules: Sequence[Rule], codes: Collection[str]
) -> tuple[RuleRun, ...]:
    """Run some rules over what posting has left, in place of what they found before tonight.

    What is still to be posted is found anew for them; of all else that `run_rules` prepares they
    may read nothing that posting changes.

    Raises:
        FixConfigError: The firm's settings name an unknown rule or tolerance.
    """
    enabled = _enabled(queries, rules, codes)
    with queries.transaction():
        for table in _UNPOSTED_TABLES:
            queries.execute(_EMPTY.format(table=table))
        for statement in _FORGET:
            queries.execute(statement, {"codes": sorted(codes)})
    with queries.sessions(WORKERS) as sessions:
        why = _in_turn(_filled(*_UNPOSTED, "capped_entries"), queries)
        failed = dict.fromkeys(_UNPOSTED_TABLES, why) if why else {}
        return _run(queries, sessions, enabled, _dependent(queries, failed))


def _enabled(
    queries: Queries, rules: Sequence[Rule], codes: Collection[str] | None
) -> Sequence[Rule]:
    settings = setting.read_settings(queries)
    changed = setting.apply(rules, settings)
    return [
        rule
        for rule in changed
        if setting.is_enabled(rule, settings) and (codes is None or rule.code in codes)
    ]


def _run(
    queries: Tables,
    sessions: Sequence[Tables],
    rules: Sequence[Rule],
    broken: Mapping[str, str],
) -> tuple[RuleRun, ...]:
    """Run rules turn by turn; what took longest last night begins first."""
    took = {row["rule"]: float(str(row["seconds"])) for row in queries.rows(_TOOK)}
    in_order = sorted(rules, key=lambda rule: took.get(rule.code, 0.0), reverse=True)
    lack_of = cache(partial(lacking, queries))  # rules share needs, and each is asked for once
    runs: list[RuleRun] = []
    for turn in sorted({rule.turn for rule in rules}):
        part = [partial(_run_rule, rule, lack_of, broken) for rule in in_order if rule.turn == turn]
        done = side_by_side(sessions, part)
        with queries.transaction():
            _write(queries, sorted(done, key=lambda ran: ran[0].rule.code))
        runs += [run for run, _ in done]
    return tuple(sorted(runs, key=lambda run: run.rule.code))


def _prepare(queries: Tables, sessions: Sequence[Tables]) -> Mapping[str, str]:
    """Make anew what rules share; what builds on each other in turn, the rest side by side.

    Returns:
        What could not be made and why, by table.
    """
    with queries.transaction():
        for table in _ANEW:
            queries.execute(_EMPTY.format(table=table))
    matching = ("matches", "non_matches", "credit_matches")
    work = (
        ((*_UNPOSTED, *matching), (*_filled(*_UNPOSTED), fill_matches, fill_credits)),
        (("likenesses",), (likeness.fill,)),
        *(
            (tables, _filled(*tables))
            for tables in (
                ("unlike_documents", "unlike_lines"),
                ("capped_entries",),
                ("fields_tonight", "field_history"),
            )
        ),
    )
    failed = side_by_side(sessions, [partial(_in_turn, fills) for _, fills in work])
    return {
        table: why for (tables, _), why in zip(work, failed, strict=True) if why for table in tables
    }


def _dependent(queries: Queries, broken: Mapping[str, str]) -> Mapping[str, str]:
    """What could not be made, and the views that rest on it."""
    known = dict(broken)
    views = queries.rows(_VIEWS) if broken else []
    for _ in views:
        more = {
            str(view["name"]): why
            for view in views
            for table, why in known.items()
            if re.search(rf"\b{table}\b", str(view["sql"]))
        }
        if more.keys() <= known.keys():
            break
        known = {**more, **known}
    return known


def _filled(*tables: str) -> tuple[Callable[[Queries], None], ...]:
    """What fills tables, each by the file of its name."""
    folder = files("ps_integration.reconciliation")
    texts = [folder.joinpath(f"{table}.sql").read_text("utf-8") for table in tables]
    return tuple(methodcaller("execute", text) for text in texts)


def _in_turn(fills: Sequence[Callable[[Queries], None]], queries: Tables) -> str:
    """Fill tables in one transaction; why it could not be done, or nothing."""
    try:
        with queries.transaction():
            for fill in fills:
                fill(queries)
    except _FAILS as error:
        _LOG.warning("what rules share could not be made: %s", error)
        return str(error)
    return ""


def found_rows(queries: Queries) -> list[Row]:
    """All that the rules found tonight, as rows of `reconciliation.found`."""
    return queries.rows(_FOUND)


def _run_rule(
    rule: Rule,
    lack_of: Callable[[str], Lack | None],
    broken: Mapping[str, str],
    queries: Tables,
) -> Ran:
    """Run one rule; what goes wrong in it becomes its status and message."""
    started = perf_counter()
    for table, why in broken.items():
        if re.search(rf"\b{table}\b", rule.sql):
            # also where the rule holds nothing: planning reads what it could not be told
            text = f"reconciliation.{table} could not be made: {why}"
            return RuleRun(rule, "could_not_run", message=text, holds_posting=True), None
    lacks = [lack for need in rule.needs if (lack := lack_of(need)) is not None]
    if silent := [lack.message for lack in lacks if not lack.is_applicable]:
        return RuleRun(rule, "not_applicable", message="; ".join(silent)), None
    if any(lack.is_whole for lack in lacks):
        return _not_run(rule, lacks), None
    parts = [
        (part.prefix, lack) for part in rule.part_needs if (lack := lack_of(part.need)) is not None
    ]
    try:
        found = _look(queries, rule)
    except _FAILS as error:
        _LOG.warning("rule %s could not run: %s", rule.code, error)
        run = RuleRun(rule, "could_not_run", message=str(error), holds_posting=rule.blocks)
        return run, None
    every = (*lacks, *(lack for _, lack in parts))
    missing = [lack for lack in every if lack.is_applicable and not lack.is_met]
    notes = [f"not compared: {lack.message}" for lack in missing]
    asides = [f"not applicable: {lack.message}" for lack in every if lack not in missing]
    status: RuleStatus = "found" if len(found) else "could_not_run" if notes else "clean"
    run = RuleRun(
        rule,
        status,
        len(found),
        _sample(found),
        perf_counter() - started,
        "; ".join([*notes, *asides]),
        tuple(prefix for prefix, lack in parts if lack.is_whole and lack.is_applicable),
        tuple(prefix for prefix, lack in parts if not lack.is_applicable),
        lacking=_systems(missing),
    )
    return run, found


def _systems(lacks: Sequence[Lack]) -> tuple[str, ...]:
    return tuple(sorted({system for lack in lacks for system in lack.systems}))


def _sample(found: pa.Table) -> list[Row]:
    """The first few rows, by key."""
    keys = [("record_key", "ascending"), ("period", "ascending")]
    places = pc.select_k_unstable(found, SAMPLE_MAX, sort_keys=keys)
    return [dict(row) for row in found.take(places).to_pylist()]


def _not_run(rule: Rule, lacks: Sequence[Lack]) -> RuleRun:
    return RuleRun(
        rule,
        "could_not_run",
        message="; ".join(lack.message for lack in lacks if not lack.is_met),
        holds_posting=rule.blocks,
        lacking=_systems(lacks),
    )


def _look(queries: Tables, rule: Rule) -> pa.Table:
    """What a rule finds, held against the contract of breaks."""
    output = f"rule_output_{rule.code.lower()}"  # planned once; a relation would be planned twice
    queries.execute(f"create or replace temp table {output} as {rule.sql}", rule.tolerances)
    found = queries.arrow(f"from {output}")
    queries.execute(f"drop table {output}")
    if tuple(found.column_names) != contract.COLUMNS:
        wanted = ", ".join(contract.COLUMNS)
        raise CouldNotRunError(f"{rule.path.name} must select exactly: {wanted}")
    if not len(found):
        return found
    if rule.needs_period and pc.any(pc.equal(found["period"], "")).as_py():
        raise CouldNotRunError(
            f"{rule.path.name} breaks the contract of breaks: needs_period is yes and a break has "
            "no period"
        )
    try:
        found = contract.readable(contract.mended(found), rule.code, blocks=rule.blocks)
    except ValueError as error:
        raise CouldNotRunError(
            f"{rule.path.name} breaks the contract of breaks: {error}"
        ) from error
    return _without_sign(found)


def _without_sign(found: pa.Table) -> pa.Table:
    """Money at risk is at risk whichever way it goes: what is owed to a customer adds to it."""
    place = found.column_names.index("at_risk_minor")
    amounts = found.column(place)
    if pa.types.is_null(amounts.type):
        return found
    return found.set_column(place, "at_risk_minor", pc.abs(amounts))


def _write(queries: Tables, done: Sequence[Ran]) -> None:
    """Keep what the rules of one turn found and how they ran."""
    for run, found in done:
        if found is not None and len(found):
            queries.insert_arrow("reconciliation.found", _kept(run.rule, found))
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
                "lacking_systems": ",".join(run.lacking) or None,
            }
            for run, _ in done
        ],
    )


def _kept(rule: Rule, found: pa.Table) -> pa.Table:
    """What was found as rows of `reconciliation.found`."""
    if not rule.blocks:
        # a break holds something only where the firm lets its rule hold things
        for name in ("blocked_kind", "blocked_id"):
            nothing = pa.nulls(len(found), pa.string())
            found = found.set_column(found.column_names.index(name), name, nothing)
    return found.append_column("rule", pa.repeat(rule.code, len(found)))
