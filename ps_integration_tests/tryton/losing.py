"""A network that loses replies: the request arrives and is done, the answer never comes back."""

import json
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from ps_integration_tests.connectors.server import scripted

HOP = {"connection", "content-length", "date", "server", "transfer-encoding"}


@contextmanager
def losing(origin, methods):
    """Forward to a Tryton; the address. The first reply to each of the methods is lost."""
    left = set(methods)
    far = urlsplit(origin).netloc

    def forward(handler):
        command, path, headers, body = script.requests[-1]
        connection = HTTPConnection(far, timeout=30)
        connection.request(command, path, body, headers)
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        handler.close_connection = True
        method = json.loads(body)["method"]
        if method in left:
            left.discard(method)
            return
        handler.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in HOP:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    with scripted(forward) as script:
        yield script.url
