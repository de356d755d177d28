import base64
import os
import socket
import sys

import pytest

from orangecontrib.imageembedding.errors import FetchError
from orangecontrib.imageembedding.images.fetch import fetch, is_url, is_web, path_of_file_url


@pytest.mark.parametrize("name", ["a b.png", "ä😀.png", "100%.png", "a#b?c.png"])
def test_a_file_is_read_by_path_and_by_url(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"data")
    assert fetch(str(path)) == b"data"
    assert fetch(path.as_uri()) == b"data"


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text here")
def test_a_file_url_may_name_bytes_that_are_no_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.png"
    with open(path, "wb") as file:
        file.write(b"data")
    assert fetch(f"file://{tmp_path}/caf%E9.png") == b"data"
    assert fetch(f"file://{tmp_path}/caf\udce9.png") == b"data"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///data/a%20b.png", "/data/a b.png"),
        ("file:/data/a.png", "/data/a.png"),
        ("FILE://LOCALHOST/data/a.png", "/data/a.png"),
        ("file:///data/a%3Fb%23c.png", "/data/a?b#c.png"),
        ("file:///data/a?b#c.png", "/data/a?b#c.png"),
        ("file:///data/100%.png", "/data/100%.png"),
        ("file:///data/%C3%A4.png", "/data/ä.png"),
        ("file:///data/caf%E9.png", "/data/caf\udce9.png"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths of other platforms")
def test_paths_of_file_urls(url, path):
    assert path_of_file_url(url, windows=False) == path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///C:/a%20b.png", r"C:\a b.png"),
        ("file:///c%3A/a.png", r"c:\a.png"),
        ("file:///C|/a.png", r"C:\a.png"),
        ("file://C:/a.png", r"C:\a.png"),
        ("file:C:/a.png", r"C:\a.png"),
        ("file:///C:%5Cdir%5Ca%23.png", r"C:\dir\a#.png"),
        ("file://localhost/C:/a.png", r"C:\a.png"),
        ("file://server/share/a.png", r"\\server\share\a.png"),
        ("file:////server/share/a.png", r"\\server\share\a.png"),
        ("file://///server/share/a.png", r"\\server\share\a.png"),
        ("file:///dir/a.png", r"\dir\a.png"),
    ],
)
def test_paths_of_file_urls_on_windows(url, path):
    assert path_of_file_url(url, windows=True) == path


def test_a_file_url_may_name_this_computer_but_no_other():
    assert path_of_file_url(f"file://{socket.gethostname()}/a.png", windows=False) == "/a.png"
    with pytest.raises(FetchError, match=r"on another computer \(server\)"):
        path_of_file_url("file://server/share/a.png", windows=False)


BYTES = bytes(range(250, 256)) + b"\0\x3e\x3f>?"  # its base64 has + and /, and padding
BASE64 = base64.b64encode(BYTES).decode()


@pytest.mark.parametrize(
    "url",
    [
        f"data:image/png;base64,{BASE64}",
        f"data:image/png;base64,{BASE64.rstrip('=')}",
        f"data:image/png;base64,{BASE64}=",
        f"data:image/png;base64,{base64.urlsafe_b64encode(BYTES).decode()}",
        f"data:image/png;base64, {BASE64[:4]}\r\n\t{BASE64[4:]}\n",
        "data:image/png;base64," + "".join(f"%{ord(c):02X}" for c in BASE64),
        f"data:image/png;base64,{BASE64[:5]}%0A{BASE64[5:]}",
        f"data:image/svg+xml;charset=utf-8;base64,{BASE64}",
        f"DATA:;BASE64,{BASE64}",
        f"data:image/png; base64,{BASE64}",
    ],
)
def test_data_urls_in_base64(url):
    assert "+" in BASE64
    assert "/" in BASE64
    assert BASE64.endswith("=")
    assert fetch(url) == BYTES


def test_data_urls_in_plain_text():
    assert fetch("data:text/plain,a%20b+c") == b"a b+c"
    assert fetch("data:text/plain;charset=utf-8,%E9,ä") == b"\xe9,\xc3\xa4"
    assert fetch("data:;x=base64,abcd") == b"abcd"


def test_what_cannot_be_read_has_a_reason(tmp_path):
    (tmp_path / "empty").touch()
    for location, reason in [
        (str(tmp_path / "missing.png"), "file not found"),
        (str(tmp_path), "is a folder"),
        (str(tmp_path / "empty"), "empty file"),
        ("a\0b", "not a path"),
        ("data:nothing", "no comma"),
        ("data:;base64,?", "not a data URL"),
        ("data:;base64,abcde", "not a data URL"),
        ("data:,", "empty file"),
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


def test_only_http_is_the_web():
    assert is_web("HTTPS://host/1.png")
    assert not is_web("file:///1.png")
    assert not is_web("httpsomething.png")
