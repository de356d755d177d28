"""When a request is tried again, and after which pause."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time
from typing import TypeVar

from orangecontrib.imageembedding.http.client import Reply
from orangecontrib.imageembedding.http.failures import HttpError

T = TypeVar("T")

FIRST_PAUSE_S, MAX_PAUSE_S = 0.5, 15.0  # a server may ask for longer ones
# Statuses that another try can change.
PASSING = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


async def with_retries(
    attempt: Callable[[int], Awaitable[T]], may_try_again: Callable[[int, HttpError], bool]
) -> T:
    """Try until it succeeds or is given up.

    Parameters
    ----------
    attempt : async callable
        One try; gets its number, from 1.
    may_try_again : callable
        Gets the number of tries so far and the error of the last one.

    Raises
    ------
    HttpError
        That of the last try.
    """
    n_tried = 0
    while True:
        n_tried += 1
        try:
            return await attempt(n_tried)
        except HttpError as error:
            if not may_try_again(n_tried, error):
                raise
            asked_s = error.pause_s or 0.0
        # Twice as long each time, and at random: clients that failed together come apart.
        backoff_s = min(FIRST_PAUSE_S * 2 ** min(n_tried - 1, 10), MAX_PAUSE_S)
        await asyncio.sleep(max(asked_s, backoff_s) * random.uniform(1.0, 1.5))


def refused(reply: Reply) -> HttpError:
    """Raise for an answer that is an error; a passing one may be retried.

    Returns
    -------
    error : HttpError
        To be raised.
    """
    pause_s = _retry_after_s(reply.headers.get("retry-after", ""))
    return HttpError(
        f"the server answers {reply.status} ({reply.phrase or 'no reason given'})",
        pause_s=pause_s if reply.status in PASSING else None,
        status=reply.status,
    )


def _retry_after_s(text: str) -> float:
    """Read the header Retry-After: seconds or a date; 0 if it is neither."""
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (ValueError, OverflowError, TypeError):
        return 0.0
