"""What Business Central's error answers mean for a write.

Codes: vendor page "Troubleshooting OData/API calls" (error codes); a code that is in no table here
settles nothing. Texts are in the caller's language and are never read.
"""

from collections.abc import Mapping
from typing import Final

from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import WriteAnswer
from ps_integration.domain.posting import Recovery, Scope

CODES: Final[Mapping[str, Recovery]] = {
    "Application_DialogException": "fix_data",  # the books say no: period, blocked customer
    "Application_FieldValidationException": "fix_data",
    "Application_StringExceededLength": "fix_data",
    "Application_FilterErrorException": "fix_data",
    "Application_InvalidGUID": "fix_data",
    "Internal_InvalidTableRelation": "fix_data",  # an account, tax code or dimension is not there
    "Internal_RecordNotFound": "fix_data",
    "Internal_DataNotFoundFilter": "fix_data",  # e.g. no exchange rate for the posting date
    "Internal_EntityWithSameKeyExists": "outcome_unknown",  # a first send may have done it
    "Request_EntityChanged": "retry_later",  # someone changed the record since we read it
    "BadRequest": "fix_configuration",
    "BadRequest_NotFound": "fix_configuration",  # company or record address
    "BadRequest_ResourceNotFound": "fix_configuration",  # not published in this environment
    "BadRequest_InvalidOperation": "fix_configuration",
    "BadRequest_InvalidRequestUrl": "fix_configuration",
    "BadRequest_InvalidToken": "fix_configuration",
    "BadRequest_MethodNotAllowed": "fix_configuration",
    "BadRequest_MethodNotImplemented": "fix_configuration",
    "BadRequest_RequiredParamNotProvided": "fix_configuration",
    "Authentication_InvalidCredentials": "fix_configuration",
    "Authentication_NonUniqueUser": "fix_configuration",
    "Authentication_UserDisabled": "fix_configuration",
    "Authorization_RequestDenied": "fix_configuration",
    "Internal_CompanyNotFound": "fix_configuration",
    "Internal_TenantNotFound": "fix_configuration",
    "Internal_TenantUnavailable": "retry_later",
}
SCOPES: Final[Mapping[str, Scope]] = {
    "BadRequest": "document",
    "BadRequest_NotFound": "company",
    "BadRequest_ResourceNotFound": "company",
    "BadRequest_InvalidOperation": "system",
    "BadRequest_InvalidRequestUrl": "system",
    "BadRequest_InvalidToken": "system",
    "BadRequest_MethodNotAllowed": "system",
    "BadRequest_MethodNotImplemented": "system",
    "BadRequest_RequiredParamNotProvided": "document",
    "Authentication_InvalidCredentials": "system",
    "Authentication_NonUniqueUser": "system",
    "Authentication_UserDisabled": "system",
    "Authorization_RequestDenied": "company",
    "Internal_CompanyNotFound": "company",
    "Internal_TenantNotFound": "system",
}
"""Of codes that ask to fix the configuration: what else cannot go out until then."""
_MESSAGE_MAX: Final = 500


def refusal(reply: Reply) -> WriteAnswer:
    """Read an error answer (4xx with JSON); another shape or code is a doubt."""
    error = reply.json.get("error") if isinstance(reply.json, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    text = error.get("message") if isinstance(error, dict) else None
    if not isinstance(code, str) or not isinstance(text, str) or code not in CODES:
        return doubt(f"{reply.message} with an error that is not documented", str(code or ""))
    recovery = CODES[code]
    message = " ".join(text.partition("CorrelationId")[0].split())[:_MESSAGE_MAX]
    if recovery == "outcome_unknown":
        return doubt(message, code)
    scope = SCOPES.get(code, "document")
    return WriteAnswer("refused", code=code, message=message, recovery=recovery, scope=scope)


def doubt(message: str, code: str = "") -> WriteAnswer:
    """Nobody knows whether it was done; it must be looked up before anything else."""
    return WriteAnswer("ambiguous", code=code, message=message, recovery="outcome_unknown")
