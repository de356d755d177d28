"""Check Images: what is odd, bad or doubtful in a collection, with reasons."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

import numpy as np
from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton
from Orange.data import Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.signals import LazyValue
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.checks.find import Findings
from orangecontrib.imageembedding.checks.rules import CHECKS, Result
from orangecontrib.imageembedding.pipeline import CheckedImages, flagged_images, with_checks
from orangecontrib.imageembedding.tables.describe import (
    SelectedImages,
    rows_of,
)
from orangecontrib.imageembedding.tables.features import has_embeddings
from orangecontrib.imageembedding.tables.locate import (
    default_image_column,
    image_columns,
)
from orangecontrib.imageembedding.widgets.checks.checklist import CheckList
from orangecontrib.imageembedding.widgets.checks.tasks import check_in_background
from orangecontrib.imageembedding.widgets.checks.threshold import ThresholdBar
from orangecontrib.imageembedding.widgets.checks.tips import TIPS
from orangecontrib.imageembedding.widgets.checks.witnesses import Witnesses
from orangecontrib.imageembedding.widgets.shared.columns import add_image_combo
from orangecontrib.imageembedding.widgets.shared.imagereport import html_of_images
from orangecontrib.imageembedding.widgets.shared.imagesfolder import ImagesFolder
from orangecontrib.imageembedding.widgets.shared.imagewidget import (
    NO_COLUMN,
    NOT_FOUND,
    ImageWidget,
)
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain
from orangecontrib.imageembedding.widgets.thumbnails.view import ThumbnailView
from orangecontrib.imageembedding.widgets.viewing.thumbnailswidget import ThumbnailsWidget

HINT = (
    "Connect a table of images, such as Import Images makes, to find those that need a look. "
    "If it has embeddings, images are compared by these."
)
AFTER_COLUMN = 1  # place in the box
N_WITNESSES = 8
FIRST = "label doubtful"


class OWCheckImages(ThumbnailsWidget, TaskWidget):
    name = "Check Images"
    description = "Find images that are dark, blurry, empty, unusual or wrongly labeled."
    keywords = (
        "image, picture, photo, quality, blur, dark, bright, outlier, label, error, noise, clean, "
        "leak, check"
    )
    icon = "icons/check-images.svg"
    priority = 38

    class Inputs:
        data = Input("Data", Table, default=True)
        reference = Input("Reference Data", Table)

    class Outputs:
        flagged = Output("Flagged Images", Table, default=True)
        data = Output("Data", Table)

    class Error(ImageWidget.Error):
        no_column = Msg(NO_COLUMN)
        failed = Msg("{}")

    class Warning(ImageWidget.Warning):
        not_found = Msg(NOT_FOUND)
        unread = Msg("{} images cannot be read and are not checked; the first: {}")

    class Information(ImageWidget.Information):
        cancelled = Msg("Cancelled: nothing was checked.")
        no_embeddings = Msg(
            "The data have no embeddings: the images are compared by the built-in embedder."
        )
        no_class = Msg("The data have no categorical class: labels are not checked.")

    settings_version = 1
    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    images_folder: str = Setting("", schema_only=True)
    check_id: str = Setting(FIRST, schema_only=True)
    unticked: list[str] = Setting([check.id for check in CHECKS if not check.is_fault])
    bounds: dict[str, float] = Setting({}, schema_only=True)
    side: int = Setting(96)
    auto_commit: bool = Setting(True)
    selected_images: SelectedImages = Setting(("", []), schema_only=True)

    graph_name = "picture"

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.reference: Table | None = None
        self.findings: Findings | None = None
        self._found: Findings | None = None  # with the bounds that the collection suggests
        self._is_new = False
        self._to_restore = self.selected_images
        self.pixmaps = Pixmaps(self)
        self._add_controls()
        self._add_view()
        self.settingsAboutToBePacked.connect(self._note_selection)
        explain(self, TIPS)

    def _add_controls(self) -> None:
        box = gui.vBox(self.controlArea, "Images")
        add_image_combo(box, self, self._column_changed)
        self.folder_row = ImagesFolder(self.images_folder, self.workflowEnv().get("basedir", ""))
        self.images_folder = self.folder_row.folder
        self.folder_row.chosen.connect(self._folder_chosen)
        box.layout().insertWidget(AFTER_COLUMN, self.folder_row)
        box = gui.vBox(self.controlArea, "Checks")
        self.check_list = CheckList()
        self.check_list.set_ticked({check.id for check in CHECKS} - set(self.unticked))
        self.check_list.choose(self.check_id)
        self.check_list.chosen.connect(self._check_chosen)
        self.check_list.ticks_changed.connect(self._ticks_changed)
        box.layout().addWidget(self.check_list)
        gui.rubber(self.controlArea)
        gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.cancel_button = gui.button(
            self.buttonsArea, self, "Cancel", callback=self._cancel_or_check, autoDefault=False
        )
        self.cancel_button.setEnabled(False)

    def _add_view(self) -> None:
        self.told_label = QLabel()
        self.usual_button = QPushButton("Usual Threshold", autoDefault=False)
        self.usual_button.setToolTip("Go back to the threshold that suits this collection")
        self.usual_button.clicked.connect(self._use_usual_bound)
        row = QHBoxLayout()
        row.addWidget(self.told_label, 1)
        row.addWidget(self.usual_button)
        self.threshold = ThresholdBar(self.pixmaps)
        self.threshold.bound_changed.connect(self._bound_moved)
        self.threshold.opened.connect(self._open_row)
        self.view = ThumbnailView()
        self.view.hint = HINT
        self.view.set_title_lines(2)
        self.view.set_side(self.side)
        self.view.side_changed.connect(self._set_side)
        self.view.selection_changed.connect(self._selection_changed)
        self.view.selectionModel().currentChanged.connect(self._show_reason)
        self.view.opened.connect(self.open_preview)
        self.view.setContextMenuPolicy(Qt.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.reason = Witnesses(self.pixmaps)
        self.reason.opened.connect(self._open_row)
        layout = self.mainArea.layout()
        layout.addLayout(row)
        for widget in (self.threshold, self.view, self.reason):
            layout.addWidget(widget)
        self._show_check()

    # Inputs

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        chosen = self._ids_selected()
        same = self.data is not None and data is not None and _same_rows(self.data, data)
        self.cancel()
        self.closeContext()
        self.clear_messages()
        self.data, self._is_new = data, True
        self.view.hint = HINT if data is None else ""
        self.column_model[:] = [] if data is None else image_columns(data)
        self.image_attr = None if data is None else default_image_column(data)
        if data is not None and self.column_model:
            self.openContext(data.domain)
        self._show_images()
        if data is not None and self._locations:
            found, self._to_restore = self._to_restore, ("", [])
            same_rows = np.flatnonzero(np.isin(data.ids, chosen)).tolist()
            self.view.select_rows(same_rows if same else rows_of(self._locations, found))

    @Inputs.reference
    def set_reference(self, reference: Table | None) -> None:
        self.reference, self._is_new = reference, True

    def handleNewSignals(self) -> None:
        if self._is_new:
            self._is_new = False
            self._check()

    def _column_changed(self) -> None:
        self._show_images()
        self._check()

    def _show_images(self) -> None:
        self.findings = self._found = None
        self._find_images()
        self.pixmaps.forget()
        self.view.set_images(self._locations, _Titles(self))
        self._show_check()

    # Checking

    def _check(self) -> None:
        self.cancel()
        self.cancel_button.setText("Cancel")
        for message in (self.Error.failed, self.Warning.unread, self.Information.cancelled):
            message.clear()
        is_there = bool(self._locations)
        self.Information.no_embeddings(shown=is_there and not has_embeddings(self.data))
        self.Information.no_class(shown=is_there and not _has_classes(self.data))
        self.cancel_button.setEnabled(is_there)
        if is_there:
            self.start(partial(check_in_background, self._led, self.reference))
        else:
            self.commit.now()

    def _cancel_or_check(self) -> None:
        if self.task is None:
            self._check()
            return
        self.cancel()
        self.cancel_button.setText("Check Again")
        self.Information.cancelled()
        self.commit.now()

    def on_done(self, result: CheckedImages) -> None:
        self.cancel_button.setEnabled(False)
        self._found = result.findings
        self.findings = self._found.with_bounds(self.bounds).telling(self.check_list.ticked)
        if result.failures:
            row, reason = next(iter(result.failures.items()))
            place = self._locations[row] or f"row {row + 1}"
            self.Warning.unread(len(result.failures), f"{place}: {reason}")
        self.view.images.set_titles(_Titles(self))
        self._show_counts()
        self._show_check()
        self.commit.now()

    def task_failed(self, error: Exception) -> None:
        self.cancel_button.setEnabled(False)
        self.findings = self._found = None
        self._show_check()
        self.commit.now()

    # What is shown

    @property
    def result(self) -> Result | None:
        """What the check that is shown says; None if it could not be made."""
        return None if self.findings is None else self.findings.result_of(self.check_id)

    def _check_chosen(self, check_id: str) -> None:
        self.check_id = check_id
        self._show_check()

    def _ticks_changed(self) -> None:
        ticked = self.check_list.ticked
        self.unticked = [check.id for check in CHECKS if check.id not in ticked]
        if self.findings is not None:
            self.findings = self.findings.telling(ticked)
            self.commit.deferred()

    def _bound_moved(self, bound: float) -> None:
        if self.findings is not None:
            self.bounds = {**self.bounds, self.check_id: bound}
            self.findings = self.findings.with_bounds({self.check_id: bound})
            self._bound_changed()

    def _use_usual_bound(self) -> None:
        usual = None if self._found is None else self._found.result_of(self.check_id)
        if usual is not None and self.findings is not None:
            self.bounds = {key: bound for key, bound in self.bounds.items() if key != self.check_id}
            self.findings = self.findings.with_bounds({self.check_id: usual.bound})
            self.threshold.set_bound(usual.bound)
            self._bound_changed()

    def _bound_changed(self) -> None:
        self._show_counts()
        self._show_ranking()
        self.commit.deferred()

    def _show_counts(self) -> None:
        results = () if self.findings is None else self.findings.results
        self.check_list.set_counts({r.check.id: int(r.flagged.sum()) for r in results})

    def _show_check(self) -> None:
        result = self.result
        if result is None:
            self.threshold.set_values(np.empty(0), False, (), float("nan"))
        else:
            self.threshold.set_values(
                result.values, result.check.is_low, self._locations, result.bound
            )
        self.threshold.setEnabled(result is not None)
        self._show_ranking()

    def _show_ranking(self) -> None:
        """Show the images, those that the check tells first."""
        result = self.result
        check = next(check for check in CHECKS if check.id == self.check_id)
        self.usual_button.setEnabled(self.check_id in self.bounds)
        if result is None:
            missing = "" if self.findings is None else ": not available for these images"
            self.told_label.setText(f"{check.title}{missing}" if self._locations else "")
            self.view.arrange(np.arange(len(self._locations)) if self.findings is None
                              else np.arange(0))  # fmt: skip
            return
        ranked = result.ranked
        n_told, n = int(result.flagged.sum()), len(ranked)
        side = "below" if check.is_low else "above"
        self.told_label.setText(
            f"{check.title}: {n_told:,} of {n:,} images, {check.measure} {side} {result.bound:.3g}"
        )
        groups = [
            (f"{check.title} ({n_told:,})", n_told),
            ("Others, the nearest first", n - n_told),
        ]
        self.view.arrange(ranked, [group for group in groups if group[1]])
        self._show_reason()

    def _show_reason(self) -> None:
        index, findings = self.view.currentIndex(), self.findings
        if not index.isValid() or findings is None or index.row() >= len(self.view.images.rows):
            self.reason.show_images("")
            return
        row = int(self.view.images.rows[index.row()])
        results = [r for r in findings.results if r.flagged[row]]
        results.sort(key=lambda r: (r.check.id != self.check_id, -r.sureness[row]))
        text = "; ".join(f"{r.check.title}: {findings.reason(r, row)}" for r in results)
        images: list[tuple[int, str]] = []
        caption = ""
        suggested = int(findings.suggested[row])
        if self.check_id == "label doubtful" and suggested >= 0:
            rows = findings.witnesses(row, N_WITNESSES).tolist()
            images = [(i, self._locations[i]) for i in rows]
            caption = f"Most like it among {findings.class_names[suggested]}:"
        name = os.path.basename(self._locations[row])
        self.reason.show_images(f"{name}: {text}" if text else f"{name}: no flags", caption, images)

    def title_of(self, row: int) -> str:
        """Get what stands under an image: what was measured, and its file."""
        name = os.path.basename(self._locations[row])
        result = self.result
        if result is None or self.findings is None:
            return name
        return f"{self.findings.brief(result, row)}\n{name}"

    def _set_side(self, side: int) -> None:
        self.side = side
        self.view.set_side(side)

    # One image

    def _open_row(self, row: int) -> None:
        positions = self.view.images.positions_of([row])
        if len(positions):
            self.view.set_current(int(positions[0]))
            self.open_preview(int(positions[0]))

    # Outputs

    def _selection_changed(self) -> None:
        self._show_reason()
        self.commit.deferred()

    @gui.deferred
    def commit(self) -> None:
        data, findings = self._led, self.findings
        if data is None or findings is None:
            self.Outputs.flagged.send(None)
            self.Outputs.data.send(None)
            return
        selected = np.array(self.view.selected_rows(), dtype=int)
        rows = selected if len(selected) else findings.flagged_rows
        chosen = LazyValue[Table](lambda: flagged_images(data, findings, rows), length=len(rows))
        self.Outputs.flagged.send(chosen if len(rows) else None)
        self.Outputs.data.send(
            LazyValue[Table](lambda: with_checks(data, findings), length=len(data))
        )

    def onDeleteWidget(self) -> None:
        self.pixmaps.close()
        self.view.pixmaps.close()
        super().onDeleteWidget()

    # Pictures and report

    def send_report(self) -> None:
        if self.findings is None:
            return
        told = [r for r in self.findings.results if r.check.id in self.findings.told]
        self.report_items(
            "Checks",
            [(r.check.title, f"{int(r.flagged.sum()):,} images, {r.check.measure} "
              f"{'below' if r.check.is_low else 'above'} {r.bound:.3g}") for r in told],
        )  # fmt: skip
        rows = self.view.selected_rows() or self.findings.flagged_rows.tolist()
        flags = self.findings.flags
        images = [(self._locations[row], ", ".join(flags[row])) for row in rows]
        if images:
            title = "Selected images" if self.view.selected_rows() else "Flagged images"
            self.report_raw(title, html_of_images(images, self.view.pixmaps))


class _Titles(Sequence[str]):
    """The title of each row; made when it is looked at."""

    def __init__(self, widget: OWCheckImages) -> None:
        self._widget = widget

    def __len__(self) -> int:
        return len(self._widget._locations)

    def __getitem__(self, row: int) -> str:  # type: ignore[override]  # never a slice
        return self._widget.title_of(row)


def _has_classes(data: Table | None) -> bool:
    variable = None if data is None else data.domain.class_var
    return variable is not None and variable.is_discrete and len(variable.values) > 1


def _same_rows(old: Table, new: Table) -> bool:
    return len(old) == len(new) and np.array_equal(np.sort(old.ids), np.sort(new.ids))


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWCheckImages).run()
