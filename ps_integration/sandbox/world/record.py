"""One record of one system, as the sandbox keeps it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from ps_integration.sandbox.codec import Document

SETTING_UP = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When master data was entered that has no story of its own."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document with its place and its instants.

    Attributes:
        system: Name of the system.
        collection: Name of the sandbox's collection.
        id: Key in the collection.
        document: The vendor's own JSON.
        created_at: When it was entered.
        updated_at: When it was changed last.
    """

    system: str
    collection: str
    id: str
    document: Document
    created_at: datetime = SETTING_UP
    updated_at: datetime = SETTING_UP

    @property
    def key(self) -> tuple[str, str, str]:
        """Where it is."""
        return self.system, self.collection, self.id


def text_of(day: date | None) -> str | None:
    """A date as all vendors here write it."""
    return None if day is None else day.isoformat()
