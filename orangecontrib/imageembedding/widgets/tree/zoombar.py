"""Height of the rows of a tree, to be seen and set: − slider + and the whole."""

from __future__ import annotations

import math
from collections.abc import Callable

from AnyQt.QtCore import QSignalBlocker, Qt
from AnyQt.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QToolButton, QWidget

from orangecontrib.imageembedding.widgets.tree.view import MAX_ROW, ZOOM_STEP, TreeView

N_STEPS = 100
SLIDER_PX = 120


class ZoomBar(QWidget):
    """Zooms a view, and follows where it is zoomed by other means."""

    def __init__(self, view: TreeView) -> None:
        super().__init__()
        self._view = view
        self.slider = QSlider(Qt.Horizontal, minimum=0, maximum=N_STEPS)
        self.slider.setFixedWidth(SLIDER_PX)
        self.slider.setAccessibleName("Zoom")
        self.slider.setToolTip("Height of the rows and size of the images (Ctrl+wheel, + and −)")
        self.slider.valueChanged.connect(self._slid)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(_button("−", "Thinner rows", lambda: view.zoom_rows(1 / ZOOM_STEP)))
        layout.addWidget(self.slider)
        layout.addWidget(_button("+", "Higher rows", lambda: view.zoom_rows(ZOOM_STEP)))
        layout.addWidget(_button("Fit", "Show the whole tree (0)", view.fit))
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        view.laid_out.connect(self._follow)
        self._follow()

    def _lowest(self) -> float:
        return min(self._view.whole_row(), MAX_ROW / ZOOM_STEP)

    def _slid(self, step: int) -> None:
        row = self._lowest() * (MAX_ROW / self._lowest()) ** (step / N_STEPS)
        self._view.zoom_rows(row / self._view.row)

    def _follow(self) -> None:
        self.setEnabled(self._view.item is not None)
        if self._view.item is not None:
            part = math.log(self._view.row / self._lowest()) / math.log(MAX_ROW / self._lowest())
            with QSignalBlocker(self.slider):
                self.slider.setValue(round(N_STEPS * min(max(part, 0.0), 1.0)))


def _button(text: str, tip: str, clicked: Callable[[], object]) -> QToolButton:
    button = QToolButton(text=text, toolTip=tip, autoRaise=True)
    button.setAccessibleName(tip)
    button.clicked.connect(lambda: clicked())
    return button
