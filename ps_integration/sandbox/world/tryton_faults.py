"""What of the planted faults is otherwise in Tryton."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from ps_integration.sandbox.world.tryton import COPIED

LEFT_OUT: Final[Mapping[str, str]] = {
    "Five hours instead of four on a posted line": "nobody can change a posted invoice",
    "Somebody raised the price of a posted line": "nobody can change a posted invoice",
    "An analyst's hour on IN-305 is 100 INR dearer": "there is no price by grade",
}
"""How faults of the manifest begin that cannot happen in Tryton, and why."""
ROUNDED: Final[Mapping[str, str]] = {
    "MD03 uk-207|bc": "393.83",
    "TM06 clockify_emea:65f0000000000000000dbbc1": "48.22",
    "IN07 harvest_us|time_entries|2600900035": "177.52",
    "TM07 harvest_us:2600900035": "177.52",
}
"""Money at risk of breaks whose amounts end in half a cent, which Tryton rounds to even."""

FIRST: Final[Mapping[str, date]] = {"BL01 in-304|INR|TM10|period_closed": date(2026, 4, 3)}
"""Breaks that are found earlier, because a fault that is left out hid them until then."""


def records_of(companies: Mapping[str, str], ids: Mapping[str, str]) -> dict[str, str]:
    """Records of breaks that have another name in Tryton, by rule.

    Args:
        companies: Legal entity to Tryton's company.
        ids: See `sandbox.world.tryton.ids`.
    """
    known = {name: ids.get(name, "") for name in ("copy", "film archive", "control review")}
    in_euro = f"project|uk-208|currency|tryton|{companies['UK']}/{known['film archive']}"
    return {
        "MD03": "uk-207|tryton",
        "MD04": in_euro,
        "MD05": in_euro,
        "BL03": f"kantata|project|21000016|{known['control review']}",
        "TM02": f"tryton|{companies['UK']}|{ids.get('by hand', '')}",
        "TM05": f"document|{COPIED}|{known['copy']}",
    }
