"""What a person decides about posted work that changed master data would move.

The last night's `billing.posted_changes` is what is shown and what a decision is bound to.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from ps_integration.domain.breaks import break_id
from ps_integration.domain.money import Money, hours
from ps_integration.domain.ports import Queries, Row
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import correction_decisions
from ps_integration.stores.operational.correction_decisions import Change, Decider
from ps_integration.stores.operational.models import Break, CorrectionDecision
from ps_integration.stores.operational.store import OperationalStore, Session

_CHANGES: Final = """

select
    pc.*,
    reconciliation.change_key(pc.what, pc.subject, pc.legal_entity, pc.currency) as record_key,
    if(pc.what = 'home entity', 'MD08', 'MD12') as rule,
    ru.as_of
from billing.posted_changes as pc
cross join config.run as ru
order by pc.what, pc.subject, pc.legal_entity, pc.currency, pc.object_id
"""
_SHOWN: Final = (
    *("change_id", "cause_id", "what", "subject_kind", "subject", "from_value", "to_value"),
    *("project_id", "legal_entity", "currency", "period", "customer_key", "document_ref"),
    *("billed_seconds", "billed_minor", "today_project_id", "today_legal_entity"),
    *("today_currency", "today_customer_key", "today_minor"),
)


def listed(session: Session, queries: Queries) -> list[Row]:
    """Every posted object that today's master data would bill otherwise, as the last night left it.

    Each row has the columns of `billing.posted_changes`, and in `age_days` how long ago its break
    was opened.
    """
    rows = queries.rows(_CHANGES)
    for row in rows:
        found = session.get(
            Break, break_id(str(row["rule"]), str(row["record_key"]), str(row["period"]))
        )
        now = row["as_of"]
        row["age_days"] = (now - found.opened_at).days if found and isinstance(now, datetime) else 0
    return rows


def causes(rows: Sequence[Row]) -> list[Row]:
    """The same by cause: how many objects, hours and money, and how they were decided."""
    found: dict[str, Row] = {}
    for row in rows:
        cause = found.setdefault(
            str(row["cause_id"]),
            {
                **{name: row[name] for name in _SHOWN[1:7]},
                **{name: row[name] for name in ("legal_entity", "currency", "today_currency")},
                "objects": 0, "billed_seconds": 0, "billed_minor": 0, "today_minor": 0,
                "effect_minor": 0, "age_days": row["age_days"], "states": {},
            },
        )  # fmt: skip
        cause["objects"] = _whole(cause["objects"]) + 1
        for name in ("billed_seconds", "billed_minor", "today_minor", "effect_minor"):
            cause[name] = _whole(cause[name]) + _whole(row[name])
        states = cause["states"]
        if isinstance(states, dict):
            states[row["state"]] = states.get(row["state"], 0) + 1
    return list(found.values())


def decide(
    store: OperationalStore,
    queries: Queries,
    decision: Literal["released", "refused"],
    named: str,
    by: Decider,
) -> Sequence[CorrectionDecision]:
    """Release or refuse one object, or everything of one cause, as the last night showed it.

    Args:
        store: The operational store.
        queries: The warehouse as the last night left it.
        decision: Which.
        named: A change id, a cause id, or an object id such as `harvest_uk:1234`.
        by: Who decides, when and why.

    Raises:
        AskFinanceError: The night listed nothing under that name, or the decider may not.
    """
    with store.snapshot() as session:
        found = listed(session, queries)
    rows = [row for row in found if named in (row["change_id"], row["cause_id"], row["object_id"])]
    if not rows:
        raise AskFinanceError(
            f"{named}: the last night listed no such change; `corrections list` shows what there is"
        )
    waiting = [row for row in rows if row["state"] == "open"] or rows
    with store.session() as session:
        return correction_decisions.decide(session, decision, [_change(row) for row in waiting], by)


def withdraw(store: OperationalStore, decision_id: int, by: Decider) -> CorrectionDecision:
    """Take a decision back; the next night asks again.

    Raises:
        AskFinanceError: As for `correction_decisions.withdraw`.
    """
    with store.session() as session:
        return correction_decisions.withdraw(session, decision_id, by)


def effect(row: Row) -> str:
    """'7.50 h, 903.75 GBP -> 0.00 GBP', for people."""
    then = Money(_whole(row["billed_minor"]), str(row["currency"]))
    currency = str(row["today_currency"] or row["currency"])
    now = "no price" if row["today_minor"] is None else Money(_whole(row["today_minor"]), currency)
    return f"{hours(_whole(row['billed_seconds']), 2)} h, {then} -> {now}"


def _change(row: Row) -> Change:
    return Change(
        object_kind=str(row["object_kind"]),
        object_id=str(row["object_id"]),
        content_sha256=str(row["content_sha256"]),
        shown={name: row[name] for name in _SHOWN},
        effect_minor=_whole(row["effect_minor"]),
        currency=str(row["currency"]),
    )


def _whole(value: object) -> int:
    return int(str(value)) if value is not None else 0
