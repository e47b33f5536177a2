"""What the last night offers: sets of entries that lines typed by hand may bill, not yet decided.

An offer is named by its lines and entries. Its version changes with all that a decision about it
could depend on: both sides as they are, and what else its lines may bill.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from ps_integration.domain.money import Money
from ps_integration.domain.ports import Queries, Row
from ps_integration.domain.seal import digest
from ps_integration.reports.working_matches import MatchLine
from ps_integration.stores.operational import match_decisions, match_reading
from ps_integration.stores.operational.match_decisions import Match
from ps_integration.stores.operational.models import MatchDecision
from ps_integration.stores.operational.store import Session
from ps_integration.workflows import match_list
from ps_integration.workflows.match_facts import entries_named, lines_named, match_of, said

# A link of several lines stands with each of them; it is read where its first line has it.
_LINKS: Final = """
select
    choice,
    any_value(lines) as lines,
    list(entry_id order by entry_id) as entries,
    min(status) as status,
    min(evidence) as evidence
from reconciliation.matches
where status <> 'accepted' and record_key = lines[1]
group by record_key, choice
order by record_key, choice
"""
_VERSION_DIGITS: Final = 12
"""Of a hash: a spreadsheet's numbers are exact to fifteen decimal digits."""
_KEY_DIGITS: Final = 24
OFFER_VERBS: Final = ("accept", "reject")
DECISION_VERBS: Final = ("withdraw",)
PROPOSAL_VERBS: Final = ("confirm", "withdraw")


@dataclass(frozen=True, slots=True)
class Offer:
    """One set of entries that one line bills, or lines that bill one entry, as the night says.

    Attributes:
        key: What names it.
        version: See above.
        lines: Record keys, sorted.
        entries: Entry ids, sorted.
        status: `confirmed` or `ambiguous`.
        choice: Which of the choices of its first line.
        choices: How many choices that line has.
        evidence: What agrees, in words.
        named: Its lines as people know them.
        posted_on: Date of the first line's document.
        match: Both sides as they are.
    """

    key: str
    version: int
    lines: tuple[str, ...]
    entries: tuple[str, ...]
    status: str
    choice: int
    choices: int
    evidence: str
    named: str
    posted_on: date | None
    match: Match


def offered(queries: Queries) -> list[Offer]:
    """Every offer of the last night, by the date of its document, its line and its choice."""
    links = queries.rows(_LINKS)
    if not links:
        return []
    named = {key for link in links for key in _texts(link["lines"])}
    lines = {str(row["record_key"]): row for row in lines_named(queries, named)}
    ids = {entry for link in links for entry in _texts(link["entries"])}
    entries = {str(row["entry_id"]): row for row in entries_named(queries, ids)}
    known = [
        link
        for link in links
        if set(_texts(link["lines"])) <= lines.keys()
        and set(_texts(link["entries"])) <= entries.keys()
    ]
    made = [_offer(link, lines, entries) for link in known]
    return sorted(_versioned(made), key=_order)


def _order(offer: Offer) -> tuple[date, str, tuple[str, ...], int, str]:
    return offer.posted_on or date.min, offer.named, offer.lines, offer.choice, offer.key


def _offer(link: Row, lines: Mapping[str, Row], entries: Mapping[str, Row]) -> Offer:
    keys, ids = _texts(link["lines"]), _texts(link["entries"])
    rows = [lines[key] for key in keys]
    return Offer(
        key=digest([list(keys), list(ids)])[:_KEY_DIGITS],
        version=0,
        lines=keys,
        entries=ids,
        status=str(link["status"]),
        choice=int(str(link["choice"])),
        choices=1,
        evidence=str(link["evidence"]),
        named=", ".join(said(row) for row in rows),
        posted_on=rows[0]["posting_date"],  # type: ignore[arg-type]  # a date, as the schema says
        match=match_of(rows, [entries[entry] for entry in ids]),
    )


def _versioned(offers: Sequence[Offer]) -> Iterator[Offer]:
    """Count the choices of each offer's line, and number what it rests on."""
    of_line: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        for line in offer.lines:
            of_line[line].append(offer)
    for offer in offers:
        others = {one.key: one for line in offer.lines for one in of_line[line]}
        facts = [_facts(offer), [_facts(others[key]) for key in sorted(others)]]
        yield replace(
            offer,
            version=int(digest(facts)[:_VERSION_DIGITS], 16),
            choices=len(of_line[offer.lines[0]]),
        )


def _facts(offer: Offer) -> list[object]:
    match = offer.match
    about = [match.lines, match.entries, match.project_id, match.currency]
    return [offer.key, offer.status, offer.evidence, offer.posted_on, *about]


def match_lines(session: Session, queries: Queries) -> tuple[MatchLine, ...]:
    """The rows of the sheet Matches: what nobody has decided yet, then decisions that stand."""
    standing = {one.decision_id: one for one in match_reading.standing(session)}
    decided = match_list.decided(session, queries)
    return (
        *(_of_offer(one) for one in offered(queries) if not _is_decided(one, standing.values())),
        *(_of_decision(one, standing[one.decision_id]) for one in decided),
    )


def decision_key(decision_id: int) -> str:
    """What names a decision that stands."""
    return f"decision {decision_id}"


def _is_decided(offer: Offer, standing: Iterable[MatchDecision]) -> bool:
    return any(match_decisions.is_in_the_way(one, offer.match) for one in standing)


def _of_offer(offer: Offer) -> MatchLine:
    amounts = [line["amount_minor"] for line in offer.match.lines.values()]
    return MatchLine(
        key=offer.key,
        version=offer.version,
        verbs=OFFER_VERBS,
        status=offer.status,
        lines=offer.named,
        posted_on=offer.posted_on,
        project_id=offer.match.project_id,
        amount_minor=sum(int(str(amount)) for amount in amounts),
        currency=offer.match.currency,
        choice=f"{offer.choice} of {offer.choices}",
        entries=", ".join(offer.entries),
        evidence=offer.evidence,
    )


def _of_decision(decided: match_list.Decided, row: MatchDecision) -> MatchLine:
    return MatchLine(
        key=decision_key(row.decision_id),
        version=row.decision_id,
        verbs=PROPOSAL_VERBS if row.decision == "proposed" else DECISION_VERBS,
        status=row.decision,
        lines=decided.lines,
        posted_on=None,
        project_id=row.project_id,
        amount_minor=sum(int(line["amount_minor"]) for line in row.lines.values()),
        currency=row.currency,
        choice="",
        entries=", ".join(decided.entries),
        evidence=_evidence(decided, row),
        decision_id=row.decision_id,
        decided_by=decided.decided_by,
        decided_at=row.decided_at.replace(microsecond=0),
        state=decided.state,
    )


def _evidence(decided: match_list.Decided, row: MatchDecision) -> str:
    """Why it was decided, and what is let go of with it."""
    difference = row.difference_minor
    if not difference:
        return decided.note
    amount, more = Money(abs(difference), row.currency), "more" if difference > 0 else "less"
    return f"{decided.note}; the ERP bills {amount} {more} than the entries come to"


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value)  # type: ignore[attr-defined]  # a list
