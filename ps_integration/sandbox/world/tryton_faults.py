"""What of the planted faults is otherwise in Tryton."""

from collections.abc import Mapping
from typing import Final

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
