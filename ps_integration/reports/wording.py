"""Words for what the tables hold as codes: plain ones, the same on the page and in the workbook."""

from typing import Final

from ps_integration.domain.ports import Row
from ps_integration.reports.texts import Said, said_again, say

SEVERITY_RANK: Final = {"critical": 0, "high": 1, "medium": 2, "low": 3}

_FAILED: Final = say("The read failed.")
_UNREADABLE: Final = say("The system answered with something that cannot be read.")
READ_KINDS: Final = {
    "fix_config": say("The settings or credentials are refused; a person must correct them."),
    "retry_later": say("The system was busy or out of reach; the next night asks again."),
    "bad_answer": _UNREADABLE,
    "columns_missing": _UNREADABLE,
    "not_there": say("The read could not be made."),
    "mass_disappearance": say("The listing lacks more than it can be believed in."),
}
"""What each kind of error of a read means to a person; by the words of `raw.reads.error_kind`."""
_NEVER: Final = say("Never read: no stream of this system has been asked for yet.")
_STALE: Final = say(
    "Not read whole within its limit of {hours} hours; "
    "what the report says of it may be out of date."
)
_STANDS: Final = say("{what} Until then earlier data stands.")
_UNKNOWN: Final = say("{what} Until then nothing of it is known.")

CAUSES: Final = {
    "not_synced_yet": say("not carried over yet"),
    "sync_failed": say("the transfer failed"),
    "mapping_missing": say("no mapping between the systems"),
    "mapping_wrong": say("wrong mapping between the systems"),
    "rate_changed_late": say("rate changed after the fact"),
    "edited_after_posting": say("edited after posting"),
    "deleted_after_posting": say("deleted after posting"),
    "approval_withdrawn": say("approval withdrawn"),
    "wrong_project": say("booked on the wrong project"),
    "wrong_date": say("booked on the wrong date"),
    "period_closed": say("accounting period closed"),
    "duplicate_entry": say("entered twice"),
    "duplicate_posting": say("posted twice"),
    "manual_edit_in_copy": say("edited by hand in a copy"),
    "master_data_incomplete": say("master data incomplete"),
    "rounding": say("rounding"),
    "fx": say("exchange rate"),
    "cap_reached": say("cap reached"),
    "unit_or_timezone": say("unit or time zone"),
    "unauthorised_posting": say("posted without our doing"),
    "unknown": say("not known"),
}

FIGURES: Final = {
    "approved": say("Approved"),
    "posted": say("Posted"),
    "owed": say("Corrections owed"),
    "waiting": say("Queued for posting"),
    "held": say("Held by breaks"),
    "deferred": say("Deferred"),
    "at_risk": say("At risk, open breaks"),
}
"""What the headline figures are called."""

TITLES: Final = {
    "posted": say("Posted"),
    "queued": say("Queued"),
    "settled_elsewhere": say("Settled elsewhere"),
    "written_off": say("Written off"),
    "non_billable": say("Non billable"),
    "covered": say("Covered"),
    "excepted": say("Excepted"),
    "deferred": say("Deferred"),
}
"""The dispositions as titles of columns."""

YES: Final = say("yes")
NO: Final = say("no")

_BREAK: Final = "break_"
_WORDS: Final = {
    str(one): one
    for one in (
        # answers, severities, dispositions
        *(say("clear"), say("open breaks"), say("blocked"), say("not clean"), say("could not say")),
        *(say("wrong"), say("note")),
        *(say("critical"), say("high"), say("medium"), say("low")),
        *(say("posted"), say("queued"), say("settled elsewhere"), say("written off")),
        *(say("non billable"), say("covered"), say("excepted"), say("deferred")),
        # states of documents, batches, streams and rules
        *(say("planned"), say("approved"), say("sending"), say("draft"), say("refused")),
        *(say("unknown"), say("held"), say("dead"), say("superseded"), say("posting")),
        *(say("partly posted"), say("rejected"), say("failed"), say("stale")),
        *(say("not whole"), say("complete"), say("never read"), say("clean"), say("found")),
        *(
            say("could not run"),
            say("switched off"),
            say("not applicable"),
            say("first of two"),
            say("void"),
        ),
        # kinds
        *(say("invoice"), say("credit memo"), say("time"), say("milestone"), say("entry")),
        *(say("document"), say("project"), say("customer"), say("company"), say("system")),
        # figures of metrics and their units
        *(say("age"), say("lines"), say("documents"), say("seconds billed"), say("median")),
        *(say("p90"), say("p99"), say("longest"), say("open"), say("share ready")),
        *(say("share retried"), say("operations"), say("share used"), say("calls")),
        *(say("waiting"), say("closed"), say("median open age"), say("oldest open age")),
        *(say("share within sla"), say("oldest waiting"), say("share agreeing")),
        *(say("share failed"), say("share touched"), say("seconds"), say("days")),
        *(say("share"), say("count")),
        # why work is where it is
        *(say("before bill from"), say("invoiced at source"), say("voided and left")),
        *(say("entry not billable"), say("task not billable"), say("internal project")),
        *(say("project not billable"), say("no hours"), say("billed by milestone")),
        *(say("billed by fixed fee"), say("voided in erp"), say("project ambiguous")),
        *(say("project unmapped"), say("resource ambiguous"), say("resource unmapped")),
        *(say("negative hours"), say("legal entity unknown"), say("currency unknown")),
        *(say("billing type unknown"), say("rate missing"), say("rate overlap")),
        *(say("fx missing"), say("fx stale"), say("not priced"), say("customer unknown")),
        *(say("cap currency differs"), say("milestone withdrawn"), say("no amount")),
        *(say("no erp route"), say("project not in erp"), say("revenue account unknown")),
        *(say("period rejected"), say("opening not signed"), say("correction in flight")),
        *(say("cap used up"), say("no open period"), say("period closed")),
        *(say("period not open"), say("period unknown"), say("to be planned")),
        *(say("billed by hand"), say("probably billed by hand"), say("not approved")),
        *(say("submitted"), say("active")),
        *(say("reached on unknown"), say("amount unknown"), say("negative amount")),
        *(say("currency differs"), say("project not active"), say("milestone changed")),
        *(say("deleted after posting"), say("approval withdrawn"), say("moved")),
        *(say("no longer billable"), say("edited after posting"), say("rate changed late")),
    )
}
"""What codes read as; listed, so that the catalogue has them."""


def words(code: str) -> str:
    """A code as words: `settled_elsewhere` reads "settled elsewhere"."""
    if code.startswith(_BREAK):
        return say("break {rule}", rule=code.removeprefix(_BREAK).replace("_", " "))
    plain = code.replace("_", " ")
    return _WORDS.get(plain, plain)


def cause(code: str) -> str:
    """A probable cause in words."""
    return CAUSES.get(code, words(code))


def yes(value: object) -> Said:
    """A truth as a word, so that it can be filtered."""
    return YES if value else NO


def source_message(row: Row, status: str) -> str:
    """What is wrong with a stream, and what that means; empty when nothing is."""
    if status == "never_read":
        return str(_NEVER)
    if status == "stale":
        return str(say(_STALE.one, hours=str(row["freshness_hours"])))
    if status == "complete":
        return ""
    kind = READ_KINDS.get(str(row["error_kind"]), _FAILED)
    said = str(row["error_message"] or "").strip()
    what = f"{kind} {said}{'' if said.endswith('.') or not said else '.'}"
    last = _STANDS if row["last_complete_at"] else _UNKNOWN
    return str(say(last.one, what=what)).replace("  ", " ")


def source_said(message: str) -> str:
    """A kept message as texts of ours; what the system itself said in it stays as it is."""
    said = said_again(message, _NEVER, _STALE, _STANDS, _UNKNOWN)
    if not isinstance(said, Said) or "what" not in said.figures:
        return said
    what = str(said.figures["what"])
    kind = next((one for one in (*READ_KINDS.values(), _FAILED) if what.startswith(one)), None)
    if kind is None:
        return said
    rest = what.removeprefix(kind).strip()
    figures = {"kind": kind, "rest": rest}
    return Said(
        said.one, figures={"what": Said("{kind} {rest}" if rest else kind, figures=figures)}
    )
