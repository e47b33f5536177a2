"""Conditions on the cells of a row: which rows are records at all, and which source a value has."""

import re
from collections.abc import Mapping
from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from ps_integration.connectors.setup import Options
from ps_integration.domain.records import FieldProblem

_ERRORS: Final = re.compile(
    r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|FIELD!|BLOCKED!|CONNECT!"
    r"|BUSY!|UNKNOWN!|ERROR!"  # and as German, French, Spanish, Italian and Dutch sheets say it:
    r"|NV|BEZUG!|WERT!|ZAHL!|VALEUR!|NOM\?|NOMBRE!|NUL!|¡REF!|¡VALOR!|¿NOMBRE\?|¡DIV/0!|¡NUM!"
    r"|¡NULO!|RIF!|VALORE!|NOME\?|VERW!|WAARDE!|NAAM\?|DEEL/0!|GETAL!|N/B|LEEG!|ÜBERLAUF!|PROPAGATION!"
    r"|#{2,})|Err:[0-9]{3}"
)


def is_error(cell: str) -> bool:
    """Whether a cell holds an error of a spreadsheet (`#N/A`): what it should say is unknown."""
    return bool(_ERRORS.fullmatch(cell.strip()))


class Condition(Options):
    """What one cell says; blanks around it do not count."""

    column: str = Field(min_length=1)
    one_of: tuple[str, ...] | None = Field(default=None, description="the cell is one of these")
    none_of: tuple[str, ...] | None = Field(default=None, description="the cell is none of these")
    matches: str = Field(default="", description="the whole cell has this form")
    empty: bool | None = Field(default=None, description="the cell is empty, or is not")

    @field_validator("matches")
    @classmethod
    def _is_a_pattern(cls, told: str) -> str:
        try:
            re.compile(told)
        except re.error as error:
            raise ValueError(f"{told!r} is no pattern: {error}") from None
        return told

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        told = (self.one_of is not None, self.none_of is not None, bool(self.matches))
        if [*told, self.empty is not None].count(True) != 1:
            raise ValueError("a condition says exactly one of one_of, none_of, matches and empty")
        return self

    def holds(self, cells: Mapping[str, object]) -> bool:
        """Whether it is so in a row; a column that the row lacks counts as empty."""
        told = str(cells.get(self.column) or "").strip()
        if self.one_of is not None:
            return told in self.one_of
        if self.none_of is not None:
            return told not in self.none_of
        if self.matches:
            return re.fullmatch(self.matches, told) is not None
        return bool(told) is not self.empty


def error_in(conditions: tuple[Condition, ...], cells: Mapping[str, object]) -> FieldProblem | None:
    """The first cell asked for that holds an error of a spreadsheet: what it says is unknown.

    A row is neither left out nor read one way or the other because of such a cell.
    """
    for one in conditions:
        told = str(cells.get(one.column) or "").strip()
        if is_error(told):
            return FieldProblem(one.column, told, "error_cell", "mend the formula")
    return None


def all_hold(conditions: tuple[Condition, ...], cells: Mapping[str, object]) -> bool:
    """Whether every condition is so in a row."""
    return all(one.holds(cells) for one in conditions)


class Skip(Options):
    """Lines that are not of the table: a title above it, a signature below it."""

    before: int = Field(default=0, ge=0, le=1000, description="lines before the header")
    after: int = Field(default=0, ge=0, le=1000, description="lines that are not empty, at the end")
