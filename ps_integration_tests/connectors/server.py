"""A tiny scripted HTTP server: the network's edge in tests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Script:
    """Answers in order (the last repeats); each is a function of the handler, or a tuple.

    `aside` answers a path out of that order, None = it does not.
    """

    answers: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    url: str = ""
    aside: Callable[[str], object] = lambda _: None

    def next(self) -> object:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args):
            """Stay quiet."""

        def _serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.requests.append((self.command, self.path, dict(self.headers), body))
            answer = script.aside(self.path) or script.next()
            if isinstance(answer, Callable):
                answer(self)
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._serve)
    return Handler


@contextmanager
def scripted(*answers: object, aside: Callable[[str], object] = lambda _: None) -> Iterator[Script]:
    script = Script(list(answers), aside=aside)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
