"""What a person may do with a dead letter: retry, fix, adopt, discard. Nothing is ever deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ps_integration.connectors.protocol import ErpWriter
from ps_integration.domain.identity import NOT_A_PERSON
from ps_integration.domain.posting import State
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import approvals, audit, dead_letters, ledger, proposals
from ps_integration.stores.operational.dead_letters import DEAD_STATES, Letter
from ps_integration.stores.operational.models import Document, Feedback, LedgerEntry, Proposal
from ps_integration.stores.operational.proposals import WriteOff
from ps_integration.stores.operational.store import OperationalStore, Session

MEASURED = ("time_entry",)
"""Kinds of object whose parts a person can write off."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who decides, when, and why; identity comes from the operating system."""

    who: str
    at: datetime
    reason: str = ""


def list_letters(store: OperationalStore, *, cause: str = "", system: str = "") -> Sequence[Letter]:
    """Every dead letter, the oldest first, of one cause or system when asked."""
    with store.snapshot() as session:
        return dead_letters.letters(session, cause=cause, system=system)


def show(store: OperationalStore, ref: str) -> tuple[Letter, Sequence[LedgerEntry]]:
    """One dead letter and every step of its document.

    Raises:
        AskFinanceError: There is none of that reference.
    """
    with store.snapshot() as session:
        for letter in dead_letters.letters(session):
            if letter.ref == ref:
                history = ledger.history(session, ref) if letter.kind == "document" else ()
                return letter, history
    raise AskFinanceError(f"{ref}: no dead letter; `dlq list` shows what there is")


def retry(
    store: OperationalStore, ref: str, person: Person, erps: Mapping[str, ErpWriter]
) -> State | Literal["pending"]:
    """Put a letter back to work under the same reference and key.

    A document is looked up before anything else, and sent again only when it is proven absent.

    Returns:
        The state it goes on from.

    Raises:
        AskFinanceError: It is no dead letter, or its ERP cannot be asked (class N).
    """
    _require_person(person)
    letter, _ = show(store, ref)
    if letter.kind == "document":
        if not _can_be_asked(letter, erps):
            raise AskFinanceError(
                f"{ref}: {letter.system} cannot be asked. Look there yourself; then `dlq resend` "
                "sends it again, `dlq adopt` takes it as posted"
            )
        return _back_to_work(store, letter, person, "unknown")
    with store.session() as session:
        _note(session, ref).state = "pending"
        _trail(session, person, "retry", letter)
    return "pending"


def resend(
    store: OperationalStore, ref: str, person: Person, erps: Mapping[str, ErpWriter]
) -> State:
    """Send a document again on a person's word that an ERP which cannot be asked lacks it.

    Raises:
        AskFinanceError: The ERP can be asked, or no reason was given.
    """
    _require_person(person)
    letter, _ = show(store, ref)
    if letter.kind == "note" or _can_be_asked(letter, erps):
        raise AskFinanceError(f"{ref}: {letter.system} can be asked; use `dlq retry`")
    if not person.reason.strip():
        raise AskFinanceError(f"{ref}: say how you know that {letter.system} does not have it")
    return _back_to_work(store, letter, person, "approved")


def _can_be_asked(letter: Letter, erps: Mapping[str, ErpWriter]) -> bool:
    writer = erps.get(letter.system)
    if writer is None:
        raise AskFinanceError(f"system {letter.system}: nothing here writes to it any more")
    return writer.capability.posting_class != "N"


def _back_to_work(
    store: OperationalStore, letter: Letter, person: Person, to_state: State
) -> State:
    with store.session() as session:
        document = _dead(session, letter.ref)
        told = {"retried_by": person.who, "attempts_before": document.attempts}
        document.attempts, document.hold_reason = 0, None
        ledger.transition(session, document, to_state, _step(person, told))
        ledger.refresh_batch(session, document.batch_id)
        _trail(session, person, "retry", letter)
    return to_state


def fix(store: OperationalStore, ref: str, person: Person, erps: Mapping[str, ErpWriter]) -> None:
    """Let go of a document's lines, so that they are planned and approved anew.

    For when the source, a mapping or a rate was corrected. Only a document that cannot be in the
    ERP is let go of: no attempt of it had an unclear answer, and a draft of it is deleted there.

    Raises:
        AskFinanceError: It is or may be in the ERP.
        RetryLaterError: The ERP could not be asked.
    """
    _require_person(person)
    letter, _ = show(store, ref)
    if letter.kind == "note":
        raise AskFinanceError(f"{ref}: a note has no lines to plan anew; use `dlq retry`")
    if letter.was_ambiguous:
        raise AskFinanceError(
            f"{ref}: an attempt had no clear answer, so the ERP may hold it. `dlq retry` asks "
            "under the same reference; `dlq adopt` takes what is there"
        )
    _clear_erp(letter, erps)
    with store.session() as session:
        _let_go(session, _dead(session, ref), person, {"fixed_by": person.who})
        _trail(session, person, "fix", letter)


def adopt(store: OperationalStore, ref: str, person: Person, number: str) -> None:
    """Take a document as posted, on a person's word, under the ERP's number.

    The next run reads it back where the ERP can be asked, and reports every difference.

    Raises:
        AskFinanceError: It is no document, or no number was given.
    """
    _require_person(person)
    letter, _ = show(store, ref)
    if letter.kind == "note" or not number.strip():
        raise AskFinanceError(f"{ref}: adopting needs a document and the ERP's number for it")
    with store.session() as session:
        document = _dead(session, ref)
        document.erp_number, document.hold_reason = number.strip(), None
        told = {"adopted_by": person.who, "number": number.strip(), "reason": person.reason}
        ledger.transition(session, document, "posted", _step(person, told))
        ledger.refresh_batch(session, document.batch_id)
        _trail(session, person, "adopt", letter)


def discard(
    store: OperationalStore, ref: str, person: Person, erps: Mapping[str, ErpWriter]
) -> Proposal | None:
    """Give a letter up: a note at once; a document when a second person agrees.

    The first person's call proposes, the second's confirms: then every part the document bills is
    written off in both names, and its lines are free.

    Returns:
        The proposal that now waits; None when the letter was discarded.

    Raises:
        AskFinanceError: It may be in the ERP, has lines that cannot be written off, or the same
            person calls twice.
        RetryLaterError: The ERP could not be asked.
    """
    _require_person(person)
    letter, _ = show(store, ref)
    if letter.kind == "document" and not letter.was_ambiguous:
        _clear_erp(letter, erps)
    with store.session() as session:
        if letter.kind == "note":
            _note(session, ref).state = "discarded"
            _trail(session, person, "discard", letter)
            return None
        document = _dead(session, ref)
        waiting = proposals.find(session, "discard", ref)
        if waiting is None:
            return proposals.propose(session, _proposal(session, document, person))
        proposals.confirm(session, waiting, who=person.who, at=person.at)
        proposals.decide(session, waiting, _parts(session, document))
        told = {"discarded_by": [waiting.proposed_by, person.who], "reason": waiting.reason}
        _let_go(session, document, person, told)
        return None


def _clear_erp(letter: Letter, erps: Mapping[str, ErpWriter]) -> None:
    """Delete drafts of a document that is to be let go of, and see that nothing is left."""
    writer = erps.get(letter.system)
    if writer is None or writer.capability.posting_class == "N":
        return
    for one in writer.find(letter.company, letter.ref):
        if one.state == "draft":
            writer.discard_draft(letter.company, one.erp_id)
    left = [one for one in writer.find(letter.company, letter.ref) if one.state != "cancelled"]
    if left:
        raise AskFinanceError(
            f"{letter.ref}: {letter.system} holds it as {left[0].state} {left[0].number}; "
            "adopt it, or cancel it there first"
        )


def _proposal(session: Session, document: Document, person: Person) -> Proposal:
    history = ledger.history(session, document.document_ref)
    if dead_letters.was_ambiguous(history):
        raise AskFinanceError(
            f"{document.document_ref}: an attempt had no clear answer, so the ERP may hold it; it "
            "is retried, adopted, or stays"
        )
    _parts(session, document)
    return Proposal(
        kind="discard",
        subject=document.document_ref,
        part=None,
        amount_minor=document.amount_minor,
        currency=document.currency,
        reason=person.reason,
        proposed_by=person.who,
        proposed_at=person.at,
    )


def _parts(session: Session, document: Document) -> Sequence[WriteOff]:
    lines = approvals.lines(session, document.document_ref)
    strangers = [line.object_id for line in lines if line.object_kind not in MEASURED]
    if strangers or any(line.correction_no for line in lines):
        raise AskFinanceError(
            f"{document.document_ref}: bills more than hours of entries; what is not an entry "
            "cannot be written off here, so retry or fix it"
        )
    return [WriteOff(one.object_id, one.part, one.amount_minor, one.currency) for one in lines]


def _let_go(
    session: Session, document: Document, person: Person, told: Mapping[str, object]
) -> None:
    document.hold_reason = None
    ledger.transition(session, document, "refused", _step(person, told))
    ledger.refresh_batch(session, document.batch_id)


def _step(person: Person, told: Mapping[str, object]) -> ledger.Step:
    return ledger.Step(person.at, None, {**told, "note": person.reason})


def _dead(session: Session, ref: str) -> Document:
    document = ledger.load(session, ref)
    if document.state not in DEAD_STATES:
        raise AskFinanceError(f"{ref}: is {document.state} by now, not a dead letter")
    return document


def _note(session: Session, ref: str) -> Feedback:
    return session.get_one(Feedback, dead_letters.note_key(ref), with_for_update=True)


def _trail(session: Session, person: Person, action: str, letter: Letter) -> None:
    audit.append(
        session,
        at=person.at,
        who=person.who,
        action=f"dead_letter_{action}",
        subject=letter.ref,
        detail={"state": letter.state, "cause": letter.cause, "reason": person.reason},
    )


def _require_person(person: Person) -> None:
    if person.who in NOT_A_PERSON:
        raise AskFinanceError(f"{person.who or 'nobody'!r} is not a person and cannot decide")
