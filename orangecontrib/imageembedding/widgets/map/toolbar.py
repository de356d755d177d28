"""The tools of a map: select, lasso, zoom, pan, fit, as Orange's plots have them."""

from __future__ import annotations

from pathlib import Path

from AnyQt.QtCore import QSize, pyqtSignal
from AnyQt.QtGui import QIcon
from AnyQt.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget
from Orange import widgets

from orangecontrib.imageembedding.widgets.map.view import LASSO, PAN, SELECT, ZOOM

TIPS = {
    SELECT: "Select",
    LASSO: "Select by lasso",
    ZOOM: "Zoom: drag a rectangle; a click zooms in, a right click out",
    PAN: "Pan",
}
NAMES = {SELECT: "Select", LASSO: "Lasso", ZOOM: "Zoom", PAN: "Pan"}
ICONS = {SELECT: "Dlg_arrow", ZOOM: "Dlg_zoom", PAN: "Dlg_pan_hand"}
KEEPS = " (Shift: new group, Ctrl: more or fewer)"
ORANGES = Path(widgets.__file__).parent / "icons"
OWN = Path(__file__).parents[1] / "icons" / "lasso.svg"
SIZE = 18


class ToolBar(QWidget):
    """Buttons of which one is down, and one that shows the whole map."""

    chosen = pyqtSignal(str)
    fit = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._group = QButtonGroup(self)
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

    def set_tool(self, tool: str) -> None:
        """Show which tool is in use."""
        self.buttons[tool].setChecked(True)

    def _add(self, icon: str, tip: str, name: str) -> QToolButton:
        path = str(ORANGES / f"{icon}.png") if icon else str(OWN)
        button = QToolButton(icon=QIcon(path), toolTip=tip, iconSize=QSize(SIZE, SIZE))
        button.setAccessibleName(name)
        self.layout().addWidget(button)
        return button
