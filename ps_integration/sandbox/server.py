"""The sandbox's HTTP server: one port on 127.0.0.1, one thread per request."""

import logging
import threading
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ps_integration.sandbox.app import ADMIN, SandboxApp
from ps_integration.sandbox.requestlog import RequestLog
from ps_integration.sandbox.state import SandboxState

HOST = "127.0.0.1"
POLL_SECONDS = 0.05
_LOG = logging.getLogger(__name__)


class _Handler(WSGIRequestHandler):
    """Sends only the application's own headers and logs quietly."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send the status line without a second Date header."""
        self.send_response_only(code, message)

    def connection_dropped(
        self, error: BaseException, environ: dict[str, Any] | None = None
    ) -> None:
        """Close the connection when the application gave no (whole) answer."""
        super().connection_dropped(error, environ)
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ANN401 - overrides werkzeug's
        """Write to this module's logger, debug unless an error."""
        _LOG.log(logging.ERROR if type == "error" else logging.DEBUG, message, *args)


class SandboxServer:
    """Serves every system registered in the state; a context manager.

    A system registered while it runs is served at once.
    """

    def __init__(self, state: SandboxState, port: int = 0) -> None:
        self.state = state
        self.app = SandboxApp(state)
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on; before `start` the one it was asked for."""
        return self._server.server_port if self._server else self._port

    @property
    def log(self) -> RequestLog:
        """What was asked since this object was made."""
        return self.app.log

    def start(self) -> None:
        """Bind the port and answer in the background.

        Raises:
            OSError: The port is taken.
        """
        self._server = make_server(
            HOST, self._port, self.app, threaded=True, request_handler=_Handler
        )
        self._port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="sandbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and wait for late commits; a later `start` takes the same port."""
        server, thread, self._server, self._thread = self._server, self._thread, None, None
        if server is None or thread is None:
            return
        server.shutdown()
        thread.join()
        server.server_close()
        for late in self.app.late_commits:
            late.join()
        self.state.close()

    def url(self, system: str) -> str:
        """Return the address under which a system is mounted, without a final slash."""
        return f"http://{HOST}:{self.port}/{system}"

    @property
    def admin_url(self) -> str:
        """The address of the switches."""
        return self.url(ADMIN)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
