"""The life of one ERP document: which states follow which, and what an answer leads to.

Everything here is pure. The store's `ledger.transition` refuses what `TRANSITIONS` does not list.
"""

from collections.abc import Mapping
from typing import Final, Literal

from ps_integration.errors import PsIntegrationError

State = Literal[
    "planned",
    "approved",
    "sending",
    "draft",
    "posted",
    "refused",
    "unknown",
    "held",
    "dead",
    "superseded",
]
Phase = Literal["create", "post"]
PostingClass = Literal["K", "U", "F", "N"]
Outcome = Literal["accepted", "refused", "not_sent", "throttled", "ambiguous"]
Lookup = Literal["absent", "posted", "draft", "copies", "different", "several"]
"""What the ERP holds under a reference; `copies` are several drafts, each what was approved."""
Recovery = Literal["retry_later", "fix_data", "fix_configuration", "outcome_unknown", ""]
Scope = Literal["document", "project", "company", "system"]
"""What one refusal says something about; nothing beyond it is left alone or held for it."""
WIDE: Final[frozenset[Scope]] = frozenset({"company", "system"})
"""Scopes in which no other document can go out either."""

REFERENCE_PREFIX: Final = "PS-"
"""How every reference of ours begins; what an ERP holds under it must be known here."""
ATTEMPTS_MAX: Final = 8
"""Sends of one document, or times the ERP put it off, before a person must look."""
FIRST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 6 * 3600.0

TRANSITIONS: Final[Mapping[tuple[State | None, State], str]] = {
    (None, "planned"): "staged from a plan",
    ("planned", "planned"): "same content, moved to another batch",
    ("planned", "approved"): "its batch was signed",
    ("planned", "superseded"): "planned anew with other content, or its batch was rejected",
    ("approved", "planned"): "its approval no longer holds, or a blocking break opened",
    ("approved", "superseded"): "planned anew with other content",
    ("approved", "sending"): "claimed: the intent is committed before the call",
    ("approved", "held"): "what is stored is not what was signed",
    ("sending", "approved"): "not done and not the data's fault: never left, put off, or set up",
    ("sending", "draft"): "the ERP has it as a draft",
    ("sending", "posted"): "the ERP has it posted",
    ("sending", "refused"): "the ERP refused the first and only send",
    ("sending", "unknown"): "no clear answer",
    ("sending", "held"): "the ERP holds something else under this reference",
    ("sending", "dead"): "policy stopped trying: put off too often",
    ("draft", "sending"): "intent to post the draft",
    ("draft", "posted"): "found posted in the ERP",
    ("draft", "refused"): "posting was refused and the draft discarded, or people deleted it",
    ("draft", "held"): "the draft in the ERP is not what was approved, or could not be discarded",
    ("unknown", "posted"): "found in the ERP and equal",
    ("unknown", "draft"): "found in the ERP as a draft and equal",
    ("unknown", "sending"): "sent again under its reference",
    ("unknown", "held"): "a person decides: found different, found twice, or never resent",
    ("unknown", "dead"): "policy stopped trying",
    ("held", "posted"): "a person adopted the ERP's document",
    ("held", "refused"): "a person says that the ERP does not have it",
    ("held", "unknown"): "a person asked for another look-up",
    ("held", "approved"): "a person found that an ERP nobody can ask does not have it",
    ("dead", "posted"): "found in the ERP and equal, or adopted by a person",
    ("dead", "refused"): "a person lets go of it; the ERP does not have it",
    ("dead", "approved"): "a person found that an ERP nobody can ask does not have it",
    ("dead", "unknown"): "a person asked for another look-up",
}

FINAL: Final[frozenset[State]] = frozenset({"posted", "refused", "superseded"})
FREES_ITS_LINES: Final[frozenset[State]] = frozenset({"refused", "superseded"})
"""States in which the lines of a document may be planned into another one."""


def drop_id(reference: str) -> str:
    """The name of a dropped document's file: what it is known by until an export has it.

    An ERP that imports files answers nothing, so this stands where others give their own id.
    """
    return f"{reference}.csv"


class TransitionRefusedError(PsIntegrationError):
    """A document was to take a step that its state does not allow."""


def require(reference: str, from_state: State | None, to_state: State) -> str:
    """The reason why a step is allowed.

    Raises:
        TransitionRefusedError: It is not.
    """
    reason = TRANSITIONS.get((from_state, to_state))
    if reason is None:
        raise TransitionRefusedError(
            f"document {reference}: {from_state or 'nothing'} cannot become {to_state}"
        )
    return reason


def after_answer(
    outcome: Outcome,
    phase: Phase,
    *,
    is_doubtful: bool,
    made: Literal["draft", "posted"],
    recovery: Recovery = "fix_data",
    put_off: int = 0,
) -> State:
    """The state that one answer of the ERP leads to.

    Args:
        outcome: How the attempt ended.
        phase: Whether the attempt created the document or posted its draft.
        is_doubtful: An earlier attempt of this phase had no clear answer, so that a refusal now
            says nothing about it.
        made: What the ERP holds after an accepted attempt.
        recovery: What a refusal asks for; one that only asks to come back later, or that blames
            the set-up of a whole company or system, says nothing about the document (see
            `asks_for`).
        put_off: Times in a row that the document was put off, this one included.
    """
    if outcome == "accepted":
        return made
    if outcome == "ambiguous" or is_doubtful or recovery == "outcome_unknown":
        return "unknown"
    if phase == "post":
        return "draft"
    if is_put_off(outcome, recovery):
        return "approved" if put_off < ATTEMPTS_MAX else "dead"
    return "approved" if recovery == "fix_configuration" else "refused"


def is_put_off(outcome: Outcome, recovery: Recovery) -> bool:
    """Whether the same document may simply be sent again later."""
    return outcome in {"not_sent", "throttled"} or (
        outcome == "refused" and recovery == "retry_later"
    )


def is_verdict(outcome: Outcome, recovery: Recovery) -> bool:
    """Whether the ERP refused the document for what is in it."""
    return outcome == "refused" and recovery in {"fix_data", ""}


def asks_for(recovery: Recovery, scope: Scope) -> Recovery:
    """What a refusal asks for, as the document's own life takes it.

    A set-up that lacks something for this document or its project alone is a verdict on the
    document, as wrong data is: others go on, and this one is taken apart.
    """
    is_narrow = recovery == "fix_configuration" and scope not in WIDE
    return "fix_data" if is_narrow else recovery


def wait_seconds(put_off: int, asked_seconds: float | None) -> float:
    """How long to leave a document alone that was put off; what the vendor asked is the floor."""
    floor = FIRST_WAIT_SECONDS if asked_seconds is None else asked_seconds
    return max(floor, min(floor * 4.0 ** (put_off - 1), LONGEST_WAIT_SECONDS))


def class_at(
    posting_class: PostingClass, key_retention_seconds: float | None, key_age_seconds: float
) -> PostingClass:
    """The class that counts for a document whose key was first sent so long ago.

    A server that keeps keys for a time may have forgotten this one; past half of that time the
    document is one that can only be found.
    """
    is_old = key_retention_seconds is not None and key_age_seconds > key_retention_seconds / 2
    return "F" if posting_class == "K" and is_old else posting_class


def after_lookup(
    found: Lookup, phase: Phase, posting_class: PostingClass, *, is_settled: bool, attempts: int
) -> State:
    """The state that a look-up of an unknown document leads to; `unknown` means wait and ask again.

    Args:
        found: What the ERP holds under the reference, compared with what was approved.
        phase: Which attempt had no clear answer.
        posting_class: The ERP's means against doubled writes.
        is_settled: The ERP's longest commit delay has passed since the attempt was given up.
        attempts: Sends so far.
    """
    if found in {"different", "several"}:
        return "held"
    if found == "posted":
        return "posted"
    if found in {"draft", "copies"}:
        return "draft" if phase == "create" or is_settled else "unknown"
    return _when_absent(phase, posting_class, is_settled=is_settled, attempts=attempts)


def _when_absent(
    phase: Phase, posting_class: PostingClass, *, is_settled: bool, attempts: int
) -> State:
    if posting_class == "N":
        return "held"
    if phase == "post":
        return "held" if is_settled else "unknown"
    if not is_settled and posting_class == "F":
        return "unknown"
    return "sending" if attempts < ATTEMPTS_MAX else "dead"
