"""The verdict in one sentence with money, and the figures behind it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol

from ps_integration.domain.money import Money, hours
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.health import QuarantineLine, RuleLine, SourceLine
from ps_integration.reports.lines import (
    CompletenessLine,
    DispositionLine,
    ExceptionLine,
    LedgerLine,
    RecordCountLine,
)
from ps_integration.reports.parts import FailedPart
from ps_integration.reports.read import Figures
from ps_integration.reports.texts import Clauses, Said, say, say_n
from ps_integration.reports.value import Figure, Verdict, VerdictState

_NAMES: Final = ("approved", "posted", "owed", "held", "deferred", "at_risk")
MORE_LINKS: Final = say("{first}, and {n} more like it")


class Judged(Protocol):
    """What the sentence needs of the night's tables."""

    @property
    def dispositions(self) -> Sequence[DispositionLine]:
        """What became of approved work, by reason."""

    @property
    def quarantine(self) -> Sequence[QuarantineLine]:
        """Records that broke their contract."""

    @property
    def sources(self) -> Sequence[SourceLine]:
        """How whole each stream was read."""

    @property
    def failed_parts(self) -> Sequence[FailedPart]:
        """What could not be made and is missing."""


def headline_figures(
    figures: Figures, exceptions: Sequence[ExceptionLine], exchange: Exchange
) -> tuple[Figure, ...]:
    """Approved, posted, owed, waiting, held and deferred work; money at risk once.

    Posted is the money of confirmed documents, as the ERP has it. All else is at today's rates, and
    what is owed as corrections is the difference.
    """
    roots = [line for line in exceptions if line.root_break_id is None]
    return (
        _all(figures, "approved", None, exchange),
        exchange.figure(
            "posted",
            sum(line.count for line in figures.dispositions if line.disposition == "posted"),
            ((line.currency, line.confirmed_minor) for line in figures.ledger),
        ),
        exchange.figure(
            "owed",
            len(figures.corrections),
            ((line.currency, line.owed_minor) for line in figures.corrections),
        ),
        _all(figures, "waiting", "queued", exchange),
        _all(figures, "held", "excepted", exchange),
        _all(figures, "deferred", "deferred", exchange),
        exchange.figure(
            "at_risk", len(exceptions), ((line.currency, line.at_risk_minor) for line in roots)
        ),
    )


def _all(figures: Figures, name: str, disposition: str | None, exchange: Exchange) -> Figure:
    chosen = [line for line in figures.dispositions if disposition in (None, line.disposition)]
    return exchange.figure(
        name, sum(line.count for line in chosen), ((line.currency, line.minor) for line in chosen)
    )


def verdict(
    figures: Figures,
    headline: Sequence[Figure],
    rules: Sequence[RuleLine],
    held_rules: Sequence[str],
    reporting_currency: str,
) -> Verdict:
    """Judge the night: equations first, then what is held.

    Args:
        figures: The tables of the night.
        headline: `headline_figures`.
        rules: How the rules ran.
        held_rules: Codes of blocking rules that could not look at what they guard.
        reporting_currency: Currency of the sums in the sentence.
    """
    reasons = tuple(_reasons(figures, rules, held_rules))
    state, said = told(figures, headline, reasons, reporting_currency)
    return Verdict(state=state, sentence=str(said), reasons=tuple(map(str, reasons)))


def told(
    night: Judged, headline: Sequence[Figure], reasons: Sequence[str], reporting_currency: str
) -> tuple[VerdictState, Said]:
    """The state and the sentence, of tables that were just read or of a report that was kept."""
    by_name = {name: _none(name) for name in _NAMES} | {one.name: one for one in headline}

    def sum_of(name: str) -> object:
        figure = by_name[name]
        sums = Money(figure.reporting_minor, reporting_currency)
        return say("at least {money}", money=sums) if figure.is_partial else sums

    if reasons:
        first, more = reasons[0], len(reasons) - 1
        if more:
            said = say("Posting is stopped: {reason}, and {n} more.", reason=first, n=more)
        else:
            said = say("Posting is stopped: {reason}.", reason=first)
        return "blocked", said
    problems = tuple(_problems(night, by_name, sum_of))
    if problems:
        said = say("{problems}. Both equations hold.", problems=Clauses(problems))
        return "open breaks", said
    sums = {name: sum_of(name) for name in ("approved", "posted", "owed")}
    if by_name["owed"].count:
        said = say(
            "Every approved hour is accounted for: {approved} approved, {posted} posted, {owed} "
            "owed as corrections, nothing is held.",
            **sums,
        )
        return "clear", said
    said = say(
        "Every approved hour is accounted for: {approved} approved, {posted} of it posted, "
        "nothing is held.",
        approved=sums["approved"],
        posted=sums["posted"],
    )
    return "clear", said


def _none(name: str) -> Figure:
    return Figure(name=name, count=0, by_currency=(), reporting_minor=0, is_partial=False)


def _without_price(night: Judged) -> Iterator[Said]:
    """What is held and in no amount, for nothing says what an hour of it costs."""
    held = (line for line in night.dispositions if line.disposition == "excepted")
    if unpriced := sum(line.unpriced_count for line in held):
        yield say_n(
            "{n} held entry has no price and is in no amount",
            "{n} held entries have no price and are in no amount",
            unpriced,
        )


def _problems(
    night: Judged, by_name: dict[str, Figure], sum_of: Callable[[str], object]
) -> Iterator[Said]:
    if by_name["at_risk"].count:
        yield say_n(
            "{n} open break put {money} at risk",
            "{n} open breaks put {money} at risk",
            by_name["at_risk"].count,
            money=sum_of("at_risk"),
        )
    if by_name["held"].count:
        yield say("{money} of approved work is held", money=sum_of("held"))
    yield from _without_price(night)
    if by_name["deferred"].count:
        yield say("{money} is deferred", money=sum_of("deferred"))
    yield from _of_quarantine(night.quarantine)
    unread = sum(line.status == "failed" for line in night.sources)
    if unread:
        yield say_n("{n} stream could not be read", "{n} streams could not be read", unread)
    shrunk = sum(line.status == "not_whole" for line in night.sources)
    if shrunk:
        yield say_n("{n} stream is not whole", "{n} streams are not whole", shrunk)
    if missing := len(night.failed_parts):
        yield say_n(
            "{n} part of the night failed and is missing",
            "{n} parts of the night failed and are missing",
            missing,
        )


def _of_quarantine(lines: Sequence[QuarantineLine]) -> Iterator[Said]:
    """Records that wait, and the approved hours and money that they tell; none set aside."""
    records = {line.record: line for line in lines if line.set_aside_by is None}
    if records:
        yield say_n("{n} record in quarantine", "{n} records in quarantine", len(records))
    approved = [line for line in records.values() if line.is_approved]
    if seconds := sum(line.seconds or 0 for line in approved):
        yield say("{hours} approved hours are in quarantine", hours=hours(seconds, 2))
    amounts: dict[str, int] = {}
    for line in approved:
        if line.amount_minor and line.currency:
            amounts[line.currency] = amounts.get(line.currency, 0) + line.amount_minor
    for currency, minor in sorted(amounts.items()):
        yield say("{money} of approved work is in quarantine", money=Money(minor, currency))


def _reasons(
    figures: Figures, rules: Sequence[RuleLine], held_rules: Sequence[str]
) -> Iterator[str]:
    yield from of_equations(figures.completeness, figures.record_counts)
    yield from _links(figures.broken_links)
    yield from of_ledger(figures.ledger)
    titles = {rule.code: rule.title for rule in rules}
    for code in held_rules:
        yield of_rule(code, titles.get(code, code))


def of_equations(
    groups: Iterable[CompletenessLine], systems: Iterable[RecordCountLine]
) -> Iterator[Said]:
    """What of approved time and of the records received does not add up."""
    for group in groups:
        if not group.holds:
            yield say(
                "approved time of {group} is not accounted for ({approved} entries approved, "
                "{placed} placed)",
                group=f"{group.legal_entity} {group.currency} {group.period}",
                approved=group.approved_count,
                placed=group.disposed_count,
            )
    for line in systems:
        if not line.holds:
            yield say(
                "records of {system} do not add up to the {n} received",
                system=line.system,
                n=line.raw_records,
            )


def _links(links: Sequence[str]) -> Iterator[str]:
    if len(links) > 1:
        yield say(MORE_LINKS.one, first=links[0], n=len(links) - 1)
    else:
        yield from links


def of_ledger(groups: Iterable[LedgerLine]) -> Iterator[Said]:
    """Which groups of the ledger do not tie."""
    for group in groups:
        if not group.holds:
            where = f"{group.legal_entity} {group.currency} {group.period}"
            yield say("the ledger of {group} does not tie", group=where)


def of_rule(code: str, title: str) -> Said:
    """A rule that guards posting did not look."""
    return say("rule {code} ({title}) guards posting and could not run", code=code, title=title)
