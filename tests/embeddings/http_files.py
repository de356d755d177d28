"""A small HTTP server for weights files: ranges, and connections that break."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """Serves `content` at every path.

    Attributes
    ----------
    break_after : int or None
        Close the connection of the next request after so many bytes.
    hang : threading.Event or None
        Wait for it after half of the content.
    headers : dict of str to str
        Sent with the file.
    ranges : list
        The Range header of each request.
    """

    def __init__(self, content):
        self.content = content
        self.break_after = None
        self.hang = None
        self.status = None
        self.accepts_ranges = True
        self.headers = {}
        self.ranges = []


def send_headers(handler, headers):
    for header in headers.items():
        handler.send_header(*header)
    handler.end_headers()


def handler_for(files):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range")
            files.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            start = start if files.accepts_ranges else 0
            if files.status is None and 0 < len(files.content) <= start:
                self.send_error(416)
            elif files.status is not None:
                self.send_error(files.status)
            else:
                self.send_from(start)

        def send_from(self, start):
            body = files.content[start:]
            self.send_response(206 if start else 200)
            send_headers(self, {"Content-Length": str(len(body)), **files.headers})
            if files.break_after is not None:
                body, files.break_after = body[: files.break_after], None
            half = len(body) // 2
            self.wfile.write(body[:half])
            if files.hang is not None:
                self.wfile.flush()
                files.hang.wait(30)
            self.wfile.write(body[half:])
            self.close_connection = True

        def log_message(self, *args):
            pass

    return Handler


@contextlib.contextmanager
def file_server(content):
    files = FileServer(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(files))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    files.url = f"http://127.0.0.1:{server.server_port}/weights.pth"
    try:
        yield files
    finally:
        if files.hang is not None:
            files.hang.set()
        server.shutdown()
        server.server_close()
