"""The tools of a map: select, lasso, zoom, pan, fit, as Orange's plots have them."""

from __future__ import annotations

from pathlib import Path

from AnyQt.QtCore import QEvent, QSize, pyqtSignal
from AnyQt.QtGui import QIcon, QImage, QPalette, QPixmap
from AnyQt.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget
from Orange import widgets

from orangecontrib.imageembedding.widgets.map.view import LASSO, PAN, SELECT, ZOOM

TIPS = {
    SELECT: "Select",
    LASSO: "Select by lasso",
    ZOOM: "Zoom: drag a rectangle; a click zooms in, a right click out",
    PAN: "Drag to move the map",
}
NAMES = {SELECT: "Select", LASSO: "Lasso", ZOOM: "Zoom", PAN: "Pan"}
ICONS = {SELECT: "Dlg_arrow", ZOOM: "Dlg_zoom", PAN: "Dlg_pan_hand"}
KEEPS = " (Shift: new group, Ctrl: add or remove)"
ORANGES = Path(widgets.__file__).parent / "icons"
OWN = Path(__file__).parents[1] / "icons" / "lasso.svg"
SIZE = 18
DARK = 128


class ToolBar(QWidget):
    """Buttons of which one is down, and one that shows the whole map."""

    chosen = pyqtSignal(str)
    fit = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._group = QButtonGroup(self)
        self._paths: dict[QToolButton, str] = {}
        self.buttons: dict[str, QToolButton] = {}
        for tool, tip in TIPS.items():
            told = tip + KEEPS if tool in (SELECT, LASSO) else tip
            button = self._add(ICONS.get(tool, ""), told, NAMES[tool])
            button.setCheckable(True)
            button.clicked.connect(lambda _, tool=tool: self.chosen.emit(tool))
            self._group.addButton(button)
            self.buttons[tool] = button
        self.fit_button = self._add("Dlg_zoom_reset", "Zoom to fit (0)", "Zoom to fit")
        self.fit_button.clicked.connect(self.fit)
        row.addStretch(1)
        self._show_icons()

    def set_tool(self, tool: str) -> None:
        """Show which tool is in use."""
        self.buttons[tool].setChecked(True)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.PaletteChange:
            self._show_icons()

    def _show_icons(self) -> None:
        """Show black icons, or, on a dark ground, white ones."""
        is_dark = self.palette().color(QPalette.Window).lightness() < DARK
        for button, path in self._paths.items():
            image = QIcon(path).pixmap(2 * SIZE, 2 * SIZE).toImage()
            if is_dark:
                image.invertPixels(QImage.InvertRgb)
            button.setIcon(QIcon(QPixmap.fromImage(image)))

    def _add(self, icon: str, tip: str, name: str) -> QToolButton:
        button = QToolButton(toolTip=tip, iconSize=QSize(SIZE, SIZE))
        self._paths[button] = str(ORANGES / f"{icon}.png") if icon else str(OWN)
        button.setAccessibleName(name)
        self.layout().addWidget(button)
        return button
