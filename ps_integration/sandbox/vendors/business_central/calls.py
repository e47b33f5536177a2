"""One call of the API apart from HTTP, so that a batch can hold many: address, options, body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ps_integration.sandbox.codec import Document, loads
from ps_integration.sandbox.vendors.business_central.entities import CUSTOM, STANDARD, Entity
from ps_integration.sandbox.vendors.business_central.errors import (
    bad_request,
    no_such_record,
    no_such_route,
)

_ROOT = re.compile(
    r"/v2\.0/(?P<tenant>[^/]+)/(?P<environment>[^/]+)/api/"
    r"(?P<api>v2\.0|psIntegration/billing/v1\.0)/(?P<rest>.+)"
)
_SEGMENT = re.compile(r"(?P<name>[A-Za-z.$]+)(?:\((?P<key>[^()]*)\))?")
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: method, path below the mount, options, lower-case headers, body as sent."""

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Read the body.

        Raises:
            BusinessCentralError: 400, it is not JSON.
        """
        try:
            body: object = loads(self.body)
        except ValueError as error:
            raise bad_request("Invalid Request Body") from error
        return body


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; no body means no content."""

    status: int
    body: Document | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """What an address names.

    Attributes:
        company: Id of the company; empty for the companies themselves.
        segments: Entity sets below it with their keys, outermost first; the last may be an
            action, e.g. `Microsoft.NAV.post`.
        entities: The entity sets published at this address.
        root: Path of the company.
    """

    company: str
    segments: tuple[tuple[str, str], ...]
    entities: Mapping[str, Entity]
    root: str


def parse_path(path: str, *, custom_api: bool) -> Target:
    """Read an address below the mount.

    Raises:
        BusinessCentralError: 404, no such address; 400, a key is not a GUID.
    """
    root = _ROOT.fullmatch(path)
    if root is None or (root["api"] != "v2.0" and not custom_api):
        raise no_such_route(path.removeprefix("/").partition("/api/")[2] or path)
    segments = tuple(_segment(text) for text in root["rest"].split("/"))
    entities = STANDARD if root["api"] == "v2.0" else CUSTOM
    if segments[0][0] != "companies":
        raise no_such_route(segments[0][0])
    company = segments[0][1]
    prefix = path[: root.start("rest")]
    return Target(company, segments[1:], entities, f"{prefix}companies({company})")


def _segment(text: str) -> tuple[str, str]:
    match = _SEGMENT.fullmatch(text)
    if match is None:
        raise no_such_record()
    if match["key"] is not None and not _GUID.fullmatch(match["key"]):
        raise no_such_record()
    return match["name"], (match["key"] or "").lower()
