"""In which language and with which numbers and dates the reports are drawn."""

from typing import Annotated

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, Field

from ps_integration.settings.base import Strict


def _known_locale(name: str) -> str:
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(f"{name!r} is not a locale; write en, de, de_AT or the like") from error
    return name


class Reports(Strict):
    """How page, workbook and papers read. What a night keeps as its value is not changed by it."""

    locale: Annotated[str, AfterValidator(_known_locale)] = Field(
        default="en",
        description="language of the reports' own texts, and how numbers and dates read: de, de_AT",
    )
