"""Whether a file is still what it was, without reading it."""

from __future__ import annotations

import os
import time

# Shortly after a change, a further one may leave the same time: the clocks of file systems
# tick every 4 ms to 10 ms, those that know no parts of seconds every 2 s.
TICK_NS = 20_000_000
COARSE_TICK_NS = 2_000_000_000
SECOND_NS = 1_000_000_000


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
