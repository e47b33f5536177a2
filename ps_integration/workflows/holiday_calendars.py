"""Public holidays of the places where the firm's people work."""

from datetime import date
from typing import Final

import holidays

from ps_integration.domain.ports import Row
from ps_integration.errors import FixConfigError
from ps_integration.settings.firm import Firm

YEARS_BACK: Final = 2


def public_holidays(firm: Firm, as_of_date: date) -> list[Row]:
    """Every holiday of each legal entity's calendar, from two years back to the next year's end.

    A calendar is a country code, or a country and its part: `GB`, `GB-SCT`, `US-CA`.

    Raises:
        FixConfigError: There is no such calendar.
    """
    years = range(as_of_date.year - YEARS_BACK, as_of_date.year + 2)
    rows: list[Row] = []
    for entity in firm.legal_entities:
        if not entity.holiday_calendar:
            continue
        country, _, part = entity.holiday_calendar.partition("-")
        try:
            found = holidays.country_holidays(country, subdiv=part or None, years=years)
        except NotImplementedError as error:
            raise FixConfigError(
                f"legal_entities.{entity.id}.holiday_calendar {entity.holiday_calendar!r}: {error}"
            ) from error
        rows += [
            {"legal_entity": entity.id, "day": day, "name": name}
            for day, name in sorted(found.items())
        ]
    return rows
