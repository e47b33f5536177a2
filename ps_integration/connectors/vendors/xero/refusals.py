"""What Xero's error answers mean for a write.

A refusal is known by its form: a `ValidationException`, or with `summarizeErrors=false` an element
with the status ERROR; neither saved the element (vendor pages "Requests and responses", "HTTP
response codes"). Its reason has no code, only English words. They choose what must be done; words
that are not listed here are still a refusal. Every other answer settles nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import WriteAnswer
from ps_integration.domain.posting import Recovery, Scope

REASONS: Final[tuple[tuple[str, str, Recovery], ...]] = (
    ("must be unique", "number_taken", "outcome_unknown"),  # a first send may have taken it
    ("idempotency", "idempotency_key", "outcome_unknown"),  # the key stands for another request
    ("not of valid status", "status", "outcome_unknown"),  # someone else changed it meanwhile
    ("lock date", "lock_date", "fix_data"),
    ("not subscribed to currency", "currency", "fix_configuration"),
    ("line total", "line_total", "fix_data"),
    ("taxtype", "tax", "fix_data"),
    ("account code", "account", "fix_data"),
    ("account must", "account", "fix_data"),
    ("tracking", "tracking", "fix_data"),
    ("contact", "contact", "fix_data"),
    ("reached the limit", "plan_limit", "fix_configuration"),
)
"""Part of a message in lower case, our code for it, what must be done; the first match counts."""
SCOPES: Final[Mapping[str, Scope]] = {
    "currency": "project",
    "plan_limit": "company",  # so many invoices a month, or so large a subscription
    "401": "system",
    "403": "company",  # the connection does not reach this organisation
    "PostDataInvalidException": "document",
    "QueryParseException": "document",
}
"""Of our codes that ask to fix the configuration: what else cannot go out until then."""
CONFIGURATION: Final = frozenset({"PostDataInvalidException", "QueryParseException"})
"""Types of a 400 that say our request itself is malformed."""
REFUSED: Final = frozenset({401, 403})
_WORST_FIRST: Final[tuple[Recovery, ...]] = ("outcome_unknown", "fix_configuration", "fix_data")
_MESSAGE_MAX: Final = 500


def refusal(reply: Reply) -> WriteAnswer:
    """Read an error answer (4xx with JSON); another form is a doubt."""
    body = reply.json if isinstance(reply.json, dict) else {}
    kind, text = body.get("Type"), str(body.get("Message") or body.get("Detail") or "")
    if reply.status in REFUSED and isinstance(body.get("Title"), str):
        message = f"{body['Title']}: {text}"[:_MESSAGE_MAX]
        return _refused(str(reply.status), message, "fix_configuration")
    elements = body.get("Elements")
    if kind == "ValidationException" and isinstance(elements, list) and len(elements) == 1:
        return element_refusal(elements[0])
    if isinstance(kind, str) and kind in CONFIGURATION and "dempotency" not in text:
        return _refused(kind, text, "fix_configuration")
    return doubt(f"{reply.message} with an error that is not documented: {text}", str(kind or ""))


def element_refusal(element: object) -> WriteAnswer:
    """Read the errors of one element; without a reason it is a doubt."""
    record = element if isinstance(element, dict) else {}
    lines = _list(record.get("LineItems"))
    told = _messages(record)
    blamed = tuple(number for number, line in enumerate(lines, 1) if _messages(line))
    told += [text for line in lines for text in _messages(line)]
    if not told:
        return doubt("an element is not saved, and no reason is given", "ERROR")
    reasons = [_reason(text) for text in told]
    code, recovery = min(reasons, key=lambda reason: _WORST_FIRST.index(reason[1]))
    message = "; ".join(dict.fromkeys(told))[:_MESSAGE_MAX]
    if recovery == "outcome_unknown":
        return doubt(message, code)
    return _refused(code, message, recovery, blamed)


def doubt(message: str, code: str = "") -> WriteAnswer:
    """Nobody knows whether it was done; it must be looked up before anything else."""
    return WriteAnswer("ambiguous", code=code, message=message, recovery="outcome_unknown")


def _refused(
    code: str, message: str, recovery: Recovery, bad_lines: tuple[int, ...] = ()
) -> WriteAnswer:
    return WriteAnswer(
        "refused",
        code=code,
        message=message,
        bad_lines=bad_lines,
        recovery=recovery,
        scope=SCOPES.get(code, "document"),
    )


def _reason(text: str) -> tuple[str, Recovery]:
    lowered = text.lower()
    for words, code, recovery in REASONS:
        if words in lowered:
            return code, recovery
    return "ValidationException", "fix_data"


def _messages(record: object) -> list[str]:
    errors = _list(record.get("ValidationErrors")) if isinstance(record, Mapping) else []
    return [
        str(error["Message"])
        for error in errors
        if isinstance(error, Mapping) and isinstance(error.get("Message"), str)
    ]


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []
