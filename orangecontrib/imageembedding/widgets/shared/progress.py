"""How far work is: a bar and a line of text."""

from __future__ import annotations

import time
from collections import deque

from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

WINDOW_S = 10.0  # over which the speed is measured
MIN_WINDOW_S = 0.5
STEPS = 1000


class WorkProgress(QWidget):
    """Shows a step of work, how many images are done, how fast, and for how long still.

    Attributes
    ----------
    images_per_s : float
        Rate of those that were computed; 0 if it is unknown.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar(maximum=STEPS, textVisible=False)
        self.bar.setAccessibleName("Progress")
        self.bar.setFixedHeight(8)
        self.label = QLabel(textFormat=Qt.PlainText)
        self.label.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.bar)
        layout.addWidget(self.label)
        self.finish("")

    def say(self, text: str) -> None:
        """Begin a step."""
        self._seen.clear()
        self.images_per_s = 0.0
        self.bar.show()
        self.bar.setValue(0)
        self._show(text)

    def set_fraction(self, fraction: float) -> None:
        """Move the bar, 0.0 to 1.0."""
        self.bar.setValue(round(STEPS * fraction))

    def count(self, n_done: int, n_total: int, n_cached: int, location: str) -> None:
        """Show how many images are done and cached; `location` is the last one."""
        self._measure(n_done - n_cached)
        parts = [f"{n_done:,} of {n_total:,} images"]
        if self.images_per_s:
            parts.append(f"{_rounded(self.images_per_s)} per second")
            parts.append(f"{duration((n_total - n_done) / self.images_per_s)} left")
        if n_cached:
            parts.append(f"{n_cached:,} cached")
        self._show(" · ".join(parts), location)

    def finish(self, text: str) -> None:
        """End the work with a last word."""
        self._seen: deque[tuple[float, int]] = deque()
        self.images_per_s = 0.0
        self.bar.setValue(0)
        self.bar.hide()
        self._show(text)

    def _measure(self, n_computed: int) -> None:
        now = time.monotonic()
        if not self._seen or self._seen[-1][1] != n_computed:
            self._seen.append((now, n_computed))
        while len(self._seen) > 2 and now - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        elapsed = now - self._seen[0][0]
        if elapsed >= MIN_WINDOW_S:
            self.images_per_s = (n_computed - self._seen[0][1]) / elapsed

    def _show(self, text: str, tooltip: str = "") -> None:
        self.label.setText(text)
        self.label.setToolTip(tooltip or text)


def duration(seconds: float) -> str:
    """Write a time as people say it."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _rounded(rate: float) -> str:
    return f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"
