"""What all contracts share: strict columns, no coercion, a known version."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import Text, identifier


class Contract(pa.DataFrameModel):
    """A canonical object as every connector must hand it over."""

    class Config:
        """An unknown column or another type is an error, never a hint."""

        strict = True
        coerce = False


class Identified(Contract):
    """An object that has an id in its own system."""

    external_id: Series[Text] = identifier()


@dataclass(frozen=True, slots=True)
class Versioned:
    """A contract with its version.

    Attributes:
        model: The Pandera model.
        version: Raised with every change of the model.
        fields: The field a check over several columns is reported under, by check name.
    """

    model: type[Contract]
    version: str
    fields: Mapping[str, str] = field(default_factory=dict)
