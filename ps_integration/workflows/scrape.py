"""The endpoint that Prometheus scrapes: each answer is read from the published snapshot."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from ps_integration.errors import FixConfigError, PsIntegrationError
from ps_integration.metrics.prometheus import exposition
from ps_integration.settings.load import FirmFile
from ps_integration.workflows.nightly import snapshot

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def application(file: FirmFile) -> "WSGIApplication":
    """A WSGI application that knows `/metrics`, by GET, and nothing else."""

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        is_ours = environ.get("PATH_INFO") == "/metrics"
        if not is_ours or environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            start("404 Not Found", [("Content-Type", _TEXT)])
            return [b"# /metrics is the only page\n"]
        try:
            with snapshot(file) as warehouse:
                body = exposition(warehouse, file.firm.firm.id)
        except PsIntegrationError:
            start("503 Service Unavailable", [("Content-Type", _TEXT)])
            return [b"# no night has been published yet\n"]
        start("200 OK", [("Content-Type", _TEXT), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def serve(file: FirmFile, address: str, port: int) -> None:
    """Answer until interrupted.

    Raises:
        FixConfigError: The address cannot be had.
    """
    try:
        server = make_server(address, port, application(file), threaded=True)
    except (OSError, SystemExit):  # Werkzeug says it and leaves the process
        said = f"{address}:{port} cannot be had; another program answers there, or name another"
        raise FixConfigError(said) from None
    server.serve_forever()
