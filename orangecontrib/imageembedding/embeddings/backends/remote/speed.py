"""How fast requests go through, and how large they should therefore be."""

from __future__ import annotations

MAX_BYTES = 8_000_000
AIM_S = 10.0  # for a request
WORTH_BYTES = 100_000  # smaller ones say nothing of the line
MEMORY = 0.5  # of what was seen before


class Speed:
    """What was seen of a line.

    Attributes
    ----------
    n_bytes : int
        Size of a request that takes `AIM_S`, at most `MAX_BYTES`.
    """

    def __init__(self) -> None:
        self.n_bytes = MAX_BYTES
        self._bytes_s: float | None = None

    def note(self, n_bytes: int, seconds: float) -> None:
        """Learn from a complete request: sent, computed and answered."""
        if n_bytes < WORTH_BYTES:
            return
        seen = n_bytes / max(seconds, 1e-3)
        before = seen if self._bytes_s is None else self._bytes_s
        self._bytes_s = MEMORY * before + (1 - MEMORY) * seen
        self.n_bytes = min(MAX_BYTES, round(self._bytes_s * AIM_S))
