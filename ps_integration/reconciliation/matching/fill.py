"""Writes what was matched, and why the rest was not, before the rules run."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from ps_integration.domain.ports import Queries, Row
from ps_integration.reconciliation.matching.assignment import Judged, judge
from ps_integration.reconciliation.matching.candidates import candidates
from ps_integration.reconciliation.matching.items import Entry, Line, Link
from ps_integration.reconciliation.matching.nearest import nearest

_LINES: Final = """
select record_key, project_id, posting_date, quantity, line_type, amount_minor, currency
from reconciliation.hand_typed_lines
where
    project_id is not null and kind = 'invoice' and amount_minor > 0
    and record_key not in (select ma.record_key from reconciliation.matches as ma)
order by record_key
"""
# What people decided, while it is as it was then.
_ACCEPTED: Final = """
insert into reconciliation.matches by name
select
    dl.record_key, de.entry_id, 'accepted' as status, 1 as choice, 0 as cost,
    'accepted by ' || sd.decided_by || ' on ' || config.day_of(sd.decided_at, null)::varchar || ', '
    || sd.note as evidence
from reconciliation.standing_decisions as sd
inner join reconciliation.decided_lines as dl on sd.decision_id = dl.decision_id
inner join reconciliation.decided_entries as de on sd.decision_id = de.decision_id
where
    sd.decision = 'accepted'
    and sd.decision_id not in (select st.decision_id from reconciliation.stale_decisions as st)
order by dl.record_key, de.entry_id
"""
_REJECTED: Final = """
select dl.record_key, de.entry_id, dl.decision_id
from reconciliation.decided_lines as dl
inner join reconciliation.decided_entries as de on dl.decision_id = de.decision_id
where
    dl.decision = 'rejected'
    and dl.decision_id not in (select st.decision_id from reconciliation.stale_decisions as st)
order by dl.decision_id, dl.record_key, de.entry_id
"""
Rejected = frozenset[tuple[str, tuple[str, ...]]]
"""A line and entries that it does not bill, as a person said."""
# Entries of the lines' projects, and those elsewhere that a line would bill to the cent.
_ENTRIES: Final = """
with lines as (
    select project_id, currency, amount_minor
    from reconciliation.hand_typed_lines
    where project_id is not null and kind = 'invoice' and amount_minor > 0
)

select
    en.entry_id, en.project_id, en.work_date, en.seconds, en.amount_minor, en.currency,
    coalesce(en.resource_id, en.resource_external_id, '') as person
from reconciliation.unposted_entries as en
where
    en.project_id is not null and en.work_date is not null and en.seconds > 0
    and en.entry_id not in (
        select pl.object_id from ops.posting_lines as pl
        inner join ops.documents as dc on pl.document_ref = dc.document_ref
        where dc.state in ('approved', 'sending', 'draft', 'unknown', 'held', 'dead')
    )
    and (
        (en.project_id, en.currency) in (select (li.project_id, li.currency) from lines as li)
        or (en.amount_minor, en.currency)
        in (select (li.amount_minor, li.currency) from lines as li)
    )
order by en.entry_id
"""


def fill(queries: Queries) -> None:
    """Fill `reconciliation.matches` and `non_matches`, both empty; the caller's transaction."""
    queries.execute(_ACCEPTED)
    lines = [line_of(row) for row in queries.rows(_LINES)]
    if not lines:
        return
    entries = [entry_of(row) for row in queries.rows(_ENTRIES)]
    rejected = _rejected(queries)
    judged = match(lines, entries, rejected)
    queries.insert("reconciliation.matches", list(_match_rows(judged)))
    matched = {key for found in judged for key in found.link.lines}
    rest = [line for line in lines if line.key not in matched]
    queries.insert("reconciliation.non_matches", list(_non_match_rows(rest, entries, rejected)))


def match(
    lines: Sequence[Line], entries: Sequence[Entry], rejected: Rejected = frozenset()
) -> list[Judged]:
    """Match block by block; where a search met its bound, nothing of the block is confirmed.

    What a person has rejected is no link, with whatever other line it would be split.
    """
    by_block: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries):
        by_block[entry.block].append(entry)
    found: list[Judged] = []
    for block in sorted({line.block for line in lines}):
        known = candidates(sorted(li for li in lines if li.block == block), by_block[block])
        found += [
            Judged(judged.link, judged.is_confirmed and known.is_complete)
            for judged in judge([link for link in known.links if not _is_no(link, rejected)])
        ]
    return found


def _is_no(link: Link, rejected: Rejected) -> bool:
    return any((line, link.entries) in rejected for line in link.lines)


def _rejected(queries: Queries) -> Rejected:
    sets: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in queries.rows(_REJECTED):
        sets[str(row["record_key"]), str(row["decision_id"])].append(str(row["entry_id"]))
    return frozenset((line, tuple(sorted(entries))) for (line, _), entries in sets.items())


def _match_rows(judged: Sequence[Judged]) -> Iterator[Row]:
    choices: dict[str, int] = defaultdict(int)
    for found in judged:
        for line in found.link.lines:
            choices[line] += 1
            for entry in found.link.entries:
                yield {
                    "record_key": line,
                    "entry_id": entry,
                    "status": "confirmed" if found.is_confirmed else "ambiguous",
                    "choice": choices[line],
                    "lines": list(found.link.lines),
                    "cost": found.link.cost,
                    "evidence": found.link.evidence,
                }


def _non_match_rows(
    lines: Sequence[Line], entries: Sequence[Entry], rejected: Rejected
) -> Iterator[Row]:
    for line in lines:
        open_ones = [entry for entry in entries if (line.key, (entry.key,)) not in rejected]
        found = nearest(line, open_ones)
        if found is not None:
            yield {
                "record_key": line.key,
                "entry_id": found.entry,
                "failed_test": found.failed_test,
                "gap": found.gap,
                "cause": found.cause,
            }


def line_of(row: Row) -> Line:
    """A line as matching looks at it."""
    is_sum = row["line_type"] == "account"
    hours = Decimal(str(row["quantity"] or 0))
    return Line(
        str(row["record_key"]),
        f"{row['project_id']}|{row['currency']}",
        row["posting_date"],  # type: ignore[arg-type]  # a date, as the schema says
        None if is_sum else round(hours * 3600),
        int(str(row["amount_minor"])),
    )


def entry_of(row: Row) -> Entry:
    """An entry as matching looks at it."""
    price = row["amount_minor"]
    return Entry(
        str(row["entry_id"]),
        f"{row['project_id']}|{row['currency']}",
        row["work_date"],  # type: ignore[arg-type]  # a date, as the schema says
        int(str(row["seconds"])),
        None if price is None else int(str(price)),
        str(row["person"]),
    )
