"""The opening list: what time is settled elsewhere when posting begins, signed by a person."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from ps_integration.domain.ports import Queries
from ps_integration.errors import AskFinanceError
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational.models import Opening
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve

_LIST = """
select
    di.entry_id,
    di.work_date,
    di.seconds,
    di.reason
from billing.dispositions as di
inner join billing.entries as en on di.entry_id = en.entry_id
where
    di.disposition = 'settled_elsewhere'
    and di.legal_entity = $legal_entity
    and en.system = $time_system
order by di.entry_id, di.part
"""


@dataclass(frozen=True, slots=True)
class OpeningList:
    """Time of one legal entity and time system that will never be posted by this product.

    Attributes:
        bill_from: First work date that is billed here.
        entries: How many entries are settled elsewhere.
        seconds: Their time.
        already_invoiced: How many of them the source itself marks as invoiced.
        sha256: What a signature signs: the whole list.
    """

    legal_entity: str
    time_system: str
    bill_from: date
    entries: int
    seconds: int
    already_invoiced: int
    sha256: str


def opening_lists(firm: Firm, queries: Queries) -> tuple[OpeningList, ...]:
    """One list per `going_live` line of the firm file, from the last finished night."""
    return tuple(
        opening_list(queries, live.legal_entity, live.time_system, live.bill_from)
        for live in firm.going_live
    )


def opening_list(
    queries: Queries, legal_entity: str, time_system: str, bill_from: date
) -> OpeningList:
    """The opening list of one legal entity and time system."""
    rows = queries.rows(_LIST, {"legal_entity": legal_entity, "time_system": time_system})
    content = msgspec.json.encode([legal_entity, time_system, bill_from, rows], order="sorted")
    return OpeningList(
        legal_entity=legal_entity,
        time_system=time_system,
        bill_from=bill_from,
        entries=len(rows),
        seconds=sum(int(str(row["seconds"])) for row in rows),
        already_invoiced=sum(row["reason"] != "before_bill_from" for row in rows),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def sign(store: OperationalStore, listed: OpeningList, who: str, now: datetime) -> None:
    """Sign one opening list: unattended posting may begin for it.

    Raises:
        AskFinanceError: The signer is not a person.
    """
    opening = Opening(
        legal_entity=listed.legal_entity,
        time_system=listed.time_system,
        bill_from=listed.bill_from,
        list_sha256=listed.sha256,
        signed_by=who,
        signed_at=now,
    )
    approve.sign_opening(store, opening)


def chosen(
    lists: tuple[OpeningList, ...], legal_entity: str | None, time_system: str | None
) -> tuple[OpeningList, ...]:
    """The lists that match; None matches all.

    Raises:
        AskFinanceError: None matches.
    """
    found = tuple(
        one
        for one in lists
        if legal_entity in (None, one.legal_entity) and time_system in (None, one.time_system)
    )
    if not found:
        raise AskFinanceError("no opening list of that name; see `opening list`")
    return found
