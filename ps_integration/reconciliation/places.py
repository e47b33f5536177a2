"""Where the breaks of each rule stand between causes and consequences: declared once for each rule.

A break is about things: a system, a project, a document, an entry. What a rule explains of a thing
is at the root of what later rules say about the same thing.
"""

from dataclasses import dataclass
from typing import Final, Literal

By = Literal[
    "source", "stream", "project", "milestone", "twin", "pair", "unmapped", "entry", "vanished",
    "changed", "document", "number", "record", "named", "sibling",
]  # fmt: skip
"""In which respect two breaks are about the same thing.

`source`: what the root's stream becomes, and the other says is lacking. `stream`: the same stream.
`project`, `milestone`, `entry`: the root holds it. `twin`: the same project, by the same rule.
`pair`: the same two records. `unmapped`: the project that the root says nothing maps. `vanished`,
`changed`: the entry that is gone or withdrawn, or was edited after posting. `document`: the same
document of ours; `number`: the same of the ERP. `record`: the same record key. `named`: the right
side is the record key of the root; `sibling`: of a root of the same rule.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the breaks of a rule stand.

    Attributes:
        rule: The rule.
        explains: In which respects its breaks are at the root of others.
        follows: In which respects they follow from a break of a rule that stands before it.
        lacks: The canonical table of which they say that it has too little, and the word for it
            where they do not always say so: on the left where hours are less, else on the right.
        reference: Where they name a document of ours: a part of the record key, or a column.
        number_on: The side on which they name a document of the ERP.
    """

    rule: str
    explains: tuple[By, ...] = ()
    follows: tuple[By, ...] = ()
    lacks: tuple[str, str] = ("", "")
    reference: int | str = 0
    number_on: Literal["left", "right"] = "right"


_HELD: Final[tuple[By, ...]] = ("project", "entry")
_POSTED: Final[tuple[By, ...]] = ("document", "number")
PLACES: Final = (
    # a source that could not be read, or not as it should be
    Place("IN03", ("source", "named")),
    Place("IN02", ("source", "stream", "named"), ("named",)),
    Place("IN04", ("source", "stream", "named")),
    # master data, which holds projects
    Place("MD01", ("project", "pair", "named"), ("source",), ("projects", "")),
    Place("MD03", ("project", "named"), ("project",)),
    Place("MD04", ("project", "twin", "record", "named"), ("project", "twin")),
    Place("BL08", ("project", "named"), ("project",)),
    Place("MD02", ("unmapped",), ("pair", "project")),
    Place("MD05", (), ("record",)),
    Place("MD06", (), ("unmapped",)),
    # an entry that cannot be billed as it is
    Place("MD10", ("entry", "named"), _HELD),
    Place("MD08", ("entry", "named"), _HELD),
    Place("MD09", ("entry", "named"), _HELD),
    Place("TM11", ("entry", "named"), _HELD),
    Place("TM08", ("entry", "named"), _HELD),
    Place("TM10", ("entry", "named"), _HELD),
    Place(
        "IN07", ("source", "vanished", "milestone", "sibling", "named"),
        ("stream", "sibling", *_HELD),
    ),
    # an entry that is not what was posted, or not the same everywhere
    Place("TM06", ("changed",)),
    Place("TM07", ("vanished",), ("vanished", "source"), ("time_entries", "unknown")),
    Place("TM12", ("sibling",), ("source", "sibling"), ("time_entries", "")),
    Place("TM16", (), ("changed",)),
    # a document that is not sent, or not what was sent
    Place("IN01", ("document", "record", "project", "milestone", "entry", "named")),
    Place("IN06", ("document", "named")),
    Place("TM03", (*_POSTED, "record")),
    Place("TM04", _POSTED, ("record",)),
    Place("BL06", (*_POSTED, "named"), ("source", *_POSTED), ("erp_documents", "no such document")),
    Place("BL05", (*_POSTED, "named"), _POSTED),
    Place("BL04", ("number",), ("document",), number_on="left"),
    Place(
        "BL03", (), ("record", "number", "vanished", "source"), ("invoice_statuses", "nothing"),
        number_on="left",
    ),
    Place("TM02", ("named",), ("document",), reference="left_id"),
    # what is not billed because of all that
    Place("TM15", (), ("project",)),
    Place("TM01", ("named",), _HELD),
    Place("BL02", (), ("milestone", "document", "project"), reference="right_id"),
    Place("BL01", (), ("named", "project")),
)  # fmt: skip
"""From causes to consequences: of several roots a break hangs on the first."""
