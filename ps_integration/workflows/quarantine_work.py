"""Quarantine as a person works it: by cause, by record, set aside and back again.

The last night's records are what is shown and what a decision is bound to; what was decided is
asked of the operational store, now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from ps_integration.domain.ports import Queries, Row
from ps_integration.errors import AskFinanceError, CouldNotRunError
from ps_integration.stores.operational import quarantine_decisions
from ps_integration.stores.operational.match_decisions import Decider
from ps_integration.stores.operational.models import QuarantineDecision
from ps_integration.stores.operational.quarantine_decisions import Held, Place
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.quarantine import shown_fields
from ps_integration.workflows.statements import sql_text

_IS_THERE: Final = """
select count(*) from information_schema.tables
where table_schema = 'quarantine' and table_name = 'told'
"""
_FAULTS: Final = ("object", "rule", "field", "value", "remedy")


@dataclass(frozen=True, slots=True)
class Case:
    """One record in quarantine.

    Attributes:
        held: The record as it is shown.
        faults: What is wrong with it: object, rule, field, value, remedy.
        place: File and row, where it came from a file.
        seconds: Hours that it tells, as whole seconds.
        is_approved: Whether it says that it is approved; None where it does not say.
        state: `open`, `proposed` (another person confirms) or `set_aside`.
    """

    held: Held
    faults: Sequence[Row]
    place: str
    first_seen_at: datetime
    last_seen_at: datetime
    seconds: int | None
    is_approved: bool | None
    state: str
    decided: Row

    @property
    def name(self) -> str:
        """How commands name it."""
        return f"{self.held.system}/{self.held.stream}/{self.held.record_id}"

    @property
    def causes(self) -> tuple[str, ...]:
        """What is wrong with it, as commands name it."""
        return tuple(dict.fromkeys(_cause(self.held, one) for one in self.faults))


def require_told(queries: Queries) -> None:
    """Make sure that the last night was one that looked at what quarantine tells.

    Raises:
        CouldNotRunError: It was a night of an earlier release.
    """
    if not queries.value(_IS_THERE):
        raise CouldNotRunError(
            "the last night was of an earlier release, which did not look at what records in "
            "quarantine tell; run `ps-integration nightly`"
        )


def listed(store: OperationalStore, queries: Queries) -> list[Case]:
    """Every record that the last night left in quarantine, with what was decided about it since."""
    require_told(queries)
    with store.snapshot() as session:
        decided = {
            place: _decision(one) for place, one in quarantine_decisions.standing(session).items()
        }
    cases: dict[Place, list[Row]] = {}
    for row in queries.rows(sql_text("quarantine_cases")):
        names = ("system", "stream", "record_id", "content_sha256")
        place = cast("Place", tuple(str(row[name]) for name in names))
        cases.setdefault(place, []).append(row)
    return [_case(place, rows, decided.get(place, {})) for place, rows in cases.items()]


def causes(cases: Sequence[Case]) -> list[Row]:
    """The records by cause: how many, since when, and the hours and money that they tell."""
    found: dict[str, Row] = {}
    for case in cases:
        for name in case.causes:
            fault = next(one for one in case.faults if _cause(case.held, one) == name)
            cause = found.setdefault(
                name,
                {
                    "cause": name, "system": case.held.system, "stream": case.held.stream,
                    "rule": fault["rule"], "field": fault["field"], "remedy": fault["remedy"],
                    "records": 0, "since": case.first_seen_at, "seconds": 0,
                    "amounts": {}, "states": {},
                },
            )  # fmt: skip
            _add(cause, case)
    return list(found.values())


def shown(queries: Queries, case: Case) -> Mapping[str, str]:
    """The fields of the record's payload as they may be shown."""
    payload = queries.value(
        "select any_value(rr.payload) from raw.records as rr inner join quarantine.cases as ca"
        " on rr.raw_seq = ca.raw_seq where ca.system = $system and ca.stream = $stream"
        " and ca.record_id = $record_id",
        {
            "system": case.held.system,
            "stream": case.held.stream,
            "record_id": case.held.record_id,
        },
    )
    return shown_fields(str(payload or ""))


def history(store: OperationalStore, case: Case) -> list[Row]:
    """What was ever decided about the record, whatever it said then."""
    with store.snapshot() as session:
        return [
            {**_decision(one), "is_of_now": one.content_sha256 == case.held.content_sha256}
            for one in quarantine_decisions.decisions(session)
            if (one.system, one.stream, one.record_id)
            == (case.held.system, case.held.stream, case.held.record_id)
        ]


def named(cases: Sequence[Case], name: str) -> list[Case]:
    """One record, or all of one cause.

    Raises:
        AskFinanceError: Nothing in quarantine is called that.
    """
    found = [case for case in cases if case.name == name]
    found = found or [case for case in cases if name in case.causes]
    if not found:
        raise AskFinanceError(
            f"{name}: no record and no cause of the quarantine is called that; "
            "`quarantine list` shows what there is"
        )
    return found


def one_named(cases: Sequence[Case], name: str) -> Case:
    """One record.

    Raises:
        AskFinanceError: Nothing is called that, or several records are.
    """
    found = named(cases, name)
    if len(found) > 1:
        raise AskFinanceError(
            f"{name}: is the cause of {len(found)} records; name one of `quarantine list "
            "--by-record`"
        )
    return found[0]


def set_aside(
    store: OperationalStore, queries: Queries, name: str, by: Decider
) -> list[QuarantineDecision]:
    """Set one record aside, or all of one cause that are not yet.

    Raises:
        AskFinanceError: As for `named` and `quarantine_decisions.set_aside`.
    """
    cases = named(listed(store, queries), name)
    waiting = [case for case in cases if case.state != "set_aside"] or cases
    with store.session() as session:
        return quarantine_decisions.set_aside(session, [case.held for case in waiting], by)


def restore(
    store: OperationalStore, queries: Queries, name: str, by: Decider
) -> list[QuarantineDecision]:
    """Take back that one record, or all of one cause, is set aside.

    Raises:
        AskFinanceError: As for `named` and `quarantine_decisions.restore`.
    """
    cases = named(listed(store, queries), name)
    decided = [case for case in cases if case.state != "open"] or cases
    with store.session() as session:
        return quarantine_decisions.restore(session, [case.held for case in decided], by)


def _case(place: Place, rows: Sequence[Row], decided: Row) -> Case:
    first = rows[0]
    faults = [{name: row[name] for name in _FAULTS} for row in rows]
    amounts: Mapping[str, int] = {}
    if first["amount_minor"] is not None:
        amounts = {str(first["currency"]): int(str(first["amount_minor"]))}
    seconds = None if first["seconds"] is None else int(str(first["seconds"]))
    told = {"seconds": seconds, "is_approved": first["is_approved"], "amounts": dict(amounts)}
    return Case(
        held=Held(
            *place,
            shown={"place": first["source_place"], "faults": faults, **told},
            needs_two=bool(first["may_hide"]),
            amounts=amounts,
        ),
        faults=faults,
        place=str(first["source_place"] or ""),
        first_seen_at=cast("datetime", first["first_seen_at"]),
        last_seen_at=cast("datetime", first["last_seen_at"]),
        seconds=seconds if first["is_time"] else None,
        is_approved=cast("bool | None", first["is_approved"]),
        state=str(decided.get("decision", "open")),
        decided=decided,
    )


def _cause(held: Held, fault: Row) -> str:
    return f"{held.system}/{held.stream}/{fault['rule']}/{fault['field'] or ''}"


def _add(cause: Row, case: Case) -> None:
    cause["records"] = _whole(cause["records"]) + 1
    cause["since"] = min(cast("datetime", cause["since"]), case.first_seen_at)
    cause["seconds"] = _whole(cause["seconds"]) + (case.seconds or 0)
    amounts = cast("dict[str, int]", cause["amounts"])
    for currency, minor in case.held.amounts.items():
        amounts[currency] = amounts.get(currency, 0) + minor
    states = cast("dict[str, int]", cause["states"])
    states[case.state] = states.get(case.state, 0) + 1


def _whole(value: object) -> int:
    return int(str(value))


def _decision(row: QuarantineDecision) -> Row:
    return {
        "decision_id": row.decision_id,
        "decision": row.decision,
        "by": row.decided_by,
        "at": row.decided_at,
        "reason": row.note,
    }
