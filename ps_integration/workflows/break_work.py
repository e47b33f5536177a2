"""What a person does about a break, the same from the command line and from a workbook."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal
from unicodedata import category

from ps_integration.domain.days import day_in
from ps_integration.domain.money import Money
from ps_integration.errors import AskFinanceError
from ps_integration.reconciliation.rule import load_rules
from ps_integration.settings.firm import Firm
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import break_decisions as decisions
from ps_integration.stores.operational import breaks, rights
from ps_integration.stores.operational.break_decisions import Acceptance, Decider
from ps_integration.stores.operational.models import Break, Proposal
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows.custody import owner_choices

Verb = Literal["", "accept", "confirm", "snooze", "wake", "reopen"]
Field = Literal["verb", "assign_to", "note", "snooze_until", "amount_minor", "accept_until"]
"""What of a decision is wrong."""
_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LAYOUT: Final = frozenset("\n\r\t")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided about one break; empty fields decide nothing."""

    verb: Verb = ""
    assign_to: str = ""
    note: str = ""
    snooze_until: date | None = None
    amount_minor: int | None = None
    accept_until: date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is decided."""
        return self == Decision()


@dataclass(frozen=True, slots=True)
class Desk:
    """Who is at work, and what the firm allows.

    Attributes:
        by: The person.
        owners: Everybody a break can be given to.
        accept_days: How long an acceptance may hold, and holds when nothing is said.
        snooze_days: How long a break may be put off.
    """

    by: Decider
    owners: frozenset[str]
    accept_days: int
    snooze_days: int


def desk(file: FirmFile, who: str, now: datetime, file_sha256: str = "") -> Desk:
    """The desk of one person of the firm."""
    firm, today = file.firm, day_of(file.firm, now)
    roles = frozenset(rule.owner for rule in load_rules(firm.rules_path))
    return Desk(
        Decider(who, now, today, firm.approval, file_sha256),
        frozenset(owner_choices(firm, roles)),
        firm.breaks.accept_days,
        firm.breaks.snooze_days,
    )


def day_of(firm: Firm, instant: datetime) -> date:
    """The firm's calendar date."""
    return day_in(instant, firm.firm.time_zone)


def decide(store: OperationalStore, desk: Desk, break_id: str, decision: Decision) -> Break:
    """Carry out one decision about a break, by its id or the beginning of it.

    Raises:
        AskFinanceError: What is wrong with it; nothing was decided.
    """
    with store.session() as session:
        rights.one_at_a_time(session)
        item, _ = breaks.show(session, break_id)
        found = [text for _, text in mistakes(item, decision, desk)]
        if found:
            raise AskFinanceError("\n".join(found))
        carry_out(session, item, decision, desk)
        return item


def carry_out(session: Session, item: Break, decision: Decision, desk: Desk) -> None:
    """The same in the caller's transaction, for a decision without `mistakes`.

    Raises:
        AskFinanceError: The break or another person's right is in the way.
    """
    if decision.assign_to:
        decisions.assign(session, item, decision.assign_to, desk.by)
    if decision.verb == "accept":
        _accept(session, item, decision, desk)
    elif decision.verb == "confirm":
        decisions.confirm(session, item, desk.by)
    elif decision.verb:
        _look(session, item, decision, desk)
    if decision.note and decision.verb in ("", "confirm"):
        decisions.comment(session, item, decision.note, desk.by)


def _accept(session: Session, item: Break, decision: Decision, desk: Desk) -> None:
    until = decision.accept_until or desk.by.today + timedelta(days=desk.accept_days)
    acceptance = Acceptance(decision.note, until, decision.amount_minor)
    decisions.accept(session, item, acceptance, desk.by)


def _look(session: Session, item: Break, decision: Decision, desk: Desk) -> None:
    """Look at it later, now, or again."""
    if decision.verb == "snooze" and decision.snooze_until is not None:
        decisions.snooze(session, item, decision.snooze_until, decision.note, desk.by)
    elif decision.verb == "wake":
        decisions.wake(session, item, decision.note, desk.by)
    else:
        decisions.reopen(session, item, decision.note, desk.by)


def mistakes(item: Break, decision: Decision, desk: Desk) -> Iterator[tuple[Field, str]]:
    """Everything that is wrong with a decision, by the field it stands in."""
    if item.state == "resolved" and decision.verb:
        yield "verb", f"the break is resolved; there is nothing left to {decision.verb}"
        return
    if decision.assign_to and decision.assign_to not in desk.owners:
        yield "assign_to", f"{decision.assign_to!r} is nobody a break can be given to"
    yield from _of_note(decision)
    yield from _of_snooze(decision, desk)
    yield from _of_acceptance(item, decision, desk)


def _of_note(decision: Decision) -> Iterator[tuple[Field, str]]:
    note = decision.note
    if len(note) > decisions.TEXT_MAX:
        yield "note", f"has {len(note):,} characters, at most {decisions.TEXT_MAX:,} are kept"
    if told := unprintable(note):
        yield "note", told
    if decision.verb in ("accept", "reopen") and not note.strip():
        yield "note", f"say why: {decision.verb} needs a comment"


def unprintable(text: str) -> str:
    """Which characters of a text do not print, in words; empty when all do."""
    bad = sorted({f"U+{ord(c):04X}" for c in text if _is_control(c)})
    return f"has characters that do not print: {', '.join(bad[:5])}" if bad else ""


def _is_control(char: str) -> bool:
    return char in _BIDI or (category(char) in ("Cc", "Cs") and char not in _LAYOUT)


def _of_snooze(decision: Decision, desk: Desk) -> Iterator[tuple[Field, str]]:
    until, today = decision.snooze_until, desk.by.today
    if decision.verb != "snooze":
        if until is not None:
            yield "snooze_until", "a date to look again goes with the decision snooze"
        return
    if until is None:
        yield "snooze_until", "snooze needs the date to look again"
    elif until <= today:
        yield "snooze_until", f"{until} is not after today, {today}"
    elif until > today + timedelta(days=desk.snooze_days):
        yield "snooze_until", f"{until} is more than {desk.snooze_days} days away"


def _of_acceptance(item: Break, decision: Decision, desk: Desk) -> Iterator[tuple[Field, str]]:
    until, amount, today = decision.accept_until, decision.amount_minor, desk.by.today
    if decision.verb != "accept":
        if amount is not None:
            yield "amount_minor", "an amount goes with the decision accept"
        if until is not None:
            yield "accept_until", "a date until when goes with the decision accept"
        return
    if amount is not None and amount < 0:
        yield "amount_minor", "the amount is negative"
    elif told := decisions.wrong_amount(item, amount):
        yield "amount_minor", told
    if until is not None and until < today:
        yield "accept_until", f"{until} is before today, {today}"
    elif until is not None and until > today + timedelta(days=desk.accept_days):
        yield "accept_until", f"{until} is more than {desk.accept_days} days away"


def said_of(proposal: Proposal | None) -> str:
    """What a break waits for from a second person, in words; empty when for nothing."""
    if proposal is None:
        return ""
    amount = Money(proposal.amount_minor, proposal.currency)
    return (
        f"a second person: {proposal.proposed_by} would accept {amount} until {proposal.until}: "
        f"{proposal.reason}"
    )
