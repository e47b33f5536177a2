"""Queued requests: the job, its only task, the result, and one job a key.

Vendor pages "Sending an Asynchronous Request", "Polling for the Status of a Completed Asynchronous
Request", "Getting the Result of an Executed Request", "Sending an Asynchronous Request Using an
Idempotency Key".
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer
from ps_integration.sandbox.codec import Document, loads
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.netsuite.calls import ASYNC, Call, Reply
from ps_integration.sandbox.vendors.netsuite.errors import (
    BAD_REQUEST,
    error_answer,
    invalid_url,
    nonexistent,
)

JOBS = "asyncJob"
TASK = "1"
CarryOut = Callable[[Call, Context], Reply]
_RUN_LOCK = threading.Lock()


def submitted(call: Call, context: Context, carry_out: CarryOut) -> Response:
    """Queue a request; a key seen before leads to its first job."""
    key = call.headers.get("x-netsuite-idempotency-key", "")
    if key and not _is_uuid(key):
        said = "The idempotency key must be a UUID as defined by RFC 4122."
        return error_answer(BAD_REQUEST, "INVALID_HEADER", said)
    with context.state.transaction() as transaction:
        where = {"key": key}
        known = list(transaction.stored(context.system, JOBS, where=where)) if key else []
        if known:
            return _duplicate(known[0].id)
        identity = str(transaction.next_id(context.system, JOBS))
        due = time.time() + float(context.settings["job_seconds"])
        kept = {
            name: value for name, value in call.headers.items() if name.startswith("x-netsuite")
        }
        document: Document = {
            "id": identity,
            "key": key,
            "due": str(due),
            "call": {**asdict(call), "headers": kept},
            "progress": "pending",
        }
        transaction.put(context.system, JOBS, identity, document, context.now)
    run_due(context, carry_out)
    headers = {"Location": f"{ASYNC}/{identity}", "Preference-Applied": "respond-async"}
    return Response(status=202, headers=headers, content_type="application/json")


def run_due(context: Context, carry_out: CarryOut) -> None:
    """Carry out every job whose time has come, oldest first."""
    with _RUN_LOCK:
        pending = context.state.stored(context.system, JOBS, where={"progress": "pending"})
        for row in pending:
            if float(row.document["due"]) > time.time():
                continue
            document = {**row.document, **_ended(row.document, context, carry_out)}
            context.state.put(context.system, JOBS, row.id, document, context.now)


def told(request: Request, context: Context) -> Response:
    """Answer a GET for a job, its tasks, its task or the task's result."""
    identity, *rest = request.path.removeprefix(f"{ASYNC}/").rstrip("/").split("/")
    job = context.state.get(context.system, JOBS, identity)
    if job is None:
        raise nonexistent()
    is_over = job["progress"] != "pending"
    link = f"{request.root_url.rstrip('/')}{ASYNC}/{identity}"
    state = {"completed": is_over, "progress": job["progress"]}
    match rest:
        case []:
            task = {"links": [{"rel": "self", "href": f"{link}/task"}]}
            return json_answer({"links": _self(link), **state, "id": identity, "task": task})
        case ["task"]:
            one = {"links": _self(f"{link}/task/{TASK}"), "id": TASK}
            told = {"count": 1, "hasMore": False, "items": [one], "totalResults": 1}
            return json_answer({"links": _self(f"{link}/task"), **told})
        case ["task", "1"]:
            return json_answer({"links": _self(f"{link}/task/{TASK}"), **state, "id": TASK})
        case ["task", "1", "result"] if is_over:
            result = job["result"]
            headers = {"Location": result["location"]} if result["location"] else {}
            if result["body"] is None:
                return Response(status=result["status"], headers=headers)
            return json_answer(result["body"], result["status"], headers)
        case _:
            return invalid_url()


def _ended(job: Document, context: Context, carry_out: CarryOut) -> Document:
    try:
        reply = carry_out(Call(**job["call"]), context)
    except RefusedError as refused:
        body = loads(refused.response.get_data())
        result = {"status": refused.response.status_code, "body": body, "location": ""}
        return {"progress": "failed", "result": result}
    location = reply.headers.get("Location", "")
    result = {"status": reply.status, "body": reply.body, "location": location}
    return {"progress": "succeeded", "result": result}


def _duplicate(identity: str) -> Response:
    said = (
        'A request with the same idempotency key is already submitted. See the "Location" header'
        " for a link to the previously submitted job"
    )
    answer = error_answer(BAD_REQUEST, "IDEMPOTENCY_ERROR", said, title="Conflict")
    answer.headers["Location"] = f"{ASYNC}/{identity}"
    answer.headers["Preference-Applied"] = "respond-async"
    return answer


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _self(href: str) -> list[Document]:
    return [{"rel": "self", "href": href}]
