"""Words for what the tables hold as codes: plain ones, the same on the page and in the workbook."""

from typing import Final

from ps_integration.domain.ports import Row

_KINDS: Final = {
    "FixConfigError": "The settings or credentials are refused; a person must correct them.",
    "RetryLaterError": "The system was busy or out of reach; the next night asks again.",
    "BadAnswerError": "The system answered with something that cannot be read.",
    "CouldNotRunError": "The read could not be made.",
}

SEVERITY_RANK: Final = {"critical": 0, "high": 1, "medium": 2, "low": 3}

CAUSES: Final = {
    "not_synced_yet": "not carried over yet",
    "sync_failed": "the transfer failed",
    "mapping_missing": "no mapping between the systems",
    "mapping_wrong": "wrong mapping between the systems",
    "rate_changed_late": "rate changed after the fact",
    "edited_after_posting": "edited after posting",
    "deleted_after_posting": "deleted after posting",
    "approval_withdrawn": "approval withdrawn",
    "wrong_project": "booked on the wrong project",
    "wrong_date": "booked on the wrong date",
    "period_closed": "accounting period closed",
    "duplicate_entry": "entered twice",
    "duplicate_posting": "posted twice",
    "manual_edit_in_copy": "edited by hand in a copy",
    "master_data_incomplete": "master data incomplete",
    "rounding": "rounding",
    "fx": "exchange rate",
    "cap_reached": "cap reached",
    "unit_or_timezone": "unit or time zone",
    "unauthorised_posting": "posted without our doing",
    "unknown": "not known",
}

FIGURES: Final = {
    "approved": "Approved",
    "posted": "Posted",
    "waiting": "Queued for posting",
    "held": "Held by breaks",
    "deferred": "Deferred",
    "at_risk": "At risk, open breaks",
}
"""What the headline figures are called."""


def words(code: str) -> str:
    """A code as words: `settled_elsewhere` reads "settled elsewhere"."""
    return code.replace("_", " ")


def cause(code: str) -> str:
    """A probable cause in words."""
    return CAUSES.get(code, words(code))


def source_message(row: Row, status: str) -> str:
    """What is wrong with a stream, and what that means; empty when nothing is."""
    if status == "never_read":
        return "Never read: no stream of this system has been asked for yet."
    if status == "stale":
        return (
            f"Not read whole within its limit of {row['freshness_hours']} hours; "
            "what the report says of it may be out of date."
        )
    if status == "complete":
        return ""
    kind = _KINDS.get(str(row["error_kind"]), "The read failed.")
    said = str(row["error_message"] or "").strip()
    last = "earlier data stands" if row["last_complete_at"] else "nothing of it is known"
    return (
        f"{kind} {said}{'' if said.endswith('.') or not said else '.'} Until then {last}.".replace(
            "  ", " "
        )
    )
