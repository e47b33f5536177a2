"""Sends a request to the function its route names; what a vendor refuses is raised and answered."""

from collections.abc import Callable

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect
from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError
from ps_integration.sandbox.vendors import Context


def dispatch(
    routes: Map,
    request: Request,
    context: Context,
    not_found: Callable[[int], Response],
) -> Response:
    """Call `endpoint(request, context, **path_values)` of the matching route.

    Args:
        routes: Rules whose endpoints are functions.
        request: The request, mounted as `Vendor.handle` says.
        context: What the endpoint gets besides.
        not_found: The vendor's answer to a path (404) or method (405) it does not know.
    """
    try:
        endpoint, values = routes.bind_to_environ(request.environ).match()
    except MethodNotAllowed:
        return not_found(405)
    except (HTTPException, RequestRedirect):
        return not_found(404)
    try:
        answer: Response = endpoint(request, context, **values)
    except RefusedError as refused:
        return refused.response
    return answer
