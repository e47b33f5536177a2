"""A plain JSON-RPC client of Tryton for filling books and for looking at them from outside."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ps_integration.errors import PsIntegrationError

TIMEOUT_SECONDS: Final = 60.0
Values = Mapping[str, Any]


class TrytonSaidNoError(PsIntegrationError):
    """Tryton answered with an error; `args[0]` is what it said."""


def encode(value: object) -> object:
    """How Tryton writes what JSON has no type for.

    Raises:
        TypeError: The value has no such form.
    """
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    raise TypeError(f"{type(value).__name__} cannot be sent to Tryton")


class Rpc:
    """One signed-in session; every call is one transaction there."""

    def __init__(self, url: str, database: str, password: str, user: str = "admin") -> None:
        """Sign in.

        Raises:
            OSError: No server answers, or it refuses the password.
        """
        self._url = f"{url}/{database}/rpc/"
        self._login = user, password
        self._headers = {"Content-Type": "application/json"}
        self.context: dict[str, object] = {}
        self.user = self._sign_in()

    def call(self, name: str, *params: object) -> Any:  # noqa: ANN401 - whatever the method gives
        """Call any method; the context goes last, as Tryton wants it."""
        try:
            return self._ask(name, [*params, self.context])
        except HTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED:
                raise
        self._sign_in()  # a session ends when it is not used for five minutes
        return self._ask(name, [*params, self.context])

    def model(self, model: str, method: str, *params: object) -> Any:  # noqa: ANN401 - as above
        """Call a method of a model."""
        return self.call(f"model.{model}.{method}", *params)

    def create(self, model: str, *records: Values) -> list[int]:
        """Create records in one transaction; their ids."""
        found: list[int] = self.model(model, "create", list(records))
        return found

    def one(self, model: str, domain: Sequence[object]) -> int:
        """Id of the first record that a domain finds.

        Raises:
            TrytonSaidNoError: There is none.
        """
        found = self.model(model, "search", list(domain), 0, 1, [["id", "ASC"]])
        if not found:
            raise TrytonSaidNoError(f"no {model} is {domain}")
        return int(found[0])

    def read(self, model: str, domain: Sequence[object], *fields: str) -> list[dict[str, Any]]:
        """Records that a domain finds, oldest first."""
        found: list[dict[str, Any]] = self.model(
            model, "search_read", list(domain), 0, None, [["id", "ASC"]], list(fields)
        )
        return found

    def _sign_in(self) -> int:
        user, password = self._login
        number, token, *_ = self._ask("common.db.login", [user, {"password": password}])
        session = base64.b64encode(f"{user}:{number}:{token}".encode()).decode("ascii")
        self._headers["Authorization"] = f"Session {session}"
        return int(number)

    def _ask(self, method: str, params: Sequence[object]) -> Any:  # noqa: ANN401 - as above
        body = json.dumps({"id": 1, "method": method, "params": params}, default=encode)
        request = Request(self._url, body.encode(), self._headers)  # noqa: S310 - our own server
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own server
            told = json.load(answer)
        if "error" in told:
            raise TrytonSaidNoError(json.dumps(told["error"])[:1000])
        return told["result"]
