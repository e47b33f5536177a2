"""Breaks as values: identity, probable causes, and what a rule's run means for its open breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal

Severity = Literal["critical", "high", "medium", "low"]
RuleStatus = Literal["clean", "found", "could_not_run", "not_applicable"]
SEVERITIES: Final = ("critical", "high", "medium", "low")
BLOCKED_KINDS: Final = (
    *("entry", "project", "customer", "system", "milestone", "company"),
    "document",  # an ERP document, which is not sent again; its lines are its own already
)
CAUSES: Final = frozenset(
    {
        "not_synced_yet",
        "sync_failed",
        "mapping_missing",
        "mapping_wrong",
        "rate_changed_late",
        "edited_after_posting",
        "deleted_after_posting",
        "approval_withdrawn",
        "wrong_project",
        "wrong_date",
        "period_closed",
        "duplicate_entry",
        "duplicate_posting",
        "manual_edit_in_copy",
        "master_data_incomplete",
        "rounding",
        "fx",
        "cap_reached",
        "unit_or_timezone",
        "unauthorised_posting",
        "unknown",
    }
)


def break_id(rule: str, record_key: str, period: str) -> str:
    """The id of the break of that identity: 24 hex digits, the same on every night."""
    return sha256(f"{rule}|{record_key}|{period}".encode()).hexdigest()[:24]


_OVERBILLED: Final = frozenset({"TM06", "TM07"})


def is_overbilled(found: Mapping[str, object]) -> bool:
    """Whether a break says that a customer has been billed what is not due from them.

    Work that moved to another project is over-billed where it was, whatever both come to together.
    """
    minor = found.get("difference_minor")
    is_less = isinstance(minor, int) and minor < 0
    return found.get("rule") in _OVERBILLED and (is_less or found.get("cause") == "wrong_project")


def id_of(found: Mapping[str, object]) -> str:
    """The break id of one row that a rule found."""
    return break_id(str(found["rule"]), str(found["record_key"]), str(found["period"] or ""))


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """How one rule ran tonight, as the life of its breaks needs to know it.

    Attributes:
        code: e.g. `TM01`.
        status: `could_not_run` leaves the rule's open breaks as they are; `not_applicable`
            resolves them, for no system can say anything about them.
        severity: As the firm has set it.
        owner: Who works the rule's breaks.
        part_owners: Start of a record key, and who works those breaks.
        not_compared: Record keys that start with one of these were not looked at, though the
            rest of the rule ran; breaks on them stay as they are.
        not_applicable: Record keys that start with one of these are nothing that a system can
            speak of, though the rest of the rule is.
    """

    code: str
    status: RuleStatus
    severity: Severity
    owner: str
    not_compared: Sequence[str] = field(default=())
    part_owners: Sequence[tuple[str, str]] = field(default=())
    not_applicable: Sequence[str] = field(default=())

    def owner_of(self, record_key: str) -> str:
        """Who works the break on this record."""
        others = (owner for prefix, owner in self.part_owners if record_key.startswith(prefix))
        return next(others, self.owner)

    def looked_at(self, record_key: str) -> bool:
        """Whether not finding this record tonight means that its break is gone."""
        if self.not_compared:
            return not record_key.startswith(tuple(self.not_compared))
        return self.status != "could_not_run"

    def applies_to(self, record_key: str) -> bool:
        """Whether any system can say something about this record."""
        is_silent = self.status == "not_applicable"
        return not is_silent and not record_key.startswith(tuple(self.not_applicable))
