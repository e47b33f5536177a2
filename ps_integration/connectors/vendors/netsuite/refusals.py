"""What NetSuite's error answers mean for a write.

Shape and codes: vendor page "Error Handling in REST Web Services" (`o:errorDetails` with
`o:errorCode` and, for the body, `o:errorPath`), and codes of "Error Status Codes". What the books
say no to, a closed period among it, comes as USER_ERROR with a text in the caller's language, which
is never read. USER_ERROR also answers a record that is there already, so the writer looks whether
the document exists before such a refusal counts. A code that is in no table here settles nothing.
"""

import re
from collections.abc import Mapping
from typing import Final

from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import ErpDocument, WriteAnswer
from ps_integration.domain.posting import Recovery, Scope
from ps_integration.domain.records import Json

CODES: Final[Mapping[str, Recovery]] = {
    "USER_ERROR": "fix_data",
    "INVALID_CONTENT": "fix_data",
    "INVALID_FLD_VALUE": "fix_data",
    "INVALID_KEY_OR_REF": "fix_data",
    "NONEXISTENT_ID": "fix_data",
    "RCRD_DSNT_EXIST": "fix_data",
    "RCRD_HAS_BEEN_CHANGED": "retry_later",
    "DUP_RCRD": "outcome_unknown",  # a first send may have made it
    "IDEMPOTENCY_ERROR": "outcome_unknown",
    "FEATURE_DISABLED": "fix_configuration",
    "INSUFFICIENT_PERMISSION": "fix_configuration",
    "INVALID_HEADER": "fix_configuration",
    "INVALID_LOGIN": "fix_configuration",
    "INVALID_LOGIN_ATTEMPT": "fix_configuration",
    "INVALID_PARAMETER": "fix_configuration",
}
SCOPES: Final[Mapping[str, Scope]] = {
    "FEATURE_DISABLED": "document",  # it names a field that only some documents have
    "INSUFFICIENT_PERMISSION": "system",
    "INVALID_HEADER": "system",
    "INVALID_LOGIN": "system",
    "INVALID_LOGIN_ATTEMPT": "system",
    "INVALID_PARAMETER": "document",
}
"""Of codes that ask to fix the configuration: what else cannot go out until then."""
_BLAMED: Final = re.compile(r"item\.items\[([0-9]{1,6})\]")
_MESSAGE_MAX: Final = 500


def refusal(reply: Reply, document: ErpDocument | None = None) -> WriteAnswer:
    """Read an error answer (4xx with JSON); another shape or code is a doubt."""
    details = details_of(reply.json)
    codes = [str(one.get("o:errorCode", "")) for one in details]
    if not codes or any(code not in CODES for code in codes):
        said = f"{reply.message} with an error that is not documented"
        return doubt(said, next((code for code in codes if code not in CODES), ""))
    message = " ".join("; ".join(str(one.get("detail", "")) for one in details).split())
    recoveries = [CODES[code] for code in codes]
    if "outcome_unknown" in recoveries:
        return doubt(message[:_MESSAGE_MAX], codes[0])
    return WriteAnswer(
        "refused",
        code=codes[0],
        message=message[:_MESSAGE_MAX],
        bad_lines=_bad_lines(details, document),
        recovery=recoveries[0],
        scope=SCOPES.get(codes[0], "document"),
    )


def details_of(json: Json) -> list[dict[str, object]]:
    """The error details of an answer; empty when it has none."""
    told = json.get("o:errorDetails") if isinstance(json, dict) else None
    if not isinstance(told, list):
        return []
    return [one for one in told if isinstance(one, dict)]


def doubt(message: str, code: str = "") -> WriteAnswer:
    """Nobody knows whether it was done; it must be looked up before anything else."""
    return WriteAnswer("ambiguous", code=code, message=message, recovery="outcome_unknown")


def _bad_lines(details: list[dict[str, object]], document: ErpDocument | None) -> tuple[int, ...]:
    """Our line numbers of the lines that NetSuite blames by their place in the body."""
    if document is None:
        return ()
    places = [_BLAMED.match(str(one.get("o:errorPath", ""))) for one in details]
    indexes = [int(place.group(1)) for place in places if place is not None]
    return tuple(document.lines[at].line_no for at in indexes if at < len(document.lines))
