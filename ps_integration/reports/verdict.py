"""The verdict in one sentence with money, and the figures behind it."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from ps_integration.domain.money import Money
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.health import RuleLine
from ps_integration.reports.lines import (
    CompletenessLine,
    ExceptionLine,
    LedgerLine,
    RecordCountLine,
)
from ps_integration.reports.read import Figures
from ps_integration.reports.value import Figure, Verdict


def headline_figures(
    figures: Figures, exceptions: Sequence[ExceptionLine], exchange: Exchange
) -> tuple[Figure, ...]:
    """Approved, posted, waiting, held and deferred time and milestones; money at risk once."""
    roots = [line for line in exceptions if line.root_break_id is None]
    return (
        _all(figures, "approved", None, exchange),
        _all(figures, "posted", "posted", exchange),
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
    by_name = {figure.name: figure for figure in headline}

    def money(name: str) -> str:
        figure = by_name[name]
        sums = Money(figure.reporting_minor, reporting_currency)
        return f"at least {sums}" if figure.is_partial else str(sums)

    reasons = tuple(_reasons(figures, rules, held_rules))
    if reasons:
        more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        sentence = f"Posting is stopped: {reasons[0]}{more}."
        return Verdict(state="blocked", sentence=sentence, reasons=reasons)
    problems = list(_problems(figures, by_name, money))
    if problems:
        sentence = f"{', '.join(problems)}. Both equations hold."
        return Verdict(state="open breaks", sentence=sentence[0].upper() + sentence[1:], reasons=())
    sentence = (
        f"Every approved hour is accounted for: {money('approved')} approved, "
        f"{money('posted')} of it posted, nothing is held."
    )
    return Verdict(state="clear", sentence=sentence, reasons=())


def _problems(
    figures: Figures, by_name: dict[str, Figure], money: Callable[[str], str]
) -> Iterator[str]:
    if by_name["at_risk"].count:
        count = by_name["at_risk"].count
        yield f"{_count(count, 'open break')} put {money('at_risk')} at risk"
    if by_name["held"].count:
        yield f"{money('held')} of approved work is held"
    if by_name["deferred"].count:
        yield f"{money('deferred')} is deferred"
    records = len({(line.system, line.stream, line.record_id) for line in figures.quarantine})
    if records:
        yield f"{_count(records, 'record')} in quarantine"
    unread = sum(line.status == "failed" for line in figures.sources)
    if unread:
        yield f"{_count(unread, 'stream')} could not be read"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _reasons(
    figures: Figures, rules: Sequence[RuleLine], held_rules: Sequence[str]
) -> Iterator[str]:
    yield from _completeness(figures.completeness)
    yield from _records(figures.record_counts)
    yield from _links(figures.broken_links)
    yield from _ledger(figures.ledger)
    titles = {rule.code: rule.title for rule in rules}
    for code in held_rules:
        yield f"rule {code} ({titles.get(code, code)}) guards posting and could not run"


def _completeness(groups: Iterable[CompletenessLine]) -> Iterator[str]:
    for group in groups:
        if not group.holds:
            yield (
                f"approved time of {group.legal_entity} {group.currency} {group.period} is not "
                f"accounted for ({group.approved_count:,} entries approved, "
                f"{group.disposed_count:,} placed)"
            )


def _records(systems: Iterable[RecordCountLine]) -> Iterator[str]:
    for line in systems:
        if not line.holds:
            yield f"records of {line.system} do not add up to the {line.raw_records:,} received"


def _links(links: Sequence[str]) -> Iterator[str]:
    if links:
        yield links[0] + (f", and {len(links) - 1:,} more like it" if len(links) > 1 else "")


def _ledger(groups: Iterable[LedgerLine]) -> Iterator[str]:
    for group in groups:
        if not group.holds:
            yield (
                f"the ledger of {group.legal_entity} {group.currency} {group.period} does not tie"
            )
