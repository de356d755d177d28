"""Several columns, chosen by a combo each; more combos come on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from AnyQt.QtCore import pyqtSignal
from AnyQt.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget
from Orange.data import Variable
from Orange.widgets.utils.itemmodels import DomainModel
from Orange.widgets.widget import OWWidget
from orangewidget.utils.combobox import ComboBoxSearch


class ColumnCombos(QWidget):
    """A combo for each column that is chosen, and a button that adds one.

    Parameters
    ----------
    model : DomainModel
        With a first row for no column; all combos show it.
    name : str
        Of what is chosen.
    tip : str
        What it is good for.
    """

    changed = pyqtSignal(list)
    """The columns that the user has chosen, each once, in their order."""

    def __init__(self, model: DomainModel, name: str, tip: str) -> None:
        super().__init__()
        self._model, self._name = model, name
        self.setToolTip(tip)
        self.setAccessibleName(name)
        self.combos: list[ComboBoxSearch] = []
        self.add_button = QToolButton(text="+", autoRaise=True)
        self.add_button.setToolTip(f"{name}: choose one more column")
        self.add_button.setAccessibleName(f"One more column ({name})")
        self.add_button.clicked.connect(self._add_and_open)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setColumnStretch(0, 1)
        self.set_columns(())

    def set_columns(self, columns: Sequence[Variable]) -> None:
        """Show which columns are chosen."""
        while len(self.combos) > max(len(columns), 1):
            combo = self.combos.pop()
            self._layout.removeWidget(combo)
            combo.hide()
            combo.deleteLater()
        while len(self.combos) < max(len(columns), 1):
            self._add()
        for combo, column in zip(self.combos, columns or [None], strict=True):
            combo.setCurrentIndex(self._model.indexOf(column))
        self._place_button()

    def columns(self) -> list[Variable]:
        """Get the columns that are chosen, each once."""
        indices = [combo.currentIndex() for combo in self.combos]
        chosen = [self._model[index] for index in indices if index >= 0]
        return list(dict.fromkeys(column for column in chosen if isinstance(column, Variable)))

    def _add(self) -> ComboBoxSearch:
        combo = ComboBoxSearch(toolTip=self.toolTip())
        combo.setModel(self._model)
        combo.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        combo.setMaximumContentsLength(0)
        combo.activated.connect(self._chosen)
        self.combos.append(combo)
        combo.setAccessibleName(f"{self._name} {len(self.combos)}")
        self._layout.addWidget(combo, len(self.combos), 0)
        return combo

    def _add_and_open(self) -> None:
        combo = self._add()
        combo.setCurrentIndex(0)
        self._place_button()
        combo.setFocus()
        combo.showPopup()

    def _chosen(self) -> None:
        columns = self.columns()
        self.set_columns(columns)
        self.changed.emit(columns)

    def _place_button(self) -> None:
        self._layout.addWidget(self.add_button, len(self.combos), 1)
        is_full = len(self.columns()) == len(self.combos)
        self.add_button.setEnabled(is_full)


def add_column_combos(
    widget: OWWidget, setting: str, model: DomainModel, name: str, tip: str,
    callback: Callable[[], object],
) -> ColumnCombos:  # fmt: skip
    """Make combos that choose the columns of a setting, and follow it."""
    combos = ColumnCombos(model, name, tip)

    def chosen(columns: list[Variable]) -> None:
        setattr(widget, setting, columns)
        callback()

    combos.changed.connect(chosen)
    widget.connect_control(setting, combos.set_columns)
    setattr(widget.controls, setting, combos)
    return combos
