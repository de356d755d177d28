"""How many threads compute a single image: all, unless that turns out to be slower.

On an idle computer two cores make one image nearly twice as fast. Where others compute, too, each
layer waits for the thread that is held up, and all together are many times slower than one alone.
"""

from __future__ import annotations

RETRY_AFTER = 32  # images; then the slower way is tried again: the computer may be idle now


class SingleImages:
    """Learns from image to image what is faster.

    Parameters
    ----------
    n_threads : int
        All that there are.
    """

    def __init__(self, n_threads: int) -> None:
        self._seconds = dict.fromkeys((n_threads, 1), 0.0)  # of the last image, or not yet tried
        self._n_since_retry = 0

    def n_threads(self) -> int:
        """Get the number of threads for the next image."""
        self._n_since_retry += 1
        if self._n_since_retry > RETRY_AFTER:
            self._n_since_retry = 0
            return max(self._seconds, key=self._seconds.__getitem__)
        return min(self._seconds, key=self._seconds.__getitem__)

    def took(self, n_threads: int, seconds: float) -> None:
        """Note how long an image took."""
        self._seconds[n_threads] = seconds
