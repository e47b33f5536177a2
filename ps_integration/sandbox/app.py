"""The sandbox as one WSGI application: mounts every system, lets faults meet requests, logs."""

import threading
import time
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from io import BytesIO
from typing import TYPE_CHECKING, Any

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.admin import admin_answer
from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.bodyfaults import changed_answer
from ps_integration.sandbox.codec import utc_seconds
from ps_integration.sandbox.faults import BODY_KINDS, Fault, claim_faults
from ps_integration.sandbox.limits import RateLimiter
from ps_integration.sandbox.requestlog import LoggedRequest, RequestLog
from ps_integration.sandbox.state import SandboxState, System
from ps_integration.sandbox.vendors import Context, Vendor, find_vendor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADMIN = "_sandbox"
READ_METHODS = ("GET", "HEAD", "OPTIONS")
REFUSALS = {"status_429": 429, "status_500_before": 500, "status_503": 503, "wrong_token": 401}
HTML_PAGE = "<!DOCTYPE html><html><body><h1>We'll be right back</h1></body></html>"
COMMIT_SHARE = 0.5
"""A slow commit waits at most this share of the declared longest delay."""


class SandboxApp:
    """Routes `/{system}/...` to the system's vendor and `/_sandbox/...` to the switches."""

    def __init__(self, state: SandboxState) -> None:
        self.state = state
        self.log = RequestLog()
        self.limiter = RateLimiter()
        self.late_commits: list[threading.Thread] = []
        self._pages: dict[tuple[str, str], bytes] = {}

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request; a ConnectionError tells the server to close without an answer."""
        mount, _, rest = environ["PATH_INFO"].removeprefix("/").partition("/")
        environ = {**environ, "SCRIPT_NAME": f"/{mount}", "PATH_INFO": f"/{rest}"}
        request = Request(environ)
        if mount == ADMIN:
            response = admin_answer(request, self.state, self.log)
        elif system := self.state.systems().get(mount):
            response = self._logged(request, system)
        else:
            response = json_answer({"error": f"the sandbox serves no system {mount!r}"}, 404)
        response.headers["Date"] = http_date(self.state.clock())
        return response(environ, start_response)

    def _logged(self, request: Request, system: System) -> Response:
        vendor = find_vendor(system.vendor)
        faults = claim_faults(self.state, system.name, request.method, request.path)
        status = 0
        try:
            response = self._with_faults(request, system, vendor, faults)
            status = response.status_code
        finally:
            reads = request.method in READ_METHODS or (
                request.method == "POST"
                and any(fnmatch(request.path, pattern) for pattern in vendor.reads_by_post)
            )
            self.log.add(
                LoggedRequest(
                    at=utc_seconds(self.state.clock()),
                    system=system.name,
                    method=request.method,
                    path=request.path,
                    query=request.query_string.decode("utf-8", "replace"),
                    status=status,
                    is_write=not reads,
                    faults=tuple(fault.kind for fault in faults),
                )
            )
        return response

    def _with_faults(
        self, request: Request, system: System, vendor: Vendor, faults: list[Fault]
    ) -> Response:
        settings = {**vendor.defaults, **system.settings}
        context = Context(self.state, system.name, settings, self.state.clock(), self.limiter)
        fault = next((fault for fault in faults if fault.kind not in BODY_KINDS), None)
        if fault is None:
            return self._answer(request, context, vendor, faults)
        if early := _before_commit(fault, vendor):
            return early
        if fault.kind == "slow_commit":
            self._commit_later(request, context, vendor, fault)
            raise ConnectionAbortedError("slow_commit")
        return _after_commit(fault, vendor, self._answer(request, context, vendor, faults))

    def _answer(
        self, request: Request, context: Context, vendor: Vendor, faults: list[Fault]
    ) -> Response:
        response = vendor.handle(request, context)
        page_before = self._pages.get((context.system, request.path), b"")
        if request.method == "GET":
            self._pages[context.system, request.path] = response.get_data()
        return changed_answer(response, [f for f in faults if f.kind in BODY_KINDS], page_before)

    def _commit_later(
        self, request: Request, context: Context, vendor: Vendor, fault: Fault
    ) -> None:
        received = time.monotonic()
        declared = float(context.settings["max_commit_delay_seconds"])
        delay = min(float(fault.options.get("delay", declared)), COMMIT_SHARE * declared)
        body = request.get_data()
        late = Request({**request.environ, "wsgi.input": BytesIO(body)})

        def commit() -> None:
            time.sleep(delay)
            if time.monotonic() - received < declared:  # Too late would break what we declare.
                vendor.handle(late, context)

        thread = threading.Thread(target=commit, name="sandbox-late-commit")
        thread.start()
        self.late_commits.append(thread)


def _before_commit(fault: Fault, vendor: Vendor) -> Response | None:
    if fault.kind in REFUSALS:
        return vendor.refuse(REFUSALS[fault.kind], int(fault.options.get("retry_after", 1)))
    if fault.kind == "html_200":
        return Response(HTML_PAGE, 200, content_type="text/html; charset=utf-8")
    if fault.kind == "timeout_before_commit":
        time.sleep(float(fault.options.get("seconds", 0.2)))
    if fault.kind in ("dead", "timeout_before_commit"):
        raise ConnectionAbortedError(fault.kind)
    return None


def _after_commit(fault: Fault, vendor: Vendor, response: Response) -> Response:
    if fault.kind == "status_500_after_commit":
        return vendor.refuse(500, 0)
    if fault.kind == "timeout_after_commit":
        time.sleep(float(fault.options.get("seconds", 0.2)))
        raise ConnectionAbortedError(fault.kind)
    body = response.get_data()
    response.response = _truncated(body) if fault.kind == "truncated_body" else _drip(body, fault)
    response.headers["Content-Length"] = str(len(body))
    return response


def _truncated(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise ConnectionAbortedError("truncated_body")


def _drip(body: bytes, fault: Fault) -> Iterator[bytes]:
    size: Any = int(fault.options.get("bytes", 16))
    for start in range(0, len(body), size):
        yield body[start : start + size]
        time.sleep(float(fault.options.get("seconds", 0.05)))
