"""Switchable faults: which exist, where they are kept, which one meets which request.

What each kind does to a request:

=========================  =======================================================================
dead                       connection closed without an answer, nothing done
timeout_before_commit      no answer for `seconds` (0.2), then closed; nothing done
timeout_after_commit       done, then no answer for `seconds` (0.2), then closed
slow_commit                connection closed at once, done `delay` seconds later (at most, and
                           unless given, half of the system's `max_commit_delay_seconds`)
status_429                 refused as the vendor does; `retry_after` (1) seconds where it says so
status_500_before          the vendor's 500, nothing done
status_500_after_commit    done, then the vendor's 500
status_503                 the vendor's 503, nothing done
truncated_body             done, half of the body sent, then closed
html_200                   an HTML page with status 200 from something in between, nothing done
wrong_token                the vendor's 401, nothing done
renamed_field              `field` is called `value` in every record
dropped_field              `field` is missing from every record
retyped_field              `field` holds `value`, or the bare text `literal` (e.g. NaN) unquoted
duplicated_page            the records of the list's page before come again on this one
shifted_page               the first `by` (1) records of the page are not there
drip                       body sent `bytes` (16) at a time, `seconds` (0.05) apart
=========================  =======================================================================

Of the field faults, `field` may be dotted, and `only_id` limits them to one record.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatch
from typing import Any, Literal

import msgspec

from ps_integration.sandbox.codec import Document, dumps, loads
from ps_integration.sandbox.state import SandboxState
from ps_integration.sandbox.store import StateTransaction

Kind = Literal[
    "dead",
    "timeout_before_commit",
    "timeout_after_commit",
    "slow_commit",
    "status_429",
    "status_500_before",
    "status_500_after_commit",
    "status_503",
    "truncated_body",
    "html_200",
    "wrong_token",
    "renamed_field",
    "dropped_field",
    "retyped_field",
    "duplicated_page",
    "shifted_page",
    "drip",
]
BODY_KINDS = frozenset(
    {"renamed_field", "dropped_field", "retyped_field", "duplicated_page", "shifted_page"}
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault to meet requests of one system.

    Attributes:
        kind: What happens; the module's table says it.
        system: Name of the system, or `*`.
        method: HTTP method, or `*`.
        path_pattern: `fnmatch` pattern over the path below the system, e.g. `/v2/time_entries*`.
        times: How many requests it meets; None is until cleared.
        options: As the kind needs.
    """

    kind: Kind
    system: str
    method: str = "*"
    path_pattern: str = "*"
    times: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def meets(self, system: str, method: str, path: str) -> bool:
        """Whether this fault is for such a request."""
        return (
            self.system in ("*", system)
            and self.method in ("*", method)
            and fnmatch(path, self.path_pattern)
        )


def read_fault(document: Document) -> Fault:
    """Make a fault from JSON.

    Raises:
        ValueError: A field is unknown, missing or of the wrong type, or the kind is unknown.
    """
    if unknown := sorted(set(document) - {one.name for one in fields(Fault)}):
        raise ValueError(f"not a fault: unknown field {unknown[0]}")
    fault = msgspec.convert(document, Fault)
    if fault.times is not None and fault.times < 1:
        raise ValueError("not a fault: times must be at least 1, or null")
    return fault


def add_fault(state: SandboxState, fault: Fault) -> None:
    """Switch a fault on; it outlives a restart."""
    with state.transaction() as transaction:
        transaction.connection.execute(
            "insert into faults (fault, remaining) values (?, ?)",
            (dumps(asdict(fault)).decode(), fault.times),
        )


def clear_faults(state: SandboxState, system: str | None = None) -> int:
    """Switch off the faults of one system, or all; how many there were."""
    with state.transaction() as transaction:
        gone = [seq for seq, fault, _ in _rows(transaction) if system in (None, fault.system)]
        transaction.connection.executemany(
            "delete from faults where seq = ?", [(seq,) for seq in gone]
        )
    return len(gone)


def claim_faults(state: SandboxState, system: str, method: str, path: str) -> list[Fault]:
    """Take the faults that meet this request and count them down.

    Body faults add up; of the others only the oldest is taken.
    """
    with state.reading() as transaction:
        if not any(fault.meets(system, method, path) for _, fault, _ in _rows(transaction)):
            return []
    taken: list[Fault] = []
    with state.transaction() as transaction:
        for seq, fault, remaining in _rows(transaction):
            other = fault.kind not in BODY_KINDS and any(t.kind not in BODY_KINDS for t in taken)
            if other or not fault.meets(system, method, path):
                continue
            taken.append(fault)
            if remaining is not None:
                transaction.connection.execute(
                    "update faults set remaining = remaining - 1 where seq = ?", (seq,)
                )
    return taken


def _rows(transaction: StateTransaction) -> list[tuple[int, Fault, int | None]]:
    rows = transaction.connection.execute(
        "select seq, fault, remaining from faults"
        " where remaining is null or remaining > 0 order by seq"
    )
    return [(row[0], Fault(**loads(row[1])), row[2]) for row in rows.fetchall()]
