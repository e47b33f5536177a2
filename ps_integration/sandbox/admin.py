"""The sandbox's own switches under `/_sandbox/`: faults, clock, request log."""

from datetime import datetime

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer, json_body
from ps_integration.sandbox.faults import add_fault, clear_faults, read_fault
from ps_integration.sandbox.requestlog import RequestLog
from ps_integration.sandbox.state import SandboxState


def admin_answer(request: Request, state: SandboxState, log: RequestLog) -> Response:
    """Answer one request for the switches; 400 says what is wrong with it."""
    try:
        return _answer(request, state, log)
    except ValueError as error:
        return json_answer({"error": str(error)}, 400)


def _answer(request: Request, state: SandboxState, log: RequestLog) -> Response:
    match request.method, request.path:
        case "POST", "/faults":
            add_fault(state, read_fault(_object(request)))
            return json_answer({}, 201)
        case "DELETE", "/faults":
            return json_answer({"cleared": clear_faults(state, request.args.get("system"))})
        case "POST", "/clock":
            state.set_clock(datetime.fromisoformat(str(_object(request).get("now"))))
            return json_answer({"now": state.clock().isoformat()})
        case "GET", "/requests":
            return json_answer(log.as_document())
        case _:
            return json_answer({"error": f"no switch {request.method} {request.path}"}, 404)


def _object(request: Request) -> dict[str, object]:
    body = json_body(request)
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - answered with 400
    return body
