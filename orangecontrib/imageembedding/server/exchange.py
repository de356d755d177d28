"""A request and its answer, as the log and the metrics name them."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

ID_HEADER = "X-Request-Id"
SANE_ID = re.compile(r"[!-~]{1,128}")


@dataclass(slots=True)
class Exchange:
    """One of them.

    Attributes
    ----------
    id : str
        As the client calls the request, or a new one.
    key_name : str or None
        Name of its API key; None if it has none, or none is required.
    status : int
        Of the answer.
    has_begun : bool
        Whether the answer has.
    """

    id: str
    status: int
    key_name: str | None = None
    has_begun: bool = False


CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


def request_id(given: str = "") -> str:
    """Get the id of a request: what the client gives, if that is sane, or a new one."""
    return given if SANE_ID.fullmatch(given) else secrets.token_hex(16)
