"""Errors of the HTTP client → a reason in plain words, and whether another try makes sense."""

from __future__ import annotations

import socket
import ssl

import httpx

from orangecontrib.imageembedding.errors import causes_of

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 20.0  # between two pieces

# The first that fits, of the error and of what led to it:
# (kind, reason, whether another try makes sense, whether there was not even a connection)
KINDS: list[tuple[type[BaseException], str, bool, bool]] = [
    (ssl.SSLCertVerificationError, "certificate not accepted", False, False),
    (socket.gaierror, "host name not found", False, True),
    (ConnectionRefusedError, "connection refused", True, True),
    (httpx.ConnectTimeout, f"no connection within {CONNECT_TIMEOUT_S:g} s", True, True),
    (httpx.TimeoutException, f"no answer within {READ_TIMEOUT_S:g} s", True, False),
    (httpx.ProxyError, "the proxy refuses", False, False),
    (httpx.ConnectError, "no connection", True, True),
    (httpx.NetworkError, "the connection broke off", True, False),
    (httpx.RemoteProtocolError, "the connection broke off", True, False),
    (httpx.DecodingError, "the answer cannot be unpacked", False, False),
]
WITH_DETAILS = (ssl.SSLCertVerificationError, httpx.ProxyError, httpx.ConnectError)


class WebFailure(Exception):  # noqa: N818 - becomes a FetchError, once it is known of which image
    """Why a try brought no image.

    Parameters
    ----------
    reason : str
        For the user.
    pause_s : float, optional
        Another try makes sense, but not sooner than this; None if it makes none.
    is_lost : bool, optional
        Whether there was not even a connection.
    """

    def __init__(self, reason: str, pause_s: float | None = None, is_lost: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause_s = pause_s
        self.is_lost = is_lost


def failure_of(error: BaseException) -> WebFailure:
    """Say in plain words what went wrong.

    Parameters
    ----------
    error : exception
        Of httpx, or of what it stands on.

    Returns
    -------
    failure : WebFailure
        To be raised.
    """
    causes = causes_of(error)
    for kind, reason, again, is_lost in KINDS:
        found = next((cause for cause in causes if isinstance(cause, kind)), None)
        if found is None:
            continue
        details = f": {_details(found, causes)}" if isinstance(found, WITH_DETAILS) else ""
        is_busy = isinstance(found, socket.gaierror) and found.errno == socket.EAI_AGAIN
        return WebFailure(reason + details, 0.0 if again or is_busy else None, is_lost)
    return WebFailure(f"not an address of the web: {error}")


def _details(found: BaseException, causes: list[BaseException]) -> str:
    if isinstance(found, ssl.SSLCertVerificationError):
        return found.verify_message
    words = [getattr(cause, "strerror", None) or str(cause) for cause in causes]
    return next((text for text in reversed(words) if text), "no reason given")
