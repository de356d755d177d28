"""Find Duplicates: groups of images that are the same, or copies; one of each goes on."""

from __future__ import annotations

from functools import cache, partial

from AnyQt.QtCore import QPoint, Qt
from AnyQt.QtWidgets import QLabel
from Orange.data import Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.signals import LazyValue
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.duplicates.distinct import Pair
from orangecontrib.imageembedding.duplicates.find import Duplicates
from orangecontrib.imageembedding.duplicates.keeping import MOST_PIXELS, Keeping
from orangecontrib.imageembedding.pipeline import spared_bytes, with_duplicates
from orangecontrib.imageembedding.progress import Counts
from orangecontrib.imageembedding.tables.describe import (
    SelectedImages,
    identities,
    rows_of,
    size_text,
)
from orangecontrib.imageembedding.tables.locate import (
    default_image_column,
    find_images,
    image_columns,
)
from orangecontrib.imageembedding.widgets.duplicates.comparison import Comparison
from orangecontrib.imageembedding.widgets.duplicates.controls import (
    RULES,
    add_images_box,
    add_keep_box,
    add_similar_box,
    add_size_box,
    hint_label,
)
from orangecontrib.imageembedding.widgets.duplicates.decisions import SUREST, Decisions
from orangecontrib.imageembedding.widgets.duplicates.groupview import GroupView
from orangecontrib.imageembedding.widgets.duplicates.report import html_of_groups
from orangecontrib.imageembedding.widgets.duplicates.tasks import (
    Compared,
    Wanted,
    compare_in_background,
    remember_distinct,
)
from orangecontrib.imageembedding.widgets.duplicates.tips import TIPS
from orangecontrib.imageembedding.widgets.shared.background import Background
from orangecontrib.imageembedding.widgets.shared.dragging import ImageCopier, image_menu
from orangecontrib.imageembedding.widgets.shared.imagesfolder import ImagesFolder
from orangecontrib.imageembedding.widgets.shared.imagewidget import (
    NO_COLUMN,
    NOT_FOUND,
    ImageWidget,
)
from orangecontrib.imageembedding.widgets.shared.progress import WorkProgress
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain
from orangecontrib.imageembedding.widgets.shared.undo import Undo

HINT = "Connect a table of images, such as Import Images makes, to find duplicates among them."
NOTHING = "No duplicates were found."
KEYS = "Click or K: keep this one · N: not a duplicate · Space: compare · Ctrl+Z: undo"


class OWFindDuplicates(ImageWidget, TaskWidget):
    name = "Find Duplicates"
    description = "Find identical images and changed copies, and keep one of each."
    keywords = "duplicate, copy, same, image, picture, photo, near-duplicate, similar, clean"
    icon = "icons/find-duplicates.svg"
    priority = 45

    class Inputs:
        data = Input("Data", Table, default=True)
        reference = Input("Reference Data", Table)

    class Outputs:
        unique = Output("Unique Images", Table, default=True)
        duplicates = Output("Duplicates", Table)
        data = Output("Data", Table)

    class Error(ImageWidget.Error):
        no_column = Msg(NO_COLUMN)
        no_reference = Msg("Reference Data has no column of images.")
        failed = Msg("{}")
        not_remembered = Msg("{}")

    class Warning(ImageWidget.Warning):
        unread = Msg("{} of {} images were not compared; the first: {}: {}.")
        not_found = Msg(NOT_FOUND)

    class Information(ImageWidget.Information):
        cancelled = Msg("Cancelled: nothing was compared. Find Again continues.")

    settingsHandler = DomainContextHandler()

    image_attr: Variable | None = ContextSetting(None)
    images_folder: str = Setting("", schema_only=True)
    finds_similar: bool = Setting(False, schema_only=True)
    similar_percent: int = Setting(70)
    rule: str = Setting(MOST_PIXELS)
    keep_folder: str = Setting("", schema_only=True)
    order: str = Setting(SUREST)
    side: int = Setting(128)
    auto_commit: bool = Setting(True)
    kept_images: SelectedImages = Setting(("", []), schema_only=True)  # those the user chose

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.data: Table | None = None
        self.reference: Table | None = None
        self.decisions: Decisions | None = None
        self._locations: list[str] = []
        self._led: Table | None = None  # what goes on: leads to the images without the folder
        self._to_restore = self.kept_images
        self._comparison: Comparison | None = None
        self._copier = ImageCopier(self)
        self._background = Background(self)
        self.undo = Undo(self)
        self._add_view()
        self._add_controls()
        explain(self, TIPS)
        self.settingsAboutToBePacked.connect(self._note_kept)

    def _add_controls(self) -> None:
        base = self.workflowEnv().get("basedir", "")
        box = add_images_box(self, self._column_changed)
        self.folder_row = ImagesFolder(self.images_folder, base)
        self.images_folder = self.folder_row.folder
        self.folder_row.chosen.connect(self._folder_chosen)
        box.layout().addWidget(self.folder_row)
        add_similar_box(self, self._find, self._show_examples, self.view.pixmaps)
        self.keep_row = ImagesFolder(self.keep_folder, base)
        self.keep_row.button.setText("Prefer Folder…")
        self.keep_row.button.setToolTip("Images in this folder are kept before all others")
        self.keep_folder = self.keep_row.folder
        self.keep_row.chosen.connect(self._keep_folder_chosen)
        add_keep_box(self, self._rules_changed, self.keep_row)
        add_size_box(self, self._resize)
        gui.rubber(self.controlArea)
        self.progress = WorkProgress()
        self.controlArea.layout().addWidget(self.progress)
        gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.cancel_button = gui.button(
            self.buttonsArea, self, "Cancel", callback=self._cancel_or_find, autoDefault=False
        )
        self.cancel_button.setEnabled(False)
        self.similar_box.setVisible(self.finds_similar)

    def _add_view(self) -> None:
        self.view = GroupView()
        self.view.hint = HINT
        self.view.set_side(self.side)
        self.view.side_changed.connect(self._set_side)
        self.view.opened.connect(self._open_comparison)
        self.view.keep_wanted.connect(self.keep)
        self.view.distinct_wanted.connect(self.part)
        self.view.setContextMenuPolicy(Qt.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.count_label = QLabel(wordWrap=True)
        self.count_label.setAccessibleName("What was found")
        self.mainArea.layout().addWidget(self.count_label)
        self.mainArea.layout().addWidget(self.view)
        self.mainArea.layout().addWidget(hint_label(KEYS))

    # Inputs

    @Inputs.data
    def set_data(self, data: Table | None) -> None:
        self.closeContext()
        self.data = data
        self.column_model[:] = [] if data is None else image_columns(data)
        self.image_attr = None if data is None else default_image_column(data)
        if data is not None and self.column_model:
            self.openContext(data.domain)

    @Inputs.reference
    def set_reference(self, reference: Table | None) -> None:
        self.reference = reference

    def handleNewSignals(self) -> None:
        self._find()

    def _column_changed(self) -> None:
        self._find()

    def _folder_chosen(self, folder: str) -> None:
        self.images_folder = folder
        self._find()

    # Finding

    def _find(self) -> None:
        """Compare all images anew."""
        self._note_kept()
        self._forget()
        self.similar_box.setVisible(self.finds_similar)
        data, column = self.data, self.image_attr
        self.view.hint = HINT if data is None else ""
        self.Error.no_column(shown=data is not None and column is None)
        if data is None or column is None or not len(data):
            self.commit.now()
            return
        images = find_images(data, column, self.images_folder)
        self._locations, self._led = images.locations, images.table
        self.Warning.not_found(images.problem, shown=bool(images.problem))
        others: list[str] = []
        reference = self.reference
        if reference is not None:
            reference_column = default_image_column(reference)
            if reference_column is None:
                self.Error.no_reference()
                self.commit.now()
                return
            others = find_images(reference, reference_column).locations
        similar = self.similar_percent / 100 if self.finds_similar else None
        wanted = Wanted(self._led, self._locations, reference, others, similar)
        self.setInvalidated(True)
        self.start(partial(compare_in_background, wanted))
        self.cancel_button.setText("Cancel")
        self.cancel_button.setEnabled(True)

    def _forget(self) -> None:
        """Break off, and forget what is no longer true."""
        self.cancel()
        self.setInvalidated(False)
        self.clear_messages()
        self.progress.finish("")
        self.undo.clear()
        self.decisions, self._locations, self._led = None, [], None
        self.view.show_decisions(None)
        self.example_pairs.set_pairs(())
        if self._comparison is not None:
            self._comparison.forget()
        self.cancel_button.setEnabled(False)
        self._count()

    def _cancel_or_find(self) -> None:
        if self.task is None:
            self._find()
            return
        self._forget()
        self.Information.cancelled()
        self.cancel_button.setText("Find Again")
        self.cancel_button.setEnabled(True)
        self.commit.now()

    def on_partial_result(self, result: Counts | str | float) -> None:
        if isinstance(result, str):
            self.progress.say(result)
        elif isinstance(result, float):
            self.progress.set_fraction(result)
        else:
            self.progress.count(result.n_done, result.n_total, result.n_cached, result.location)

    def on_done(self, result: Compared) -> None:
        self.setInvalidated(False)
        self.cancel_button.setEnabled(False)
        self.progress.finish("")
        n_images = len(self._locations)
        chosen = rows_of(self._locations, self._to_restore) if self._to_restore[1] else []
        self.decisions = Decisions(result, n_images, self._keeping(), self.order, chosen)
        unread = result.found.unread
        if unread:
            row, reason = next(iter(unread.items()))
            self.Warning.unread(len(unread), len(result.locations), result.locations[row], reason)
        self.view.hint = "" if self.decisions.groups else NOTHING
        if self.decisions.groups:
            self.view.show_decisions(self.decisions)
        self._show_examples()
        self._count()
        self.commit.now()

    def task_failed(self, error: Exception) -> None:
        self.setInvalidated(False)
        self.progress.finish("")
        self.cancel_button.setText("Find Again")
        self.commit.now()

    # Deciding

    def _keeping(self) -> Keeping:
        return Keeping(self.rule, self.keep_folder)

    def _keep_folder_chosen(self, folder: str) -> None:
        self.keep_folder = folder
        self._rules_changed()

    def _rules_changed(self) -> None:
        if self.decisions is not None:
            self.decisions.apply(self._keeping(), self.order)
            self.view.rearrange()
            self._changed()

    def keep(self, row: int) -> None:
        """Keep this one of its group."""
        decisions = self.decisions
        before = None if decisions is None or not decisions.has(row) else decisions.keep(row)
        if before is not None:
            self.undo.add(lambda: self.keep(before))
            self.view.changed()
            self._changed()

    def part(self, rows: list[int]) -> None:
        """Remember for ever that images are not duplicates of the others in their groups."""
        decisions = self.decisions
        rows = [row for row in rows if decisions is not None and decisions.has(row)]
        if decisions is None or not rows:
            return
        number, position = decisions.group_of(rows[0]), self.view.currentIndex().row()
        groups, kept = list(decisions.groups), list(decisions.kept)
        pairs = decisions.part(rows)
        self._remember(pairs)
        self.undo.add(lambda: self._unpart(pairs, groups, kept))
        self._rearranged(number, position)

    def _unpart(self, pairs: list[Pair], groups: list[list[int]], kept: list[int]) -> None:
        if self.decisions is not None:
            self._remember(pairs, forget=True)
            self.decisions.restore(groups, kept)
            self._rearranged(0, self.view.currentIndex().row())

    def _rearranged(self, number: int, position: int) -> None:
        self.view.rearrange()
        if len(self.view.images.rows):
            self.view.set_current(min(max(position, 0), len(self.view.images.rows) - 1))
        if self._comparison is not None:
            self._comparison.go_on(number)
        self._changed()

    def _remember(self, pairs: list[Pair], forget: bool = False) -> None:
        def done(problem: str | None) -> None:
            self.Error.not_remembered(problem, shown=problem is not None)

        self._background.run(partial(remember_distinct, pairs, forget), done)

    def _changed(self) -> None:
        if self._comparison is not None and self._comparison.isVisible():
            self._comparison.refresh()
        self._count()
        self.commit.deferred()

    def _note_kept(self) -> None:
        if self.decisions is not None:  # else what a workflow remembers would be lost
            rows = sorted(row for row in self.decisions.chosen if row < len(self._locations))
            self.kept_images = self._to_restore = identities(self._locations, rows)

    # What is shown

    def _show_examples(self) -> None:
        if self.decisions is None:
            return
        found, locations = self.decisions.compared.found, self.decisions.compared.locations
        percent = self.similar_percent - self.similar_percent % 5
        pairs = found.examples.get(percent, [])
        self.example_pairs.set_pairs([(locations[one], locations[two]) for one, two in pairs])

    def _count(self) -> None:
        if self.decisions is None:
            self.count_label.setText("")
            return
        n, groups = self.decisions.n_duplicates, self.decisions.kept_first()
        compared = self.decisions.compared
        likeness, n_images = compared.found.likeness, len(self._locations)
        spared = size_text(spared_bytes(groups, likeness, n_images, compared.locations))
        self.count_label.setText(
            f"{n:,} of {n_images:,} images are duplicates, in {len(groups):,} groups; "
            f"without them, {spared} would be saved. No file is ever deleted."
        )

    def _set_side(self, side: int) -> None:
        self.side = side
        self._resize()

    def _resize(self) -> None:
        self.view.set_side(self.side)

    def _open_comparison(self, position: int) -> None:
        if self.decisions is None:
            return
        if self._comparison is None:
            self._comparison = Comparison(self)
            self._comparison.keep_wanted.connect(self.keep)
            self._comparison.distinct_wanted.connect(self.part)
            self._comparison.moved.connect(self._comparison_moved)
        self._comparison.open_at(self.decisions, self.view.row_at(position))

    def _comparison_moved(self, row: int) -> None:
        positions = self.view.images.positions_of([row])
        if len(positions):
            self.view.set_current(int(positions[0]))

    def _open_menu(self, point: QPoint) -> None:
        index = self.view.indexAt(point)
        if not index.isValid() or self.decisions is None:
            return
        row = self.view.row_at(index.row())
        rows = self.view.selected_rows()
        rows = rows if row in rows else [row]
        locations = self.decisions.compared.locations
        menu = image_menu(self, locations[row], [locations[i] for i in rows], self._copier.copy)
        menu.addAction("Keep This One", lambda: self.keep(row))
        menu.addAction("Not a Duplicate", lambda: self.part(rows))
        menu.popup(self.view.viewport().mapToGlobal(point))

    # Outputs

    @gui.deferred
    def commit(self) -> None:
        outputs = (self.Outputs.unique, self.Outputs.duplicates, self.Outputs.data)
        if self.decisions is None or self._led is None:
            for output in outputs:
                output.send(None)
            return
        data, n = self._led, self.decisions.n_duplicates
        groups, found = self.decisions.kept_first(), self.decisions.compared.found

        @cache
        def decided() -> Duplicates:
            return found.regrouped(groups)

        @cache
        def all_rows() -> Table:
            return with_duplicates(data, decided())

        unique = LazyValue[Table](
            lambda: data[decided().keep], length=len(data) - n, domain=data.domain
        )
        self.Outputs.unique.send(unique if n < len(data) else None)
        doubles = LazyValue[Table](lambda: all_rows()[~decided().keep], length=n)
        self.Outputs.duplicates.send(doubles if n else None)
        self.Outputs.data.send(LazyValue[Table](all_rows, length=len(data)))

    def onDeleteWidget(self) -> None:
        self.shutdown()
        self._background.close()
        self.view.pixmaps.close()
        self._copier.close_threads()
        if self._comparison is not None:
            self._comparison.close_threads()
        super().onDeleteWidget()

    def send_report(self) -> None:
        if self.decisions is None:
            return
        similar = f"at least {self.similar_percent} %" if self.finds_similar else "no"
        self.report_items(
            (
                ("Image column", self.image_attr and self.image_attr.name),
                ("Reference", self.reference is not None and len(self.reference)),
                ("Similar images", similar),
                ("Kept", RULES[self.rule]),
                ("Preferred folder", self.keep_folder or None),
                ("Found", self.count_label.text()),
            )
        )
        self.report_raw("Groups", html_of_groups(self.decisions, self.view.pixmaps))


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWFindDuplicates).run()
