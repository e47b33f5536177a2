"""What Tryton's answers mean for a write.

Every error is raised before the call's one transaction is committed, so that a documented class
says that nothing was done. `UserError` covers all that a person can put right, from a closed
period to a missing right; its text is never read. A class that is not in the table settles
nothing. Source: Tryton server documentation, topic "Exceptions".
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import WriteAnswer
from ps_integration.connectors.vendors.tryton.rpc import error_of, message_of
from ps_integration.domain.records import Json

WARNING: Final = "UserWarning"
PAST_PAYMENT: Final = ".invoice_payment_term"
"""How the name of the one warning ends that is acknowledged: a payment falls due in the past, as
it must where time is billed late."""
ANSWERS: Final[Mapping[str, WriteAnswer]] = {
    "UserError": WriteAnswer("refused", recovery="fix_data"),
    WARNING: WriteAnswer("refused", recovery="fix_data"),
    "ConcurrencyException": WriteAnswer("throttled", recovery="retry_later"),
    "LoginException": WriteAnswer("throttled", recovery="retry_later"),
    "RateLimitException": WriteAnswer("throttled", recovery="retry_later"),
    "MissingDependenciesException": WriteAnswer(
        "refused", recovery="fix_configuration", scope="system"
    ),
}


def settled(reply: Reply) -> WriteAnswer | None:
    """How a write ended; None when it has a result."""
    if reply.settled is not None:
        return reply.settled
    if isinstance(reply.json, dict) and "result" in reply.json:
        return None
    found = error_of(reply.json)
    known = None if found is None else ANSWERS.get(found[0])
    if found is None or known is None:
        said = reply.message if found is None else f"failed on its side: {found[0][:300]}"
        return doubt(f"{said}; nobody knows whether it was done")
    name, arguments = found
    code = warning_of(reply.json) if name == WARNING else name
    return replace(known, code=code, message=message_of(arguments))


def warning_of(json: Json) -> str:
    """Name of the warning that an answer raises; empty when it raises none."""
    found = error_of(json)
    if found is None or found[0] != WARNING or not found[1]:
        return ""
    return str(found[1][0])


def doubt(message: str) -> WriteAnswer:
    """Nobody knows whether it was done; it must be looked up before anything else."""
    return WriteAnswer("ambiguous", message=message, recovery="outcome_unknown")
