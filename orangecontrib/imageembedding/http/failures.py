"""Errors of the HTTP library → one error with a reason in plain words."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

import httpx2

from orangecontrib.imageembedding.errors import causes_of

CAUGHT = (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError)
NETWORK = "Check the address and the network."
LATER = "Try again later."
PROXY = "Check the proxies in Orange's settings."


class HttpError(Exception):
    """Why a request failed; the caller turns it into an error of its own.

    Parameters
    ----------
    reason : str
        For the user; without the address.
    advice : str, optional
        What the user can do: sentences.
    pause_s : float, optional
        Another try makes sense, but not sooner than this; None if it makes none.
    is_lost : bool, optional
        Whether there was not even a connection.
    is_untrusted : bool, optional
        Whether the server's certificate was not accepted.
    status : int, optional
        What the server answered, if it did.
    """

    def __init__(
        self,
        reason: str,
        advice: str = "",
        pause_s: float | None = None,
        *,
        is_lost: bool = False,
        is_untrusted: bool = False,
        status: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.pause_s = pause_s
        self.is_lost = is_lost
        self.is_untrusted = is_untrusted
        self.status = status


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of error: ``{}`` in the reason is replaced by its own words."""

    error: type[BaseException]
    reason: str
    advice: str = NETWORK
    is_passing: bool = False
    is_lost: bool = False


# The first that fits, of the error and of what led to it.
KINDS = (
    _Kind(
        ssl.SSLCertVerificationError,
        "certificate not accepted: {}",
        "Set SSL_CERT_FILE to the certificate of the authority that signed it.",
    ),
    _Kind(socket.gaierror, "host name not found", is_lost=True),
    _Kind(
        ConnectionRefusedError,
        "connection refused",
        "Check that the server is running, and the port of the address.",
        is_passing=True,
        is_lost=True,
    ),
    _Kind(ssl.SSLEOFError, "the connection was lost", LATER, is_passing=True),
    _Kind(
        ssl.SSLError,
        "the server does not use https: {}",
        "If it has no certificate, its address must begin with http.",
    ),
    _Kind(
        httpx2.ConnectTimeout,
        "no connection within {timeout_s:g} s",
        is_passing=True,
        is_lost=True,
    ),
    _Kind(httpx2.TimeoutException, "no answer within {timeout_s:g} s", LATER, is_passing=True),
    _Kind(httpx2.ProxyError, "the proxy refused: {}", PROXY),
    _Kind(httpx2.ConnectError, "no connection: {}", is_passing=True, is_lost=True),
    _Kind(httpx2.NetworkError, "the connection was lost", LATER, is_passing=True),
    _Kind(httpx2.RemoteProtocolError, "the connection was lost", LATER, is_passing=True),
    _Kind(httpx2.DecodingError, "the answer cannot be decompressed", LATER),
)


def failure_of(
    error: BaseException, connect_timeout_s: float, timeout_s: float | None
) -> HttpError:
    """Say in plain words what went wrong.

    Parameters
    ----------
    error : exception
        One of `CAUGHT`.
    connect_timeout_s, timeout_s : float
        The limits that the request had, for the words.

    Returns
    -------
    failure : HttpError
        To be raised from `error`.
    """
    causes = causes_of(error)
    for kind in KINDS:
        found = next((cause for cause in causes if isinstance(cause, kind.error)), None)
        if found is None:
            continue
        is_connecting = isinstance(found, httpx2.ConnectTimeout)
        limit_s = connect_timeout_s if is_connecting or timeout_s is None else timeout_s
        # A name server that is busy, or a network that is just gone.
        is_busy = isinstance(found, socket.gaierror) and found.errno == socket.EAI_AGAIN
        return HttpError(
            kind.reason.format(_details(found, causes), timeout_s=limit_s),
            kind.advice,
            0.0 if kind.is_passing or is_busy else None,
            is_lost=kind.is_lost,
            is_untrusted=isinstance(found, ssl.SSLCertVerificationError),
        )
    return HttpError(f"not a web address: {error}", "Check the address.")


def _details(found: BaseException, causes: list[BaseException]) -> str:
    if isinstance(found, ssl.SSLCertVerificationError):
        return found.verify_message
    words = [getattr(cause, "strerror", None) or str(cause) for cause in causes]
    return next((text for text in reversed(words) if text), "no reason given")
