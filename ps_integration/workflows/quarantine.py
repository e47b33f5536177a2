"""Where records wait that cannot become canonical: with field, value, rule and remedy."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from ps_integration.contracts.registry import CONTRACTS
from ps_integration.contracts.remedies import REMEDIES
from ps_integration.domain.ports import Queries, Row
from ps_integration.workflows.mapping import Problem
from ps_integration.workflows.night import Night

VALUE_MAX: Final = 200
DUPLICATE: Final = "duplicate_external_id"
NO_ZONE: Final = "work_date_needs_time_zone"
RETRIED: Final = (DUPLICATE, NO_ZONE)
"""Rules that another record may heal: their records are read again every night."""
_SECRET_FIELD: Final = re.compile(r"(?i)password|passwd|secret|token|api_?key|authorization")
_SECRET_TEXT: Final = re.compile(
    r"(?i)(bearer\s+|basic\s+|(?:password|passwd|secret|token|api[_-]?key)[\"']?\s*[=:]\s*)"
    r"[^\s,;}]+"
)


def shown_value(field: str, value: str) -> str:
    """A value as the quarantine may show it: no secrets, no control characters, not long."""
    if _SECRET_FIELD.search(field):
        return "***"
    text = _SECRET_TEXT.sub(r"\1***", value[: VALUE_MAX * 4])
    printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return printable[:VALUE_MAX]


def shown_fields(payload: str) -> dict[str, str]:
    """The fields of a payload, by dotted path, as they may be shown."""
    try:
        record = json.loads(payload, parse_float=str, parse_int=str)
    except ValueError:
        return {"payload": shown_value("payload", payload)}
    return {path: shown_value(path, value) for path, value in _paths(record, "")}


def _paths(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _paths(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            yield from _paths(inner, f"{path}[{at}]")
    else:
        yield path or "payload", "" if value is None else str(value)


def stage_problems(
    warehouse: Queries, record_ids: Sequence[str], raw_seqs: Sequence[int], found: list[Problem]
) -> None:
    """Put one chunk's problems beside those of the chunks before it."""
    rows: dict[tuple[str, str, str], Row] = {}
    for one in found:
        problem = one.problem
        key = (record_ids[one.record], problem.rule, problem.field)
        contract = CONTRACTS.get(one.object)
        rows.setdefault(
            key,
            {
                "record_id": key[0],
                "raw_seq": raw_seqs[one.record],
                "object": one.object,
                "contract_version": contract.version if contract else None,
                "rule": problem.rule,
                "field": problem.field,
                "value": shown_value(problem.field, problem.value),
                "remedy": problem.remedy or REMEDIES.get(problem.rule, ""),
            },
        )
    warehouse.insert("problems", list(rows.values()))


def open_stage(warehouse: Queries) -> None:
    """Make the empty place where the problems of one stream gather."""
    warehouse.execute(
        "create or replace temp table problems (record_id varchar, raw_seq bigint,"
        " object varchar, contract_version varchar, rule varchar, field varchar,"
        " value varchar, remedy varchar)"
    )


def settle(night: Night, warehouse: Queries, system: str, stream: str) -> None:
    """Replace the quarantine rows of the changed records by what was found tonight.

    Needs the temporary tables `changed` and `problems`. A row whose record broke the same rule
    in the same field before keeps when that was first seen; a record that is fine leaves.
    """
    where = {"system": system, "stream": stream}
    remember_open(warehouse, system)
    warehouse.execute(
        "delete from quarantine.records where system = $system and stream = $stream"
        " and rule <> $later and record_id in (select record_id from changed)",
        where | {"later": NO_ZONE},
    )
    warehouse.execute(
        """
        insert into quarantine.records by name
        select
            $system as system, $stream as stream, pr.*,
            coalesce(wo.first_seen_at, $as_of) as first_seen_at,
            $as_of as last_seen_at, $run_id as run_id
        from problems as pr
        left join was_open as wo
            on wo.stream = $stream and pr.record_id = wo.record_id
                and pr.rule = wo.rule and pr.field = wo.field
        """,
        where | {"as_of": night.as_of, "run_id": night.run_id},
    )


def remember_open(warehouse: Queries, system: str) -> None:
    """Copy what is in quarantine now to the temporary table `was_open`."""
    warehouse.execute(
        """
        create or replace temp table was_open as
        select stream, record_id, rule, field, min(first_seen_at) as first_seen_at
        from quarantine.records
        where system = $system
        group by all
        """,
        {"system": system},
    )
