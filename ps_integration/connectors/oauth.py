"""OAuth2 client credentials (RFC 6749, 4.4): one token, fetched and renewed under a lock."""

import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

import requests

from ps_integration.connectors.auth import Secret
from ps_integration.connectors.parse import decode, strict_json
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

_TIMEOUT: Final = (10.0, 30.0)
_EARLY_SECONDS: Final = 60.0
_DEFAULT_LIFE_SECONDS: Final = 3000.0
_MAX_BODY: Final = 65_536
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class ClientCredentials:
    """Bearer token of an application. Renewed a minute early, or once after a 401."""

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: Secret,
        scope: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is fetched before the first call.

        Args:
            token_url: The authority's token endpoint; https unless it is this machine.
            client_id: The application's id.
            client_secret: Its secret.
            scope: What is asked for.
            clock: Seconds that only go forward.
        """
        self._url = token_url
        self._form = {"grant_type": "client_credentials", "client_id": client_id}
        if scope:
            self._form["scope"] = scope
        self._secret = client_secret
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    def headers(self) -> Mapping[str, str]:
        """The bearer header, with a fresh token when the last one is about to end."""
        with self._lock:
            if not self._token or self._clock() >= self._good_until:
                self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    def refresh(self, used: Mapping[str, str]) -> bool:
        """Renew once: a thread that comes second finds the token already renewed."""
        with self._lock:
            if used.get("Authorization") == f"Bearer {self._token}":
                self._fetch()
            return True

    def secrets(self) -> tuple[str, ...]:
        """The client's secret and the token."""
        return tuple(text for text in (self._secret.value, self._token) if text)

    def sources(self) -> str:
        """Where the secret came from."""
        return self._secret.source

    def _fetch(self) -> None:
        form = {**self._form, "client_secret": self._secret.value}
        try:
            with (
                requests.Session() as session,
                session.post(
                    self._url, data=form, timeout=_TIMEOUT, allow_redirects=False, stream=True
                ) as answer,
            ):
                status = answer.status_code
                body = answer.raw.read(_MAX_BODY, decode_content=True)
        except requests.RequestException:
            raise RetryLaterError("the token endpoint could not be reached") from None
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            raise RetryLaterError(f"the token endpoint answered {status}")
        if status != requests.codes.ok:
            raise FixConfigError(
                f"the token endpoint answered {status}; check the client id and the secret in"
                f" {self._secret.source}"
            )
        self._keep(body)

    def _keep(self, body: bytes) -> None:
        answer = strict_json(decode(body))
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(token, str) or not token:
            raise BadAnswerError("the token endpoint's answer has no access_token")
        life = answer.get("expires_in")
        seconds = float(life) if isinstance(life, int | Decimal | str) else _DEFAULT_LIFE_SECONDS
        self._token = token
        self._good_until = self._clock() + max(seconds - _EARLY_SECONDS, seconds / 2)
