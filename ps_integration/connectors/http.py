"""The HTTP policy every vendor shares: one pinned origin, bounds, reads retried, writes never."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import requests

from ps_integration.connectors.answers import Answer, Problem, read_answer, retry_after
from ps_integration.connectors.auth import Auth, SigningAuth
from ps_integration.connectors.body import Caps, TruncatedBodyError, read_body
from ps_integration.connectors.encoding import encoded
from ps_integration.connectors.limits import Meter, Pace
from ps_integration.connectors.outcome import Exchange, Reply, classify, never_left
from ps_integration.connectors.parse import decode, strict_json
from ps_integration.domain.records import Json
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS: Final = {"http": 80, "https": 443}
_USER_AGENT: Final = "ps-integration"
_UNAUTHORISED: Final = 401
_JSON_BODY: Final = {"Content-Type": "application/json"}
Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds and patience of one system's client; clock and sleep are injected for tests.

    Attributes:
        caps: Bounds of one request.
        tries: Attempts of a read, the first one included.
        longest_wait_seconds: A vendor that asks for more is asked again in a later run.
        pace: The account's rate limits.
        meter: Counts every call that leaves.
        unprocessed: Statuses the vendor documents as not processed (see `outcome.classify`).
    """

    caps: Caps = field(default_factory=Caps)
    tries: int = 5
    longest_wait_seconds: float = 900.0
    pace: Pace = field(default_factory=Pace)
    meter: Meter = field(default_factory=Meter)
    unprocessed: frozenset[int] = frozenset()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    try:
        port = parts.port
    except ValueError:
        raise BadAnswerError("a URL has a port that is not a number") from None
    return parts.scheme.lower(), (parts.hostname or "").lower(), port or _PORTS.get(parts.scheme)


class ApiClient:
    """Speaks to one system at one origin. Safe to share between threads of one run."""

    def __init__(
        self,
        system: str,
        base_url: str,
        auth: Auth,
        policy: Policy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Check the address; nothing is called yet.

        Args:
            system: Id of the system, for messages.
            base_url: Start of every path; its scheme, host and port are the only ones called.
            auth: Who we are.
            policy: Bounds and patience.
            headers: Sent with every request (account ids, content preferences).

        Raises:
            FixConfigError: Not an https URL (plain http is for this machine only).
        """
        parts = urlsplit(base_url)
        host = (parts.hostname or "").lower()
        is_allowed = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
        if not host or not is_allowed or parts.username or parts.query:
            raise FixConfigError(f"system {system}: base_url must be an https URL without query")
        self.system = system
        self._base = base_url.rstrip("/")
        self._origin = _origin(parts)
        self._auth = auth
        self._policy = policy or Policy()
        self._headers = {
            "User-Agent": _USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            **(headers or {}),
        }
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"ApiClient({self.system!r}, {self._base!r})"

    def get_json(
        self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Read; retried by class of error.

        Args:
            path: Below base_url (`/projects`), or a whole URL as the vendor gave it for the
                next page; a URL of another origin is refused.
            params: Query.
            headers: For this request only.

        Raises:
            RetryLaterError: Out of reach, too slow, busy, or failing, after all attempts.
            FixConfigError: The credentials are refused (401, 403).
            NotThereError: 404 or 410.
            BadAnswerError: The answer is not the JSON it should be, or leaves the origin.
        """
        return self._read("GET", path, params, None, headers)

    def post_read(
        self,
        path: str,
        json: Json,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Read by POST (report endpoints). Never for anything that changes the far side."""
        return self._read("POST", path, params, json, headers)

    def send(
        self,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
        path: str,
        json: Json | bytes = None,
        headers: Mapping[str, str] | None = None,
        *,
        may_be_empty: bool = False,
    ) -> Reply:
        """Send exactly once on a connection of its own (a GET: the end of an earlier write)."""
        policy = self._policy
        with requests.Session() as session:
            try:
                url = self.url(path)
                policy.pace.wait()
                auth = self._auth.headers()
            except (RetryLaterError, FixConfigError, BadAnswerError) as error:
                return Reply("not_sent", message=self._clean(str(error)))
            try:
                all_headers = {**self._headers, **(headers or {}), **auth}
                response, body = self._attempt(session, method, url, None, json, all_headers)
            except (requests.RequestException, BadAnswerError, RetryLaterError) as error:
                left = not never_left(error)
                kind = classify(Exchange(type(error).__name__, left=left))
                return Reply(kind, message=f"{self.system}: {type(error).__name__}")
        return self._reply(response, body, may_be_empty=may_be_empty)

    def url(self, path: str) -> str:
        """The whole URL of a path or of a link the vendor gave.

        Raises:
            BadAnswerError: It leads to another scheme, host or port.
        """
        parts = urlsplit(path)
        if not parts.scheme and not parts.netloc:
            return f"{self._base}/{path.lstrip('/')}"
        if _origin(parts) != self._origin or parts.username:
            raise BadAnswerError(
                f"system {self.system}: a link leads to another origin"
                f" ({parts.scheme}://{parts.hostname}); it was not followed"
            )
        return path

    def _reply(self, response: requests.Response, body: bytes, *, may_be_empty: bool) -> Reply:
        text, json, has_json = "", None, False
        try:
            text = decode(body)
            json, has_json = strict_json(text), True
        except BadAnswerError:
            has_json = False
        exchange = Exchange(
            None, left=True, status=response.status_code, has_json=has_json, is_empty=not body
        )
        kind = classify(exchange, unprocessed=self._policy.unprocessed, may_be_empty=may_be_empty)
        names = {name.lower(): value for name, value in response.headers.items()}
        return Reply(
            kind,
            response.status_code,
            json,
            text,
            names,
            f"{self.system}: answered {response.status_code}",
            retry_after(names),
        )

    def _attempt(
        self,
        session: requests.Session,
        method: str,
        url: str,
        params: Params | None,
        json: Json | bytes,
        headers: Mapping[str, str],
    ) -> tuple[requests.Response, bytes]:
        caps = self._policy.caps
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._policy.meter.count(self.system)
        deadline = self._policy.clock() + caps.total_seconds
        with session.request(
            method,
            url,
            params=params,
            data=None if json is None else encoded(json),
            headers=dict(headers) | ({} if json is None else _JSON_BODY),
            auth=self._signed,
            timeout=(caps.connect_seconds, caps.read_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            return response, read_body(response, caps, self._policy.clock, deadline)

    def _read(
        self,
        method: str,
        path: str,
        params: Params | None,
        json: Json,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        url = self.url(path)
        problem = Problem("retry", "nothing was tried")
        refreshed = False
        for attempt in range(self._policy.tries + 1):
            outcome, auth = self._try_read(method, url, params, json, headers)
            if isinstance(outcome, Answer):
                return outcome
            problem = outcome
            if problem.status == _UNAUTHORISED and not refreshed:
                refreshed = True
                if self._auth.refresh(auth):
                    continue
            if problem.kind != "retry" or attempt + 1 >= self._policy.tries:
                break
            wait = problem.wait_seconds(attempt)
            if wait > self._policy.longest_wait_seconds:
                break
            self._pause(wait, is_asked_for=problem.asked_seconds is not None)
        raise problem.error(self.system, self._auth.sources(), self._clean)

    def _try_read(
        self,
        method: str,
        url: str,
        params: Params | None,
        json: Json,
        headers: Mapping[str, str] | None,
    ) -> tuple[Answer | Problem, Mapping[str, str]]:
        self._policy.pace.wait()
        auth = self._auth.headers()
        sent = {**self._headers, **(headers or {}), **auth}
        try:
            response, body = self._attempt(self._session(), method, url, params, json, sent)
        except requests.RequestException as error:
            return Problem("retry", f"could not be reached ({type(error).__name__})"), auth
        except (RetryLaterError, TruncatedBodyError) as error:
            is_cut = isinstance(error, TruncatedBodyError)
            return Problem("retry", str(error), is_cut=is_cut), auth
        except BadAnswerError as error:
            return Problem("bad", str(error)), auth
        return read_answer(response.status_code, response.headers, body), auth

    def _pause(self, seconds: float, *, is_asked_for: bool) -> None:
        if is_asked_for:
            self._policy.pace.hold(seconds)
        else:
            self._policy.sleep(seconds)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session

    def _clean(self, text: str) -> str:
        for value in sorted(self._auth.secrets(), key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request that is ready to leave; also keeps out what a .netrc file would add."""
        if isinstance(self._auth, SigningAuth):
            request.headers.update(self._auth.sign(str(request.method), str(request.url)))
        return request
