"""One request in pieces, so that it can be carried out at once or by a job later."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ps_integration.sandbox.codec import Document, loads
from ps_integration.sandbox.vendors.netsuite.errors import invalid_content

BASE = "/services/rest/record/v1"
ASYNC = "/services/rest/async/v1/job"


@dataclass(frozen=True, slots=True)
class Call:
    """What a request for a record says; header names in lower case."""

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    content: str
    base: str

    def body(self) -> Document:
        """The JSON object sent.

        Raises:
            RefusedError: It is none.
        """
        try:
            told = loads(self.content)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise invalid_content("Invalid request body: it must be a JSON object.")
        return told


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body (None = none) and headers."""

    status: int
    body: Document | None
    headers: Mapping[str, str] = field(default_factory=dict)
