"""Strict readers of a record's fields: exact values out, or a refusal that names everything."""

import re
import unicodedata
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, NoReturn, Self, TypeVar, cast

from ps_integration.connectors.raw import id_text, inside
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.days import day_in, day_written
from ps_integration.domain.money import exact_minor
from ps_integration.domain.records import FieldProblem, JsonObject, RecordRefusedError
from ps_integration.domain.text import match_key

_NUMBER: Final = re.compile(r"-?([0-9]{1,15}(\.[0-9]{1,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?")
_LARGEST: Final = Decimal(10) ** 15
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})"
)
_FIRST_DAY: Final = date(1970, 1, 2)
_LAST_DAY: Final = date(2200, 1, 1)
_INT64: Final = 2**63
PRICE_DECIMALS: Final = 6
QUANTITY_DECIMALS: Final = 5
"""Of prices and of an ERP line's quantity, as the canonical tables hold them."""
_SHOWN: Final = 200
_AT_SOURCE: Final = "correct it in the source system"
T = TypeVar("T")


def refuse(field: str, value: object, rule: str, remedy: str = _AT_SOURCE) -> NoReturn:
    """Refuse the record.

    Raises:
        RecordRefusedError: Always.
    """
    shown = "" if value is None else str(value)
    raise RecordRefusedError(FieldProblem(field, shown[:_SHOWN], rule, remedy))


_WIDE: Final = Context(prec=60)
_ONE: Final = Decimal(1)


class Fields:
    """The fields of one strictly parsed record, by dotted path (`user.id`).

    Every reader refuses a value of another type or form with a rule name; `opt_` readers give
    None where the value is null or missing.
    """

    def __new__(cls, values: JsonObject) -> Self:  # noqa: ARG004 - __init__ takes them
        """Make the readers that are asked for: these, or such as refuse nothing."""
        return cast("Self", object.__new__(READS_WITH.get() or cls))

    def __init__(self, values: JsonObject) -> None:
        """Wrap the record's object."""
        self._values = values

    def raw(self, path: str) -> object:
        """The value as parsed; None where missing."""
        return inside(self._values, path) if "." in path else self._values.get(path)

    def ident(self, path: str) -> str:
        """An id as text: a whole number or text, never blank."""
        value = self.raw(path)
        found = id_text(value)
        if found is None:
            refuse(path, value, "id_missing", "the record cannot be told from others")
        return self._clean(path, found)

    def opt_ident(self, path: str) -> str | None:
        """An id, or None when null, missing or empty."""
        return None if self.raw(path) in (None, "") else self.ident(path)

    def text(self, path: str) -> str:
        """Text that must be there and have a visible character."""
        found = self.opt_text(path)
        if found is None or not found.strip():
            refuse(path, found, "value_missing")
        return found

    def opt_text(self, path: str) -> str | None:
        """Text in Unicode NFC; control characters become U+FFFD."""
        value = self.raw(path)
        if value is None:
            return None
        if not isinstance(value, str):
            refuse(path, value, "text_type")
        return self._clean(path, value)

    def key(self, path: str, pattern: str = "") -> str | None:
        """The match key of a text; with a pattern, of its first group (None = no match)."""
        found = self.opt_text(path)
        if found is None:
            return None
        if pattern:
            matched = re.search(pattern, found)
            if matched is None:
                return None
            found = matched.group(1) if matched.re.groups else matched.group(0)
        return match_key(found)

    def flag(self, path: str) -> bool:
        """True or false, and nothing like it."""
        value = self.raw(path)
        if not isinstance(value, bool):
            refuse(path, value, "flag_type")
        return value

    def opt_flag(self, path: str) -> bool | None:
        """A flag, or None."""
        return None if self.raw(path) is None else self.flag(path)

    def choice(self, path: str, meanings: Mapping[str, T]) -> T:
        """The meaning of a status word; an unknown word is refused, never taken for another."""
        value = self.raw(path)
        if not isinstance(value, str) or value not in meanings:
            refuse(path, value, "status_unknown", f"known: {', '.join(sorted(meanings))}")
        return meanings[value]

    def number(self, path: str) -> Decimal:
        """A finite decimal, exactly: a JSON number or its text (`7`, `.5`, `1.5e3`)."""
        value = self.raw(path)
        if value is None:
            refuse(path, value, "value_missing")
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            refuse(path, value, "not_a_number")
        if not _NUMBER.fullmatch(str(value)):
            refuse(path, value, "not_a_number")
        found = Decimal(value)
        if abs(found) >= _LARGEST:
            refuse(path, value, "out_of_range", "a number has at most 15 digits before its point")
        return found

    def opt_number(self, path: str) -> Decimal | None:
        """A number, or None."""
        return None if self.raw(path) is None else self.number(path)

    def rounded(self, path: str, decimals: int) -> Decimal:
        """A number that is only shown or compared, never summed to money: half away from zero."""
        return self.number(path).quantize(_ONE.scaleb(-decimals), ROUND_HALF_UP, _WIDE)

    def opt_rounded(self, path: str, decimals: int) -> Decimal | None:
        """A rounded number, or None."""
        return None if self.raw(path) is None else self.rounded(path, decimals)

    def whole(self, path: str) -> int:
        """A whole number; one with a fraction is refused, never cut off."""
        found = self.number(path)
        if found != found.to_integral_value():
            refuse(path, found, "not_a_whole_number")
        return int(found)

    def seconds(self, path: str, unit_seconds: int = 3600) -> int:
        """A duration as whole seconds, half a second away from zero; by default from hours.

        A negative one takes back time that was entered before; rule TM11 holds it.
        """
        amount = self.number(path)
        exact = _WIDE.multiply(amount, Decimal(unit_seconds))
        return int(exact.quantize(_ONE, ROUND_HALF_UP, _WIDE))

    def price(self, path: str) -> Decimal:
        """A price per hour in major units, at most six decimals, not negative."""
        return self._price(path, self.number(path))

    def opt_price(self, path: str) -> Decimal | None:
        """A price, or None."""
        return None if self.raw(path) is None else self.price(path)

    def opt_price_from_minor(self, path: str, currency: str) -> Decimal | None:
        """A price per hour that comes in the currency's minor units (cents)."""
        if self.raw(path) is None:
            return None
        return self._price(path, self.number(path).scaleb(-MINOR_UNITS[currency]))

    def money(self, path: str, currency: str) -> int:
        """An amount in major units as minor units; decimals the currency lacks are refused."""
        amount = self.number(path)
        try:
            minor = exact_minor(amount, currency)
        except ValueError:
            refuse(path, amount, "minor_units", f"{currency} has {MINOR_UNITS[currency]} decimals")
        if not -_INT64 <= minor < _INT64:
            refuse(path, amount, "out_of_range")
        return minor

    def opt_money(self, path: str, currency: str) -> int | None:
        """An amount, or None."""
        return None if self.raw(path) is None else self.money(path, currency)

    def currency(self, path: str) -> str:
        """An ISO 4217 code in capitals; never guessed."""
        value = self.raw(path)
        if not isinstance(value, str) or value not in MINOR_UNITS:
            refuse(path, value, "currency_unknown", "an ISO 4217 code in capitals")
        return value

    def opt_currency(self, path: str) -> str | None:
        """A currency, or None when null, missing or empty."""
        return None if self.raw(path) in (None, "") else self.currency(path)

    def day(self, path: str, form: str = "%Y-%m-%d") -> date:
        """A calendar date in the declared form, and in no other."""
        value = self.raw(path)
        if not isinstance(value, str) or (form == "%Y-%m-%d" and not _ISO_DAY.fullmatch(value)):
            refuse(path, value, "date_invalid" if value is not None else "value_missing")
        try:
            if form == "%Y-%m-%d":
                found = date.fromisoformat(value)
            else:
                found = datetime.strptime(value, form).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            refuse(path, value, "date_invalid", f"a date in the form {form}")
        if not _FIRST_DAY <= found < _LAST_DAY:
            refuse(path, value, "date_implausible")
        return found

    def opt_day(self, path: str, form: str = "%Y-%m-%d") -> date | None:
        """A date, or None when null, missing or empty."""
        return None if self.raw(path) in (None, "") else self.day(path, form)

    def instant(self, path: str) -> datetime:
        """An instant with its zone, as UTC. An instant without a zone is refused."""
        value = self.raw(path)
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            refuse(path, value, "instant_invalid", "date, time and zone, as in RFC 3339")
        try:
            found = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            refuse(path, value, "instant_invalid")
        if not _FIRST_DAY <= day_in(found, UTC) < _LAST_DAY:
            refuse(path, value, "date_implausible")
        return found

    def day_written(self, path: str) -> date:
        """The calendar date of an instant as the source wrote it, in the offset it wrote.

        That is the vendor's own date of an event: no zone of ours can move it.
        """
        self.instant(path)
        return day_written(datetime.fromisoformat(str(self.raw(path))))

    def opt_instant(self, path: str) -> datetime | None:
        """An instant, or None when null, missing or empty."""
        return None if self.raw(path) in (None, "") else self.instant(path)

    def _price(self, path: str, amount: Decimal) -> Decimal:
        exponent = amount.normalize().as_tuple().exponent
        if not isinstance(exponent, int) or -exponent > PRICE_DECIMALS:
            refuse(path, amount, "out_of_range", "a price has at most six decimals")
        if amount < 0 or amount >= Decimal(10) ** 12:
            refuse(path, amount, "negative" if amount < 0 else "out_of_range")
        return amount

    @staticmethod
    def _clean(path: str, value: str) -> str:
        if value.isascii() and value.isprintable():
            return value
        if any("\ud800" <= char <= "\udfff" for char in value):
            refuse(path, value.encode("utf-8", "backslashreplace").decode(), "text_invalid")
        marked = "".join(
            "\ufffd" if unicodedata.category(char) == "Cc" and char not in "\t\n\r" else char
            for char in value
        )
        return unicodedata.normalize("NFC", marked)


READS_WITH: Final[ContextVar[type[Fields] | None]] = ContextVar("READS_WITH", default=None)
"""Other readers of a record's fields, where a record is only looked at (`connectors.glimpse`)."""


def strictly(record: Fields) -> Fields:
    """The same fields under readers that refuse."""
    found = object.__new__(Fields)
    Fields.__init__(found, record._values)  # noqa: SLF001 - of this module
    return found
