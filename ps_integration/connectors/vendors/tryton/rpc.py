"""Calls of one Tryton database: reads that are retried, writes that are not.

`POST /<database>/rpc/` with exactly `{id, method, params}`, the context as last parameter. An error
is HTTP 200 with `{"error": [class, ...]}`. Source: Tryton server documentation, topic "Remote
Procedure Call".
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from ps_integration.connectors import paging
from ps_integration.connectors.answers import Answer, NotThereError, server_time
from ps_integration.connectors.encoding import encoded
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.http import ApiClient, Params
from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.parse import split
from ps_integration.connectors.setup import Setup
from ps_integration.connectors.vendors.tryton.options import Options
from ps_integration.connectors.vendors.tryton.session import SessionAuth
from ps_integration.connectors.vendors.tryton.values import plain
from ps_integration.domain.records import Json, RecordRefusedError
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

FEW: Final = 100
"""Records that a look-up by code or name may find at most."""
UNPROCESSED: Final = frozenset({401, 404, 429})
"""The session has run out, the database is not there (or down), too many sign-ins: each is said
before the method is looked at."""
_UNAUTHORISED: Final = 401
_RESULT: Final = '"result"'
_MESSAGE_MAX: Final = 500
_PATH: Final = "/"


class Rpc:
    """One user's calls to one database."""

    def __init__(self, client: ApiClient, auth: SessionAuth) -> None:
        """Take a client whose base is the database's `/rpc/`, and who we are."""
        self._client = client
        self._auth = auth
        self._seen: set[str] = set()

    def read(self, method: str, *params: object, company: str = "") -> Answer:
        """Call a method that only reads.

        Raises:
            RetryLaterError: Out of reach, or its database is.
            FixConfigError: It refuses the user or the call.
            BadAnswerError: The answer is no JSON-RPC answer.
        """
        return self._asked(_envelope(method, *params, company=company), {"read": method})

    def records(
        self,
        model: str,
        domain: Sequence[object],
        fields: Sequence[str],
        company: str = "",
        page_size: int = 500,
        label: str = "",
    ) -> Iterator[paging.Page]:
        """Yield what a domain finds (all of its clauses), oldest id first; see `read` for errors.

        Each page starts after the last id of the one before, so that rows that come or go
        meanwhile move nothing; the list ends with an empty page. Records that are not active any
        more are listed, too. The query is for logs alone.
        """

        def turn(after: int) -> paging.Turn:
            asked = [*domain, ["id", ">", after]]
            body = _search(model, asked, page_size, fields, company, active_test=False)
            return paging.Turn(_PATH, {"read": label or model, "after": after}, body)

        def following(_: paging.Turn, page: paging.Page) -> paging.Turn | None:
            return turn(_last_id(page)) if page.records else None

        def ask(one: paging.Turn) -> Answer:
            return self._asked(dict(one.body or {}), one.params)

        yield from paging.pages(ask, turn(0), ("result",), following)

    def found(
        self, model: str, domain: Sequence[object], fields: Sequence[str], company: str = ""
    ) -> list[Fields]:
        """The few active records that a domain finds, `FEW` at most; see `read` for errors."""
        answer = self._asked(_search(model, domain, FEW, fields, company), {"read": model})
        try:
            told = [plain(value) for _, value in split(answer.text, ("result",)).records]
        except RecordRefusedError as error:
            raise BadAnswerError(f"a {model} cannot be read: {error}") from None
        return [Fields(one) for one in told if isinstance(one, dict)]

    def clock(self) -> datetime | None:
        """The server's clock, by its cheapest call."""
        return server_time(self._preferences().headers)

    def require_sight(self, company: str) -> None:
        """Make sure that the user is shown a company's records; asked once a run.

        Tryton hides other companies' records without a word while the user's company filter is
        "Current": what is there would look as if it were not.

        Raises:
            FixConfigError: The user is not shown that company; see `read` for other errors.
        """
        if company in self._seen:
            return
        told = self._preferences().json
        result = told.get("result") if isinstance(told, dict) else None
        mine = result if isinstance(result, dict) else {}
        shown = mine.get("companies") if mine.get("company_filter") == "all" else None
        if int(company) not in (shown if isinstance(shown, list) else [mine.get("company")]):
            raise FixConfigError(
                f"system {self._client.system}: the user is not shown company {company}; give it"
                " that company and set its company filter to All"
            )
        self._seen.add(company)

    def _preferences(self) -> Answer:
        return self.read("model.res.user.get_preferences", True)  # noqa: FBT003 - positional there

    def write(self, method: str, *params: object, company: str) -> Reply:
        """One write; sent once, but for a session that has run out, which did nothing."""
        return self.send(body_of(method, *params, company=company))

    def send(self, body: bytes) -> Reply:
        """One write of exactly these bytes; see `write`."""
        reply = self._client.send("POST", _PATH, body)
        if reply.status != _UNAUTHORISED:
            return reply
        try:
            self._auth.refresh({})
        except (RetryLaterError, FixConfigError, BadAnswerError):
            return reply
        return self._client.send("POST", _PATH, body)

    def _asked(self, body: dict[str, Json], params: Params | None = None) -> Answer:
        try:
            answer = self._client.post_read(_PATH, {**body}, params)
        except NotThereError as error:
            raise RetryLaterError(
                f"{error}; the database is not there, or does not answer"
            ) from None
        if _RESULT not in answer.text[:64]:
            _refuse(self._client.system, answer.json)
        return answer


def client_of(setup: Setup, options: Options) -> Rpc:
    """The calls of one system of the firm file."""
    url = f"{setup.url().rstrip('/')}/{options.database}/rpc"
    auth = SessionAuth(f"{url}/", options.user, setup.secret("password"))
    return Rpc(setup.client(auth, url, unprocessed=UNPROCESSED), auth)


def body_of(method: str, *params: object, company: str = "") -> bytes:
    """A call as it is sent."""
    return encoded({**_envelope(method, *params, company=company)})


def _envelope(method: str, *params: object, company: str, **more: Json) -> dict[str, Json]:
    """The context names the company and the language in which messages are told."""
    context: dict[str, object] = {"language": "en", **more}
    if company:
        context["company"] = int(company)
    return {"id": 1, "method": method, "params": [*params, context]}


def _search(
    model: str,
    domain: Sequence[object],
    limit: int,
    fields: Sequence[str],
    company: str,
    **context: Json,
) -> dict[str, Json]:
    params = (list(domain), 0, limit, [["id", "ASC"]], list(fields))
    return _envelope(f"model.{model}.search_read", *params, company=company, **context)


def _last_id(page: paging.Page) -> int:
    last = page.records[-1][1]
    found = last.get("id") if isinstance(last, dict) else None
    if type(found) is not int:
        raise BadAnswerError("a record in the answer has no id")
    return found


def error_of(json: Json) -> tuple[str, Sequence[object]] | None:
    """Class and arguments of a JSON-RPC error; None when there is none."""
    error = json.get("error") if isinstance(json, dict) else None
    if not isinstance(error, list) or not error or not isinstance(error[0], str):
        return None
    rest = error[1] if len(error) > 1 else ()
    return error[0], rest if isinstance(rest, list) else (rest,)


def message_of(arguments: Sequence[object]) -> str:
    """What an error says to people."""
    told = " ".join(str(one) for one in arguments[:2] if isinstance(one, str) and one)
    return " ".join(told.split())[:_MESSAGE_MAX]


def _refuse(system: str, json: Json) -> None:
    found = error_of(json)
    if found is None:
        raise BadAnswerError(f"system {system}: the answer is neither a result nor an error")
    name, arguments = found
    if name in {"UserError", "UserWarning", "LoginException"}:
        raise FixConfigError(f"system {system}: {message_of(arguments) or name}")
    raise RetryLaterError(f"system {system}: failed on its side: {name[:_MESSAGE_MAX]}")
