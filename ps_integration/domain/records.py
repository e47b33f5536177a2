"""What a connector hands over: raw records, canonical rows, and where a problem sits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from ps_integration.domain.invoice_dates import ErpDates

Json = dict[str, object] | list[object] | str | int | Decimal | bool | None
JsonObject = Mapping[str, object]

CanonicalObject = Literal[
    "customers",
    "projects",
    "tasks",
    "resources",
    "assignments",
    "rates",
    "time_entries",
    "approvals",
    "expenses",
    "milestones",
    "erp_documents",
    "erp_lines",
    "accounting_periods",
    "fx_rates",
    "intercompany_charges",
    "subcontractor_costs",
    "invoice_statuses",
    "opportunities",
    "absences",
]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Why one record cannot become canonical: the field, its value and the rule it broke."""

    field: str
    value: str
    rule: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record of one stream, exactly as received.

    Attributes:
        record_id: The vendor's own id, as text.
        payload: The record's own characters in the answer.
        updated_at: The source's own time of change, when the record says it.
        day: The record's business date (work date), when the stream is re-listed by window.
        place: Where it stood, for people to find it (file and row); no part of what it says.
        flaw: Why it is refused whatever its payload says, known only from what stood beside it
            (its id stood in an earlier row); kept apart, so that no mark of ours is in a payload.
    """

    record_id: str
    payload: str
    updated_at: datetime | None = None
    day: str | None = None
    place: str | None = None
    flaw: FieldProblem | None = None


@dataclass(frozen=True, slots=True)
class CanonicalRow:
    """One row for one canonical table (columns as in the warehouse's `canonical.<object>`).

    `values` leaves out the first four columns (system, stream, record_id, raw_seq); it has
    `external_id` and every other column of the table, null where the vendor cannot say.
    """

    table: CanonicalObject
    values: Mapping[str, object]


class RecordRefusedError(ValueError):
    """A record cannot be read as its object; conform turns this into a quarantine row."""

    def __init__(self, problem: FieldProblem) -> None:
        super().__init__(f"{problem.field}={problem.value!r}: {problem.rule}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Capability:
    """What an ERP offers against doubled writes (design section 7).

    Attributes:
        posting_class: K server-side key, U unique external id, F findable by our reference,
            N none.
        max_commit_delay_seconds: Longest time between our time-out and the ERP's commit.
        reference_max_length: Characters the ERP keeps of a document reference.
        quantity_decimals: Decimals the ERP keeps of a quantity.
        creates_then_posts: A draft is created first and posted by a second call.
        key_retention_seconds: How long a class K server remembers a key; after half of it the
            document is treated as class F.
        find_lag_seconds: How long a created document may stay out of look-ups.
        concurrency: Calls the account takes at a time.
        is_ordered: Documents of one company must be sent one at a time, oldest date first.
        dates: What it has for the posting date and the invoice date.
    """

    posting_class: Literal["K", "U", "F", "N"]
    max_commit_delay_seconds: float
    reference_max_length: int
    quantity_decimals: int
    creates_then_posts: bool
    key_retention_seconds: float | None = None
    find_lag_seconds: float = 0.0
    concurrency: int = 1
    is_ordered: bool = False
    dates: ErpDates = "two"


@dataclass(frozen=True, slots=True)
class ApprovalEvidence:
    """How a time system shows that time was approved, and what it does not say."""

    kind: Literal["entry", "timesheet", "lock", "none"]
    gives_approver: bool
    gives_instant: bool
    notes: tuple[str, ...] = field(default=())
