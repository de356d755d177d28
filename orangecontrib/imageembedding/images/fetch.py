"""Location → bytes: a path, or a ``file``, ``data``, ``http`` or ``https`` URL."""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from urllib.parse import unquote_to_bytes

from orangecontrib.imageembedding.errors import FetchError

MAX_BYTES = 1 << 30  # an encoded image above 1 GiB is taken for a mistake


def is_url(location: str) -> bool:
    r"""Tell a URL from a path (``C:\x`` is a path: a scheme has two letters or more)."""
    return re.match(r"(?:https?|file|data):", location, re.IGNORECASE) is not None


def is_web(location: str) -> bool:
    """Tell whether a location must be fetched from a server (``http``, ``https``)."""
    return re.match(r"https?:", location, re.IGNORECASE) is not None


def fetch(location: str) -> bytes:
    """Read all bytes of one image.

    Parameters
    ----------
    location : str
        Path or URL. For many web addresses, `web.Web` gets several at the same time.

    Returns
    -------
    data : bytes
        Never empty.

    Raises
    ------
    FetchError
        If there is no such file, it cannot be read, is not a regular file, or is too large; if a
        server cannot be reached or answers with an error.
    """
    if is_web(location):
        from orangecontrib.imageembedding.images.web import download

        return download(location)
    scheme = location[:5].lower() if is_url(location) else ""
    if scheme == "data:":
        data = _read_data_url(location)
    else:
        data = _read_file(path_of_file_url(location) if scheme else location, location)
    if not data:
        raise FetchError(location[:40] if scheme == "data:" else location, "empty file")
    return data


def local_path(location: str) -> str | None:
    """Get the absolute path of a file on this computer; None for other locations."""
    if not location or "\0" in location:
        return None
    if not is_url(location):
        return os.path.abspath(location)
    if location[:5].lower() != "file:":
        return None
    try:
        return os.path.abspath(path_of_file_url(location))
    except FetchError:
        return None


def path_of_file_url(url: str, windows: bool = os.name == "nt") -> str:
    r"""Turn a ``file`` URL into a path.

    Parameters
    ----------
    url : str
        ``file:///data/a%20b.png``; percent-encoded bytes need not be UTF-8. "?" and "#" are
        characters of the name, percent-encoded or not.
    windows : bool, optional
        Whether ``file:///C:/a.png`` is ``C:\a.png`` and ``file://host/share/a.png`` is
        ``\\host\share\a.png``; by default, if this is Windows.

    Returns
    -------
    path : str
        As `open` takes it; bytes that are not characters are lone surrogates.

    Raises
    ------
    FetchError
        If the file is on another computer, and this is not Windows.
    """
    rest = url[len("file:") :]
    host, path = "", rest
    if rest.startswith("//"):
        host, path = re.fullmatch(r"//([^/\\]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    named = unquote_to_bytes(path.encode("utf-8", "surrogateescape"))
    if windows:
        return _windows_path(host, named.decode("utf-8", "surrogateescape"))
    if host and not _is_this_computer(host):
        raise FetchError(url, f"is on another computer ({host})")
    return os.fsdecode(named)


def _windows_path(host: str, path: str) -> str:
    path = path.replace("/", "\\")
    if re.fullmatch(r"[A-Za-z][:|]", host):  # file://C:/a.png: wrong, but written by many
        return f"{host[0]}:{path}"
    if host and not _is_this_computer(host):
        return f"\\\\{host}{path}"
    drive = re.match(r"\\*([A-Za-z])[:|](?=\\|$)", path)
    if drive:
        return f"{drive[1]}:{path[drive.end() :]}"
    # file:////host/share and file://///host/share name a share without a separate host.
    return re.sub(r"^\\{2,}", r"\\\\", path)


def _is_this_computer(host: str) -> bool:
    import socket

    return host.lower() in ("localhost", "127.0.0.1", socket.gethostname().lower())


def _read_file(path: str, location: str) -> bytes:
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise FetchError(location, "is a folder, not a file")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait forever
            raise FetchError(location, "not a regular file")
        if status.st_size > MAX_BYTES:
            raise FetchError(location, f"larger than {MAX_BYTES >> 20} MB")
        with open(path, "rb") as file:  # noqa: PTH123 - faster, and there are many
            return file.read()
    except FileNotFoundError as error:
        raise FetchError(location, "file not found") from error
    except ValueError as error:  # a path with a null character
        raise FetchError(location, f"not a path: {error}") from error
    except OSError as error:
        raise FetchError(location, f"cannot be read: {error.strerror}") from error


def _read_data_url(url: str) -> bytes:
    head, comma, body = url.partition(",")
    if not comma:
        raise FetchError(url[:40], "not a data URL: it has no comma")
    data = unquote_to_bytes(body.encode("utf-8", "surrogateescape"))
    if not re.search(r";\s*base64\s*$", head, re.IGNORECASE):
        return data
    data = b"".join(data.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)
    except binascii.Error as error:
        raise FetchError(url[:40], f"not a data URL: {error}") from error
