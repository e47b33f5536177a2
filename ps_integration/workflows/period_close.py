"""Closes a period here: asked of the same answer that everybody sees, and kept with it.

It says that finance has looked and under which answer. The accounting period itself is closed in
the ERP.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ps_integration.domain.identity import is_person
from ps_integration.domain.ports import Queries
from ps_integration.errors import AskFinanceError
from ps_integration.settings.approval import Approval
from ps_integration.settings.breaks import CLOSES_PERIODS
from ps_integration.settings.firm import Firm
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import periods, rights
from ps_integration.stores.operational.models import PeriodEvent
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.nightly import operational_store, snapshot
from ps_integration.workflows.period import PeriodAnswer, status


@dataclass(frozen=True, slots=True)
class Person:
    """The operating system's user who closes or reopens, and the instant."""

    who: str
    at: datetime


def ask(file: FirmFile, legal_entity: str, period: str) -> PeriodAnswer:
    """Whether a period is clean, of the firm's own stores.

    Raises:
        FixConfigError: There is no such legal entity, or that is no period.
        CouldNotRunError: No night has finished yet.
    """
    with (
        snapshot(file) as warehouse,
        operational_store(file) as store,
        store.snapshot() as session,
    ):
        return status(file.firm, warehouse, session, legal_entity, period)


def close(
    store: OperationalStore,
    firm: Firm,
    queries: Queries,
    place: tuple[str, str],
    person: Person,
    accepted: str = "",
) -> PeriodAnswer:
    """Close one period of one legal entity.

    Args:
        store: The operational store.
        firm: The firm file.
        queries: The warehouse as the last finished night left it.
        place: Legal entity and period.
        person: Who closes it, and when.
        accepted: Why it is closed although it is not clean; empty when it must be.

    Raises:
        AskFinanceError: It is not clean and nobody says why it is closed all the same, it is
            closed already, or the person may not close periods. A refusal is in the audit trail.
    """
    try:
        with store.session() as session:
            rights.one_at_a_time(session)
            _require_right(firm.approval, person.who)
            found = status(firm, queries, session, *place)
            _require_clean(found, accepted)
            periods.put(session, _event("closed", found, person, accepted), _kept(found))
            return found
    except AskFinanceError as error:
        if is_person(person.who):
            with store.session() as session:
                periods.note_refusal(session, " ".join(place), person.who, person.at, str(error))
        raise


def reopen(
    store: OperationalStore,
    firm: Firm,
    queries: Queries,
    place: tuple[str, str],
    person: Person,
    why: str,
) -> PeriodAnswer:
    """Take a closing back.

    Raises:
        AskFinanceError: It is not closed, no reason is given, or the person may not.
    """
    _require_right(firm.approval, person.who)
    if not why.strip():
        raise AskFinanceError("say why the period is opened again")
    with store.session() as session:
        rights.one_at_a_time(session)
        found = status(firm, queries, session, *place)
        periods.put(session, _event("reopened", found, person, why), _kept(found))
        return found


def _require_clean(found: PeriodAnswer, accepted: str) -> None:
    if found.answer != "clean" and not accepted.strip():
        told = [f"  {one.text}" for one in found.reasons if one.weight != "note"]
        said = "say why it is closed all the same (--accept), or work these first:"
        raise AskFinanceError("\n".join([f"{found.sentence}; {said}", *told]))


def _event(act: str, found: PeriodAnswer, person: Person, note: str) -> PeriodEvent:
    return PeriodEvent(
        legal_entity=found.legal_entity,
        period=found.period,
        act=act,
        at=person.at,
        by=person.who,
        answer=found.answer,
        note=note,
        run_id=found.run_id,
    )


def _kept(found: PeriodAnswer) -> Mapping[str, object]:
    return {"reasons": [f"{one.weight}: {one.text}" for one in found.reasons]}


def _require_right(rules: Approval, who: str) -> None:
    if not is_person(who):
        raise AskFinanceError(f"{who or 'nobody'!r} is not a person and cannot close a period")
    if rules.people and CLOSES_PERIODS not in rules.roles_of(who):
        raise AskFinanceError(f"{who} does not have the role {CLOSES_PERIODS}")
