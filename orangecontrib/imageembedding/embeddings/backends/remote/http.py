"""The HTTP client: httpx2 where it is installed, else httpx, whose interface is the same."""

from __future__ import annotations

import importlib.util
import socket
import ssl
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.errors import (
    ServerCertificateError,
    ServerError,
    ServerUnreachableError,
    causes_of,
)

if TYPE_CHECKING:
    import httpx
elif importlib.util.find_spec("httpx2") is not None:
    import httpx2 as httpx
else:
    import httpx

__all__ = ["CAUGHT", "failure_of", "httpx", "new_client"]

CONNECT_TIMEOUT_S = 10.0
USER_AGENT = "Orange3-ImageEmbedding"
CAUGHT = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError)

# The first that fits, of the error and of what led to it:
# (kind, what is wrong, whether another try makes sense once the server has answered)
KINDS: list[tuple[type[BaseException], str, bool]] = [
    (socket.gaierror, "its name is not found. Check the address and the network.", True),
    (
        ConnectionRefusedError,
        "it refuses the connection. Check that it is running, and the port of the address.",
        True,
    ),
    (
        ssl.SSLError,
        "it does not speak https. If it has no certificate, its address begins with http.",
        False,
    ),
    (httpx.ProxyError, "the proxy refuses. Check the proxies in Orange's settings.", False),
    (
        httpx.ConnectTimeout,
        f"no connection within {CONNECT_TIMEOUT_S:g} s. Check the address and the network.",
        True,
    ),
    (httpx.TimeoutException, "it does not answer in time. Try again later.", True),
    (httpx.ConnectError, "no connection. Check the address and the network.", True),
    (httpx.TransportError, "the connection broke off. Try again later.", True),
]


def new_client(api_key: str | None, n_connections: int) -> httpx.AsyncClient:
    """Make a client for one server; proxies and certificates are those of the environment.

    Raises
    ------
    ServerUnreachableError
        If these are wrong.
    """
    headers = {"User-Agent": USER_AGENT}
    if api_key is not None:
        headers["Authorization"] = f"Bearer {api_key}"
    try:
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(
                max_connections=n_connections, max_keepalive_connections=n_connections
            ),
        )
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        raise ServerUnreachableError(
            f"The proxy or the certificates set on this computer cannot be used: {error}."
        ) from error


def failure_of(error: BaseException, url: str) -> tuple[ServerError, bool]:
    """Say in plain words what went wrong.

    Parameters
    ----------
    error : exception
        One of `CAUGHT`.
    url : str
        Of the server; named in the message.

    Returns
    -------
    failure : ServerError
        To be raised.
    is_passing : bool
        Whether another try makes sense.
    """
    start = f"The server {url} cannot be used:"
    causes = causes_of(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            message = f"{start} its certificate is not accepted: {cause.verify_message}. "
            message += "SSL_CERT_FILE can name the certificate of whoever signed it."
            return ServerCertificateError(message), False
    for kind, reason, is_passing in KINDS:
        if any(isinstance(cause, kind) for cause in causes):
            return ServerUnreachableError(f"{start} {reason}"), is_passing
    return ServerUnreachableError(f"{start} {error}."), False
