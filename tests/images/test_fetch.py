import base64
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orangecontrib.imageembedding.errors import FetchError
from orangecontrib.imageembedding.images.fetch import fetch, is_url


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/image":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"data")
            elif self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/image")
                self.end_headers()
            else:
                self.send_error(404)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["a b.png", "ä😀.png", "100%.png", "a#b?c.png"])
def test_a_file_is_read_by_path_and_by_url(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"data")
    assert fetch(str(path)) == b"data"
    assert fetch(path.as_uri()) == b"data"


def test_a_data_url_is_read():
    assert fetch("data:image/png;base64," + base64.b64encode(b"data").decode()) == b"data"
    assert fetch("data:text/plain,a%20b") == b"a b"


def test_a_web_address_is_read_and_redirects_are_followed(server):
    assert fetch(f"{server}/image") == b"data"
    assert fetch(f"{server}/moved") == b"data"


def test_a_page_that_is_not_there_is_an_error_with_its_status(server):
    with pytest.raises(FetchError, match="404"):
        fetch(f"{server}/other")


def test_a_server_that_is_not_there_is_an_error():
    with pytest.raises(FetchError, match="cannot be downloaded"):
        fetch("http://127.0.0.1:9/image")


def test_what_cannot_be_read_has_a_reason(tmp_path):
    (tmp_path / "empty").touch()
    for location, reason in [
        (str(tmp_path / "missing.png"), "file not found"),
        (str(tmp_path), "is a folder"),
        (str(tmp_path / "empty"), "empty file"),
        ("a\0b", "not a path"),
        ("data:nothing", "no comma"),
        ("data:;base64,?", "not a data URL"),
    ]:
        with pytest.raises(FetchError, match=reason):
            fetch(location)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FetchError, match="not a regular file"):
        fetch(str(tmp_path / "pipe"))


def test_a_windows_path_is_no_url():
    assert not is_url("C:\\images\\1.png")
    assert not is_url("C:/images/1.png")
    assert is_url("HTTP://host/1.png")
