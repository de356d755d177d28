"""Answers of web servers, cached on disk for as long as HTTP's rules (RFC 9111) allow."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from orangecontrib.imageembedding.caches.layout import Layout
from orangecontrib.imageembedding.caches.store import Store

MAX_ENTRY_BYTES = 64 << 20
USED_STEP_S = 3600.0  # looking up writes nothing if the last use is not older than this
GUESSED_PART = 0.1  # without an expiry date: of the time since the last change (RFC 9111, 4.2.2)
MAX_GUESSED_S = 24 * 3600.0
KEPT_HEADERS = ("age", "cache-control", "date", "etag", "expires", "last-modified", "vary")

ANSWERS = Layout(
    name="web.sqlite",
    contents="images from the web",
    schema="""
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, headers TEXT NOT NULL, fresh_until REAL NOT NULL, used_at REAL NOT NULL,
    n_bytes INTEGER NOT NULL, checksum INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_use ON answers (used_at, n_bytes)
""",
    entries="answers",
    payload="body",
    limit_bytes=512 << 20,
)
CACHE = Store(ANSWERS)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer of earlier.

    Attributes
    ----------
    body : bytes
    headers : dict of str to str
        Those that say how long it holds, in lower case.
    fresh_until : float
        How long it is fresh: a time in seconds since 1970.
    """

    body: bytes
    headers: dict[str, str]
    fresh_until: float

    @property
    def is_fresh(self) -> bool:
        """Whether it can be used without asking."""
        return time.time() < self.fresh_until

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the body only if it has changed."""
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        return {names[name]: self.headers[name] for name in names if name in self.headers}


def look_up(url: str) -> Kept | None:
    """Get the cached answer of a URL, fresh or not; None if there is none.

    Parameters
    ----------
    url : str
        Without a fragment.
    """
    key, now = _key(url), time.time()

    def work(base: sqlite3.Connection) -> Kept | None:
        row = base.execute(
            "SELECT headers, fresh_until, body, checksum, used_at FROM answers WHERE key = ?",
            (key,),
        ).fetchone()
        if row is None or _checksum(key, row[2]) != row[3]:
            return None
        if now - row[4] > USED_STEP_S:
            base.execute("UPDATE answers SET used_at = ? WHERE key = ?", (now, key))
        return Kept(row[2], json.loads(row[0]), row[1])

    return CACHE.read(work, None)


def keep(url: str, headers: Mapping[str, str], body: bytes) -> None:
    """Cache a complete answer 200, if its headers allow it; else remove the cached one.

    Parameters
    ----------
    url : str
        Without a fragment.
    headers : mapping of str to str
        Names in lower case.
    body : bytes
        Decoded.
    """
    told = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    now = time.time()
    fresh_until = now + fresh_for_s(told, now)
    may = "no-store" not in _directives(told) and told.get("vary", "").strip() != "*"
    is_useful = fresh_until > now or "etag" in told or "last-modified" in told
    key = _key(url)

    def work(base: sqlite3.Connection) -> None:
        if not (may and is_useful and len(body) <= MAX_ENTRY_BYTES):
            base.execute("DELETE FROM answers WHERE key = ?", (key,))
            return
        base.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, json.dumps(told), fresh_until, now, len(body), _checksum(key, body), body),
        )

    CACHE.write(work)


def renew(url: str, kept: Kept, headers: Mapping[str, str]) -> None:
    """Note that the server has confirmed `kept` (304) with these headers."""
    told = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    # Age and dates are those of this answer, or none: they must not be mixed with the old ones.
    merged = {name: kept.headers[name] for name in kept.headers if name not in ("age", "date")}
    merged |= told
    now = time.time()
    row = (json.dumps(merged), now + fresh_for_s(merged, now), now, _key(url))
    change = "UPDATE answers SET headers = ?, fresh_until = ?, used_at = ? WHERE key = ?"
    CACHE.write(lambda base: base.execute(change, row))


def fresh_for_s(headers: Mapping[str, str], now: float) -> float:
    """Tell how many more seconds an answer that has just come can be used without asking.

    Parameters
    ----------
    headers : mapping of str to str
        Names in lower case.
    now : float
        Seconds since 1970.

    Returns
    -------
    seconds : float
        At least 0. A private cache: ``s-maxage`` and ``private`` mean nothing to it.
    """
    directives = _directives(headers)
    if "no-cache" in directives or "no-store" in directives:
        return 0.0
    date = _seconds(headers.get("date"), now)
    if "max-age" in directives:
        lifetime = _number(directives["max-age"])
    elif "expires" in headers:
        lifetime = _seconds(headers["expires"], 0.0) - date  # "Expires: 0" has expired
    else:
        changed = _seconds(headers.get("last-modified"), date)
        lifetime = min(GUESSED_PART * (date - changed), MAX_GUESSED_S)
    age = max(_number(headers.get("age", "0")), now - date)
    return max(0.0, lifetime - age)


def _directives(headers: Mapping[str, str]) -> dict[str, str]:
    parts = headers.get("cache-control", "").lower().split(",")
    pairs = [part.partition("=") for part in parts]
    return {name.strip(): value.strip(' "') for name, _, value in pairs}


def _number(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _seconds(date: str | None, otherwise: float) -> float:
    """Read a date of HTTP."""
    if date is None:
        return otherwise
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _checksum(key: str, body: bytes) -> int:
    """Get what tells a body that the disk has changed, and one of another URL."""
    return zlib.crc32(body, zlib.crc32(key.encode()))


def _key(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()
