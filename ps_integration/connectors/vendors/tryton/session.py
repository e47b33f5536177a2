"""Signs in to a Tryton database: a session, got once and renewed when it has run out.

`common.db.login` gives user id and session; every call then carries `Authorization: Session`
base64(login:user id:session). A session that was not used for `session.timeout` (five minutes by
default) is refused with 401. Source: Tryton server documentation, topics "Remote Procedure Call"
and "Configuration".
"""

import base64
import threading
from collections.abc import Mapping
from typing import Final

import requests

from ps_integration.connectors.auth import Secret
from ps_integration.connectors.encoding import encoded
from ps_integration.connectors.parse import decode, strict_json
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

_TIMEOUT: Final = (10.0, 30.0)
_MAX_BODY: Final = 65_536
_TOO_MANY: Final = 429
_REFUSED: Final = frozenset({401, 403})
_HEADER: Final = "Authorization"


class SessionAuth:
    """A user's session in one database."""

    def __init__(self, rpc_url: str, user: str, password: Secret) -> None:
        """Nothing is called before the first request."""
        self._url = rpc_url
        self._user = user
        self._password = password
        self._lock = threading.Lock()
        self._session = ""

    def headers(self) -> Mapping[str, str]:
        """The session's header; signs in first where there is none yet."""
        with self._lock:
            if not self._session:
                self._login()
            return {_HEADER: self._session}

    def refresh(self, used: Mapping[str, str]) -> bool:
        """Sign in anew: a thread that comes second finds the session already new."""
        with self._lock:
            if used.get(_HEADER, self._session) == self._session:
                self._login()
            return True

    def secrets(self) -> tuple[str, ...]:
        """The password and the session."""
        session = self._session.partition(" ")[2]
        return tuple(text for text in (self._password.value, session) if text)

    def sources(self) -> str:
        """Where the password came from."""
        return self._password.source

    def _login(self) -> None:
        params = [self._user, {"password": self._password.value}]
        body = encoded({"id": 0, "method": "common.db.login", "params": params})
        try:
            with (
                requests.Session() as session,
                session.post(
                    self._url,
                    data=body,
                    headers={"Content-Type": "application/json"},
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                ) as answer,
            ):
                status = answer.status_code
                text = decode(answer.raw.read(_MAX_BODY, decode_content=True))
        except requests.RequestException:
            raise RetryLaterError("Tryton could not be reached to sign in") from None
        self._keep(status, text)

    def _keep(self, status: int, text: str) -> None:
        """404 is also what a server says whose database does not answer: ask again later."""
        if status in _REFUSED:
            raise FixConfigError(
                f"Tryton refuses user {self._user}: check options.user and the password in"
                f" {self._password.source}"
            )
        if status != requests.codes.ok:
            waits = " (too many attempts)" if status == _TOO_MANY else ""
            raise RetryLaterError(f"Tryton answered {status} to the sign-in{waits}")
        answer = strict_json(text)
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, list) or len(result) < 2:  # noqa: PLR2004 - user id and session
            raise BadAnswerError("Tryton's answer to the sign-in has no session")
        both = f"{self._user}:{result[0]}:{result[1]}".encode()
        self._session = f"Session {base64.b64encode(both).decode('ascii')}"
