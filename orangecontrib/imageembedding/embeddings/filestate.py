"""Whether a file is still what it was, without reading it."""

from __future__ import annotations

import os
import time

from orangecontrib.imageembedding.errors import FetchError
from orangecontrib.imageembedding.images.fetch import is_url, path_of_file_url

# Within so long after a change, another one may leave the same time: the clocks of file systems
# tick every 4 ms to 10 ms, those that know no parts of seconds every 2 s.
TICK_NS = 20_000_000
COARSE_TICK_NS = 2_000_000_000
SECOND_NS = 1_000_000_000


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


def file_state(path: str) -> str | None:
    """Get a text that changes when the file does: its size, times and number.

    Returns
    -------
    state : str or None
        None if there is no such file, or it was changed so lately that the next change might
        not be seen.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    tick = TICK_NS if status.st_mtime_ns % SECOND_NS else COARSE_TICK_NS
    if 0 <= time.time_ns() - changed < tick:
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
