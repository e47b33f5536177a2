"""Dates unposted work anew where the zone of its person was wrong; a person says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import available_timezones

from ps_integration.domain.days import day_in
from ps_integration.domain.ports import Queries, Row
from ps_integration.errors import AskFinanceError, CouldNotRunError
from ps_integration.stores.operational import day_decisions
from ps_integration.stores.operational.day_decisions import Dated
from ps_integration.stores.operational.store import OperationalStore

_IS_THERE: Final = """
select count(*) from information_schema.tables
where table_schema = 'canonical' and table_name = 'work_days'
"""
_FOUND: Final = """
with present as (
    select system, external_id, max_by(time_zone, raw_seq) as zone
    from canonical.shown_zones
    group by system, external_id
)

select
    te.system || ':' || te.external_id as entry_id,
    te.started_at,
    te.work_date,
    wd.zone,
    pr.zone as present_zone
from canonical.time_entries as te
inner join canonical.work_days as wd
    on te.system = wd.system and te.stream = wd.stream and te.external_id = wd.external_id
left join present as pr on te.system = pr.system and te.resource_external_id = pr.external_id
where
    te.system || ':' || te.external_id in (select unnest($entries))
    or te.system || ':' || te.resource_external_id = $person
order by entry_id
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries, or all of which person (`system:id`), and in which zone; empty = today's."""

    entries: Sequence[str]
    person: str
    zone: str
    note: str


@dataclass(frozen=True, slots=True)
class Done:
    """What was dated anew, and entries that keep their day because a document bills them."""

    dated: Sequence[Dated]
    billed: Sequence[str]


def rederive(
    store: OperationalStore, queries: Queries, asked: Asked, who: str, now: datetime
) -> Done:
    """Date entries in the zone that their person's profile shows now, or in the one named.

    Args:
        store: The operational store.
        queries: The warehouse as the last night left it.
        asked: The entries.
        who: The operating system's user.
        now: The instant.

    Raises:
        AskFinanceError: An entry's day is not derived from a zone, a document bills an entry that
            was named, no zone is known, nothing would change, or the note is missing.
        CouldNotRunError: No night has finished since the product was upgraded.
    """
    if not queries.value(_IS_THERE):
        raise CouldNotRunError("no night has finished since the upgrade: run it first")
    if asked.zone and asked.zone not in available_timezones():
        raise AskFinanceError(f"{asked.zone}: no such time zone; IANA names, as Europe/London")
    found = queries.rows(_FOUND, {"entries": list(asked.entries), "person": asked.person})
    if strangers := sorted(set(asked.entries) - {str(row["entry_id"]) for row in found}):
        raise AskFinanceError(
            f"{', '.join(strangers)}: its day is not derived from a time zone, or it is not known"
        )
    with store.session() as session:
        documents = day_decisions.documented(session, [str(row["entry_id"]) for row in found])
        billed = sorted(set(documents) - set(asked.entries))
        dated = [one for row in found if (one := _dated(row, asked.zone)).entry_id not in billed]
        moved = [one for one in dated if one.before != one.after]
        if not moved:
            raise AskFinanceError(
                f"no unposted entry of these would move: {len(dated)} keep their day in that zone, "
                f"{len(billed)} are in documents"
            )
        day_decisions.decide(session, moved, who, now, asked.note)
    return Done(moved, billed)


def _dated(row: Row, zone: str) -> Dated:
    named = zone or row["present_zone"]
    if not named:
        raise AskFinanceError(f"{row['entry_id']}: its person's profile shows no zone; give --zone")
    started = row["started_at"]
    before = row["work_date"]
    if not isinstance(started, datetime) or before is None:
        raise AskFinanceError(f"{row['entry_id']}: it has no start")
    after = day_in(started, str(named))
    return Dated(str(row["entry_id"]), str(named), before, after)  # type: ignore[arg-type] # a date
