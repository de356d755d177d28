"""A scriptable web server on this computer."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebServer:
    """Answers each path by the function in `routes`, which gets the request's handler.

    Attributes
    ----------
    routes : dict of str to callable
    requests : list of (path, headers)
        What was asked.
    n_connections : int
    released : threading.Event
        Set at the end: functions that keep clients waiting wait for it.
    """

    def __init__(self):
        self.routes = {}
        self.requests = []
        self.n_connections = 0
        self.released = threading.Event()

    def asked(self, path):
        """Get how often a path was asked for."""
        return [requested for requested, _ in self.requests].count(path)


def say(status=200, body=b"data", **headers):
    """Make a route that always answers the same; ``_`` in names of headers means ``-``."""

    def route(handler):
        handler.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        handler.wfile.write(body)

    return route


def in_turn(*routes):
    """Make a route that answers by one route after the other, the last one for ever."""
    left = list(routes)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def handler_for(web):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            super().setup()
            web.n_connections += 1

        def do_GET(self):
            web.requests.append((self.path, self.headers))
            with contextlib.suppress(OSError):  # the client has gone
                web.routes.get(self.path, say(404))(self)

        def log_message(self, *args):
            pass

    return Handler


@contextlib.contextmanager
def web_server(context=None):
    """Serve http, or https with an SSL context."""
    web = WebServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(web))
    server.daemon_threads = True
    server.handle_error = lambda *request: None  # clients that go away are what is tested
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    web.url = f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
    try:
        yield web
    finally:
        web.released.set()
        server.shutdown()
        server.server_close()
