"""Writing through NetSuite's queue: one request, one job, and the way back to it.

Vendor pages "REST Web Services Request Processing", "Sending an Asynchronous Request" (202 with
the job in `Location`), "Polling for the Status of a Completed Asynchronous Request", "Getting the
Result of an Executed Request", "Sending an Asynchronous Request Using an Idempotency Key": the key
counts only with `Prefer: respond-async`, and a second request with it is answered 400
IDEMPOTENCY_ERROR with the first job in `Location`. The key is made of what is sent, so nothing
about a job needs to be kept: after a crash the same request leads to the same job, and the external
id to the document.

A key is used up by a job that failed. The same document sent again, e.g. after its period was
reopened, therefore goes on with a key made of the old key and the failed job.
"""

import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.outcome import Reply
from ps_integration.connectors.protocol import Outgoing
from ps_integration.connectors.raw import id_text, inside
from ps_integration.connectors.vendors.netsuite.refusals import details_of
from ps_integration.domain.records import Json
from ps_integration.errors import PsIntegrationError

KEY_HEADER: Final = "X-NetSuite-Idempotency-Key"
_NAMESPACE: Final = uuid.UUID("6f0c1a52-7a43-5c1e-9a57-2f3d6f0b8e11")
_FAILED_JOBS_MAX: Final = 20
_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 10.0
_ACCEPTED: Final = 202
_NO_CONTENT: Final = 204


class Jobs:
    """Sends single requests to the queue and waits for their end."""

    def __init__(
        self,
        client: ApiClient,
        wait_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the account's client, and how long to wait for one job."""
        self._client = client
        self._wait = wait_seconds
        self._clock = clock
        self._sleep = sleep

    def send(self, request: Outgoing, headers: dict[str, str]) -> Reply:
        """Send one upsert; the reply is what a synchronous one would have been.

        A job that is not over in time, or cannot be followed, is ambiguous.
        """
        content = hashlib.sha256(request.body).hexdigest()
        key = uuid.uuid5(_NAMESPACE, f"{request.path}|{content}")
        reply = Reply("ambiguous", message="every earlier job of this document failed")
        for _ in range(_FAILED_JOBS_MAX):
            told = {**headers, "Prefer": "respond-async", KEY_HEADER: str(key)}
            answer = self._client.send("PUT", request.path, request.body, told, may_be_empty=True)
            job = _job(answer)
            if job is None:
                return answer
            reply = self._followed(job)
            if answer.status == _ACCEPTED or reply.kind != "error":
                return reply
            key = uuid.uuid5(_NAMESPACE, f"{key}|{job}")
        return reply

    def _followed(self, job: str) -> Reply:
        deadline = self._clock() + self._wait
        wait = _FIRST_WAIT_SECONDS
        try:
            while inside(told := self._client.get_json(job).json, "completed") is not True:
                if self._clock() + wait > deadline:
                    return Reply("ambiguous", message=f"job {job} is not over yet")
                self._sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
            if inside(told, "progress") == "succeeded":
                return Reply("success", _NO_CONTENT)
            return self._failure(job)
        except PsIntegrationError as error:
            return Reply("ambiguous", message=f"job {job} cannot be followed: {error}")

    def _failure(self, job: str) -> Reply:
        """What a failed job's only task was answered."""
        task = _first_id(self._client.get_json(f"{job}/task").json)
        told = self._client.send("GET", f"{job}/task/{task}/result")
        if task is None or not details_of(told.json):
            return Reply("ambiguous", message=f"job {job} failed and does not say why")
        status = inside(told.json, "status")
        return replace(
            told,
            kind="error",
            status=status if type(status) is int else told.status,
            message=f"job {job} failed",
        )


def _job(reply: Reply) -> str | None:
    """The job's path, when the reply leads to one: accepted, or already submitted."""
    codes = {one.get("o:errorCode") for one in details_of(reply.json)}
    if reply.status == _ACCEPTED or (reply.kind == "error" and codes == {"IDEMPOTENCY_ERROR"}):
        return urlsplit(reply.headers.get("location", "")).path or None
    return None


def _first_id(json: Json) -> str | None:
    items = json.get("items") if isinstance(json, dict) else None
    return id_text(inside(items[0], "id")) if isinstance(items, list) and items else None
