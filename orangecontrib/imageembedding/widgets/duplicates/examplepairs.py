"""Pairs of images that are as similar as the slider says."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from AnyQt.QtGui import QPainter, QPaintEvent, QPalette
from AnyQt.QtWidgets import QSizePolicy, QWidget

from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

SIDE = 52
GAP = 4
N_PAIRS = 2


class ExamplePairs(QWidget):
    """Shows a few pairs side by side."""

    def __init__(self, pixmaps: Pixmaps) -> None:
        super().__init__()
        self._pixmaps = pixmaps
        self.pairs: Sequence[tuple[str, str]] = ()
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.setAccessibleName("Pairs with about this similarity")
        pixmaps.ready.connect(lambda _: self.update())

    def sizeHint(self) -> QSize:
        return QSize(N_PAIRS * (2 * SIDE + 3 * GAP), SIDE + 2 * GAP)

    def set_pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Show other pairs of locations."""
        self.pairs = pairs[:N_PAIRS]
        self.setToolTip("\n".join(f"{one} – {other}" for one, other in self.pairs))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side_px = round(SIDE * self.devicePixelRatioF())
        painter.setPen(self.palette().color(QPalette.Text))
        if not self.pairs:
            painter.drawText(self.rect(), int(Qt.AlignVCenter), "No pairs have this similarity.")
        for i, pair in enumerate(self.pairs):
            for j, location in enumerate(pair):
                left = i * (2 * SIDE + 3 * GAP) + j * (SIDE + 1)
                place = QRectF(left, GAP, SIDE, SIDE)
                pixmap = self._pixmaps.pixmap(location, side_px)
                if pixmap is None:
                    painter.drawRect(place.adjusted(0, 0, -1, -1))
                    continue
                size = QSizeF(pixmap.size()) / self.devicePixelRatioF()
                target = QRectF(QPointF(), size)
                target.moveCenter(place.center())
                painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
        painter.end()
