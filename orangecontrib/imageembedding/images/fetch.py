"""Location → bytes: a path, or a ``file``, ``data``, ``http`` or ``https`` URL."""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from orangecontrib.imageembedding.errors import FetchError

MAX_BYTES = 1 << 30  # an encoded image above 1 GiB is taken for a mistake
TIMEOUT_S = 20.0


def is_url(location: str) -> bool:
    r"""Tell a URL from a path (``C:\x`` is a path: a scheme has two letters or more)."""
    return re.match(r"(?:https?|file|data):", location, re.IGNORECASE) is not None


def fetch(location: str) -> bytes:
    """Read all bytes of one image.

    Parameters
    ----------
    location : str
        Path or URL. Proxies for http and https are those of the environment.

    Returns
    -------
    data : bytes
        Never empty.

    Raises
    ------
    FetchError
        If there is no such file, it cannot be read, is no regular file, or is too large; if a
        server cannot be reached or answers with an error.
    """
    scheme = urlsplit(location).scheme.lower() if is_url(location) else ""
    if scheme in ("http", "https"):
        data = _download(location)
    elif scheme == "data":
        data = _read_data_url(location)
    else:
        data = _read_file(_path_of_file_url(location) if scheme else location, location)
    if not data:
        raise FetchError(location, "empty file")
    return data


def _path_of_file_url(url: str) -> str:
    parts = urlsplit(url)
    host = f"//{parts.netloc}" if parts.netloc not in ("", "localhost") else ""
    # "?" and "#" are characters of a file's name here: urlsplit must not cut them off.
    return url2pathname(host + unquote(url[url.index(":") + 1 :].removeprefix("//" + parts.netloc)))


def _read_file(path: str, location: str) -> bytes:
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise FetchError(location, "is a folder, not a file")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
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
    data = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return data
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise FetchError(url[:40], f"not a data URL: {error}") from error


def _download(url: str) -> bytes:
    import httpx

    chunks = []
    n_bytes = 0
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=TIMEOUT_S) as reply:
            if reply.status_code != httpx.codes.OK:
                phrase = reply.reason_phrase or "no reason given"
                raise FetchError(url, f"the server answers {reply.status_code} ({phrase})")
            for chunk in reply.iter_bytes():
                n_bytes += len(chunk)
                if n_bytes > MAX_BYTES:
                    raise FetchError(url, f"larger than {MAX_BYTES >> 20} MB")
                chunks.append(chunk)
    except httpx.TimeoutException as error:
        raise FetchError(url, f"no answer within {TIMEOUT_S:.0f} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchError(url, f"cannot be downloaded: {error}") from error
    return b"".join(chunks)
