"""How a vendor's object tells which object of other systems it is: the match key."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from ps_integration.connectors.fields import Fields
from ps_integration.connectors.setup import Options


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


class KeyRule(Options):
    """Which field carries the key, and which part of it: the pattern's first group."""

    field: str
    pattern: Annotated[str, AfterValidator(_compiles)] = Field(default="", max_length=200)

    def read(self, fields: Fields) -> str | None:
        """The normalised key; None when the field is empty or the pattern does not match."""
        return fields.key(self.field, self.pattern)
