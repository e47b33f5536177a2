"""Faults of a whole source, played on a night of their own after all others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ps_integration.sandbox.faults import Fault, add_fault, clear_faults
from ps_integration_tests.quality.vendors.stage import Stage


@dataclass(frozen=True)
class World:
    """One fault of a whole source.

    Attributes:
        name: What happens, in words.
        rule: The rule that names it.
        words: What its record key says, in this order.
        play: Makes it happen.
    """

    name: str
    rule: str
    words: tuple[str, ...]
    play: Callable[[Stage], None]

    def names(self, record_key: str) -> bool:
        """Whether a break of the rule speaks of it."""
        at = 0
        for word in self.words:
            at = record_key.find(word, at)
            if at < 0:
                return False
        return True


def _sales_renamed(stage: Stage) -> None:
    stage.rename_column("sales", "Won", "Closed won on")


def _leave_cut(stage: Stage) -> None:
    rows = stage.drops["leave"]
    for key in list(rows)[: len(rows) * 6 // 10]:
        del rows[key]


def _new_field(stage: Stage) -> None:
    for one in stage.state.documents("harvest", "clients"):
        stage.change("harvest", "clients", str(one["id"]), statement_key=f"{one['id']:032x}")


def _down(stage: Stage) -> None:
    add_fault(stage.state, Fault("status_503", "kantata", "GET", "*/workspace_resources*", None))


def _maintenance(stage: Stage) -> None:
    add_fault(stage.state, Fault("html_200", "harvest", "GET", "*/user_assignments*", None))


def _dropped(stage: Stage) -> None:
    fault = Fault("dropped_field", "harvest", "GET", "*/time_entries*", None, {"field": "billable"})
    add_fault(stage.state, fault)


WORLDS: Final = (
    (
        World("the sales export renames its column Won", "IN03", ("crm", "sales"), _sales_renamed),
        World("HR's leave export has 40 of 100 rows", "IN04", ("hr", "leave"), _leave_cut),
        World("Harvest sends a field with every client that nobody knows", "IN03",
            ("harvest", "clients", "statement_key"), _new_field),
        World("Kantata does not answer for the places on projects", "IN02",
            ("kantata", "workspace_resources"), _down),
        World("Harvest answers a list with a maintenance page", "IN02",
            ("harvest", "user_assignments"), _maintenance),
    ),
    (
        World("Harvest drops the field billable of time", "IN03",
            ("harvest", "time_entries", "billable"), _dropped),
    ),
)  # fmt: skip
"""Nights, and the faults that each has; they are taken back after it."""


def take_back(stage: Stage) -> None:
    """The far sides answer as before."""
    clear_faults(stage.state, None)
