"""Money in the firm's reporting currency, by the rates the report names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.reports.value import CurrencySum, Figure, FxQuote


@dataclass(frozen=True, slots=True)
class Exchange:
    """Converts minor units into the reporting currency, rounded half up."""

    reporting_currency: str
    quotes: Mapping[str, FxQuote]

    def minor(self, minor: int | None, currency: str | None) -> int | None:
        """The amount in the reporting currency; None without an amount or a rate."""
        if minor is None or currency is None or currency not in MINOR_UNITS:
            return None
        if currency == self.reporting_currency:
            return minor
        quote = self.quotes.get(currency)
        if quote is None:
            return None
        shift = MINOR_UNITS[self.reporting_currency] - MINOR_UNITS[currency]
        with localcontext() as context:
            context.prec = 60
            exact = (Decimal(minor) * quote.rate).scaleb(shift)
            return int(exact.quantize(Decimal(1), ROUND_HALF_UP))

    def figure(
        self, name: str, count: int, amounts: Iterable[tuple[str | None, int | None]]
    ) -> Figure:
        """Add amounts up per currency and in the reporting currency."""
        sums: dict[str, int] = {}
        for currency, minor in amounts:
            if currency is not None and minor:
                sums[currency] = sums.get(currency, 0) + minor
        converted = {currency: self.minor(minor, currency) for currency, minor in sums.items()}
        return Figure(
            name=name,
            count=count,
            by_currency=tuple(CurrencySum(currency=c, minor=sums[c]) for c in sorted(sums)),
            reporting_minor=sum(minor for minor in converted.values() if minor is not None),
            is_partial=None in converted.values(),
        )
