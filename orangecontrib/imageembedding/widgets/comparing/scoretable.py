"""The scores of embedders side by side."""

from __future__ import annotations

from math import isnan

from AnyQt.QtCore import QItemSelectionModel, Qt, pyqtSignal
from AnyQt.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from orangecontrib.imageembedding.comparisons.score import clear_best
from orangecontrib.imageembedding.comparisons.scores import MEASURES, Measure
from orangecontrib.imageembedding.pipeline import ComparedEmbedder, ComparedEmbedders

KEY_ROLE = Qt.UserRole
VALUE_ROLE = Qt.UserRole + 1
BEST = "Better than all others by more than the error."


class _Number(QTableWidgetItem):
    """A score: sorted by its value, those without one below all others."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        mine, its = self.data(VALUE_ROLE), other.data(VALUE_ROLE)
        return bool(mine < its or (isnan(mine) and not isnan(its)))


class ScoreTable(QTableWidget):
    """Shows `ComparedEmbedders`; a click on a row chooses the embedder."""

    chosen = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Scores")
        self.setEditTriggers(QTableWidget.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectRows)
        self.setSelectionMode(QTableWidget.SingleSelection)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.setSortingEnabled(True)
        self.horizontalHeader().setHighlightSections(False)  # bold is for the best
        self.horizontalHeader().setSortIndicator(-1, Qt.DescendingOrder)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeToContents)
        self.itemSelectionChanged.connect(self._selection_changed)

    def show_scores(self, compared: ComparedEmbedders | None, chosen: str) -> None:
        """Show scores, with the row of one embedder selected; tells nobody."""
        self.blockSignals(True)
        self.setSortingEnabled(False)
        self.clear()
        embedders = compared.embedders if compared is not None else ()
        measures = [m for m in MEASURES if any(_is_known(one, m) for one in embedders)]
        has_reason = any(one.reason for one in embedders)
        titles = ["Embedder", *(m.title for m in measures), *(["Reason"] if has_reason else [])]
        self.setColumnCount(len(titles))
        self.setRowCount(len(embedders))
        self.setHorizontalHeaderLabels(titles)
        for row, one in enumerate(embedders):
            self.setItem(row, 0, _text(one, one.title))
            if has_reason:
                self.setItem(row, len(titles) - 1, _text(one, one.reason))
        for column, measure in enumerate(measures, start=1):
            self.horizontalHeaderItem(column).setToolTip(measure.text)
            scores = [one.scores.of(measure) for one in embedders]
            best = clear_best(scores) if measure.has_best else None
            for row, one in enumerate(embedders):
                self.setItem(row, column, _number(one, measure, row == best))
        self.setSortingEnabled(bool(embedders))
        self.blockSignals(False)
        self.choose(chosen)

    def choose(self, embedder_id: str) -> None:
        """Select the row of an embedder, or none; tells nobody."""
        self.blockSignals(True)
        self.clearSelection()
        for row in range(self.rowCount()):
            if self.item(row, 0).data(KEY_ROLE) == embedder_id:
                index = self.model().index(row, 0)
                flags = QItemSelectionModel.ClearAndSelect | QItemSelectionModel.Rows
                self.selectionModel().setCurrentIndex(index, flags)
        self.blockSignals(False)
        self.viewport().update()

    def lines(self) -> list[list[str]]:
        """Get the headings and the texts, as they are sorted; the best has a star."""
        lines = [[self.horizontalHeaderItem(i).text() for i in range(self.columnCount())]]
        for row in range(self.rowCount()):
            items = [self.item(row, column) for column in range(self.columnCount())]
            lines.append([item.text() + (" *" if item.font().bold() else "") for item in items])
        return lines

    def _selection_changed(self) -> None:
        items = self.selectedItems()
        if items:
            self.chosen.emit(self.item(items[0].row(), 0).data(KEY_ROLE))


def _is_known(one: ComparedEmbedder, measure: Measure) -> bool:
    return not isnan(one.scores.of(measure).value)


def _text(one: ComparedEmbedder, text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setData(KEY_ROLE, one.id)
    item.setToolTip(one.reason or f"{one.title}, {one.place}")
    if one.reason:  # nothing can be had of it
        item.setFlags(Qt.ItemIsEnabled)
    return item


def _number(one: ComparedEmbedder, measure: Measure, is_best: bool) -> QTableWidgetItem:
    score = one.scores.of(measure)
    item = _Number(score.text)
    item.setData(VALUE_ROLE, score.value)
    item.setTextAlignment(Qt.AlignRight | Qt.AlignVCenter)
    item.setToolTip(f"{measure.text}. {BEST}" if is_best else measure.text)
    if is_best:
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        item.setData(Qt.AccessibleTextRole, f"{score.text}, the best")
    if one.reason:
        item.setFlags(Qt.ItemIsEnabled)
    return item
