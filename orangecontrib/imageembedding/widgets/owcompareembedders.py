"""Compare Embedders: which of them suits one's own images; its embeddings go on."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from AnyQt.QtCore import QSize, Qt, QTimer
from AnyQt.QtWidgets import QFileDialog, QSplitter
from Orange.data import Table, Variable
from Orange.widgets import gui
from Orange.widgets.settings import ContextSetting, DomainContextHandler, Setting
from Orange.widgets.utils.widgetpreview import WidgetPreview
from Orange.widgets.widget import Input, Msg, Output

from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.backends.remote import trust
from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
from orangecontrib.imageembedding.embeddings.catalogue import (
    BUILT_IN_ID,
    all_embedders,
    embedders_at_hand,
)
from orangecontrib.imageembedding.embeddings.plugins import are_at_hand
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.pipeline import Candidate, ComparedEmbedders, EmbeddedImages
from orangecontrib.imageembedding.progress import Counts
from orangecontrib.imageembedding.tables.describe import (
    SelectedImages,
    facts,
    identities,
    rows_of,
)
from orangecontrib.imageembedding.tables.locate import (
    default_image_column,
    find_images,
    image_columns,
)
from orangecontrib.imageembedding.widgets.comparing.choices import (
    FILE,
    Choice,
    OwnFile,
    choices_of,
)
from orangecontrib.imageembedding.widgets.comparing.controls import (
    add_buttons,
    add_embedders_box,
    add_images_box,
    add_server_box,
)
from orangecontrib.imageembedding.widgets.comparing.neighbormodel import Told
from orangecontrib.imageembedding.widgets.comparing.neighborview import NeighborView
from orangecontrib.imageembedding.widgets.comparing.report import html_of_neighbors
from orangecontrib.imageembedding.widgets.comparing.scoretable import ScoreTable
from orangecontrib.imageembedding.widgets.comparing.tasks import compare_in_background
from orangecontrib.imageembedding.widgets.comparing.tips import TIPS
from orangecontrib.imageembedding.widgets.embedding.tasks import (
    Wanted,
    embed_in_background,
    models_of,
)
from orangecontrib.imageembedding.widgets.shared.background import Background
from orangecontrib.imageembedding.widgets.shared.colors import colors_of
from orangecontrib.imageembedding.widgets.shared.goon import GoOn
from orangecontrib.imageembedding.widgets.shared.imagewidget import (
    NO_COLUMN,
    NOT_FOUND,
    ImageWidget,
)
from orangecontrib.imageembedding.widgets.shared.legend import Legend
from orangecontrib.imageembedding.widgets.shared.notice import Notice
from orangecontrib.imageembedding.widgets.shared.preview import Preview
from orangecontrib.imageembedding.widgets.shared.progress import WorkProgress
from orangecontrib.imageembedding.widgets.shared.taskwidget import TaskWidget
from orangecontrib.imageembedding.widgets.shared.tips import explain
from orangecontrib.imageembedding.widgets.thumbnails.view import ThumbnailView

HINT = "Tick embedders and press Start to see which images each one finds similar."
N_QUERIES = 3
SIDE = 48
HEIGHTS_PX = [150, 350, 240]
USE_SERVER, FORGET_SERVER = "Use This Server", "Remove Server"
FILES = "Weights and networks (*.pth *.pt *.bin *.ckpt *.safetensors *.onnx);;All files (*)"


class OWCompareEmbedders(ImageWidget, TaskWidget):
    name = "Compare Embedders"
    description = "Find out which embedder suits your images, on a sample of them."
    keywords = "embedding, image, picture, deep, network, quality, benchmark, nearest, choose"
    icon = "icons/compare-embedders.svg"
    priority = 22

    class Inputs:
        images = Input("Images", Table)

    class Outputs:
        embeddings = Output("Embeddings", Table, default=True)
        scores = Output("Scores", Table)

    class Error(ImageWidget.Error):
        no_column = Msg(NO_COLUMN)
        none_ticked = Msg("Tick at least one embedder.")
        failed = Msg("{}")

    class Warning(ImageWidget.Warning):
        not_found = Msg(NOT_FOUND)
        skipped = Msg("{} images of the sample skipped; the first: {}")
        failed_embedders = Msg("{} of {} embedders could not run: see the column Reason.")
        not_embedded = Msg("{} of {} images skipped; the first: {}")
        plugin = Msg("{}")

    class Information(ImageWidget.Information):
        cancelled = Msg("Cancelled: what was found so far is shown.")
        no_class = Msg("With a categorical class, embedders also get scores for finding it.")

    settingsHandler = DomainContextHandler()
    image_attr: Variable | None = ContextSetting(None)
    images_folder: str = Setting("", schema_only=True)
    n_images: int = Setting(200)
    ticked: list[str] = Setting([BUILT_IN_ID])
    own_files: list[OwnFile] = Setting([])
    server_url: str = Setting("", schema_only=True)
    chosen_key: str = Setting("", schema_only=True)
    chosen_images: SelectedImages = Setting(("", []), schema_only=True)
    auto_commit: bool = Setting(True)

    def __init__(self) -> None:
        super().__init__()
        TaskWidget.__init__(self)
        self.data: Table | None = None
        self.compared: ComparedEmbedders | None = None
        self.queries: list[int] = []
        self.api_key = ""  # never saved with the workflow
        self._told: Told | None = None
        self._led: Table | None = None  # leads to the images without the folder
        self._is_comparing = False
        self._key_of_id: dict[str, str] = {}
        self._are_own_queries = False
        self._sent_key = ""  # of the embedder whose embeddings were sent
        self._server_models: tuple[str, ...] | None = None
        self._preview: Preview | None = None
        self._specs, _ = embedders_at_hand()
        self.background = Background(self)
        self._add_controls()
        self._add_main()
        explain(self, TIPS)
        self.settingsAboutToBePacked.connect(self._note_queries)
        self._show_choices()
        self._ask_server()
        if not are_at_hand():
            self.background.run(all_embedders, self._take_embedders)

    def _add_controls(self) -> None:
        add_images_box(self, self._column_changed)
        self.images_folder = self.folder_row.folder
        self.folder_row.chosen.connect(self._folder_chosen)
        add_embedders_box(self, self.choose_own_file, self.forget_own_file)
        self.check_list.ticked_changed.connect(self._ticked_changed)
        self.check_list.currentItemChanged.connect(lambda *_: self._show_forget())
        add_server_box(self, trust.trusted_servers())
        self.server_box.typed.connect(self._server_typed)
        self.notice = Notice()
        self.progress = WorkProgress()
        self.controlArea.layout().addWidget(self.notice)
        self.controlArea.layout().addWidget(self.progress)
        add_buttons(self, self.start_comparing, self.cancel_comparing)
        box = gui.auto_send(self.buttonsArea, self, "auto_commit")
        self.go_on = GoOn(self.commit, box, "Send")

    def _add_main(self) -> None:
        self.score_table = ScoreTable()
        self.score_table.chosen.connect(self.choose_embedder)
        self.neighbor_view = NeighborView()
        self.neighbor_view.hint = HINT
        self.neighbor_view.asked.connect(self.ask_for)
        self.neighbor_view.opened.connect(self.open_preview)
        self.sample_view = ThumbnailView()
        self.sample_view.setSelectionMode(ThumbnailView.MultiSelection)
        self.sample_view.setAccessibleName("Sample")
        self.sample_view.set_side(SIDE)
        self.sample_view.set_title_lines(0)
        self.sample_view.selection_changed.connect(self._sample_clicked)
        self.sample_view.opened.connect(
            lambda position: self.open_preview(self._sample_row(position))
        )
        self.legend = Legend()
        splitter = QSplitter(Qt.Vertical, childrenCollapsible=False)
        for view in (self.score_table, self.neighbor_view, self.sample_view):
            splitter.addWidget(view)
        splitter.setSizes(HEIGHTS_PX)
        self.mainArea.layout().addWidget(splitter)
        self.mainArea.layout().addWidget(self.legend)

    def sizeHint(self) -> QSize:
        return QSize(1500, 800)

    # Input

    @Inputs.images
    def set_images(self, data: Table | None) -> None:
        self.closeContext()
        self._stop()
        self.data = data
        self.column_model[:] = [] if data is None else image_columns(data)
        self.image_attr = None if data is None else default_image_column(data)
        if data is not None and self.column_model:
            self.openContext(data.domain)
        self._take_images()

    def _column_changed(self) -> None:
        self._stop()
        self._take_images()

    def _folder_chosen(self, folder: str) -> None:
        self.images_folder = folder
        self._column_changed()

    def _stop(self) -> None:
        """Break off what is no longer wanted, and forget what was found."""
        self._note_queries()
        self.cancel()
        self.clear_messages()
        self._end_work("")
        self._show_compared(None)
        self.Outputs.scores.send(None)
        self._send_embeddings(None)

    def _take_images(self) -> None:
        self._led = self._told = None
        self._are_own_queries = False
        if self._preview is not None:
            self._preview.forget()
        self.Error.no_column(shown=self.data is not None and self.image_attr is None)
        if self.data is not None and self.image_attr is not None:
            found = find_images(self.data, self.image_attr, self.images_folder)
            self._led = found.table
            self.Warning.not_found(found.problem, shown=bool(found.problem))
            self._told = _told(found.table, found.locations)
            self.Information.no_class(shown=bool(np.isnan(self._told.classes).all()))
        self._enable()
        self.commit.deferred()

    # Which embedders

    def _show_choices(self) -> None:
        url = self.server_url
        self._choices = choices_of(self._specs, self.own_files, url, self._server_models)
        self.check_list.set_choices(self._choices, self.ticked)
        self._show_forget()
        self._show_where()

    def _choice(self, key: str) -> Choice | None:
        return next((choice for choice in self._choices if choice.key == key), None)

    def _take_embedders(self, found: Any) -> None:
        """Show those of plug-ins, which took time to find."""
        self._specs, failures = found
        if failures:
            self.Warning.plugin(failures[0].message)
        self._show_choices()

    def _ticked_changed(self) -> None:
        shown = {choice.key for choice in self._choices if choice.is_ready}
        unseen = [key for key in self.ticked if key not in shown]  # of a server that is silent now
        self.ticked = [*self.check_list.ticked(), *unseen]
        self._show_where()

    def _show_where(self) -> None:
        """Say where images go; a server stands out."""
        chosen, url = self._choice(self.chosen_key), self.server_url
        is_remote = any(choice.is_remote for choice in self._ticked_choices())
        text = "Images stay on this computer."
        if chosen is not None and chosen.is_remote:
            text, is_remote = f"All images are sent to {url}, which runs the chosen embedder.", True
        elif is_remote:
            text = f"The images of the sample are sent to {url}."
        self.where_label.setText(text)
        font = self.where_label.font()
        font.setBold(is_remote)
        self.where_label.setFont(font)
        self._enable()

    def _ticked_choices(self) -> list[Choice]:
        ticked = self.check_list.ticked()
        return [choice for choice in self._choices if choice.key in ticked]

    def choose_own_file(self) -> None:
        """Let the user point to weights or a network of their own."""
        path, _ = QFileDialog.getOpenFileName(self, "Choose weights or a network", "", FILES)
        if path:
            marked = self._marked()
            like = marked.embedder if marked is not None else BUILT_IN_ID
            others = [own for own in self.own_files if own[0] != path]
            self.own_files = [*others, (path, like)]
            self.ticked = [*self.ticked, f"{FILE}{path}"]
            self._show_choices()

    def forget_own_file(self) -> None:
        """Take a file out of the list."""
        marked = self._marked()
        if marked is not None and marked.key.startswith(FILE):
            path = marked.key.removeprefix(FILE)
            self.own_files = [own for own in self.own_files if own[0] != path]
            self._show_choices()

    def _marked(self) -> Choice | None:
        item = self.check_list.currentItem()
        return None if item is None else self._choice(item.data(0, Qt.UserRole))

    def _show_forget(self) -> None:
        marked = self._marked()
        self.forget_button.setEnabled(marked is not None and marked.key.startswith(FILE))

    # A server

    def _server_typed(self, url: str, api_key: str) -> None:
        self.server_url, self.api_key = url, api_key
        if url:
            trust.trust(url)  # who types an address has chosen it
        self._ask_server()

    def _ask_server(self) -> None:
        """Find out what the server offers; it is not asked before somebody has chosen it."""
        self._server_models = None
        self.notice.clear()
        url = self.server_url
        if url and trust.is_remembered(url):

            def show(models: tuple[str, ...] | None) -> None:
                if self.server_url == url:
                    self._server_models = models
                    if models is None:
                        self.notice.show_notice(f"The server {url} did not tell its embedders.")
                    self._show_choices()
                    if self.chosen_key != self._sent_key and self.task is None:
                        self.commit.deferred()

            self.background.run(partial(models_of, url, self.api_key), show)
        elif url:
            self.notice.show_notice(
                f"This workflow names the server {url}. Nothing has been sent there yet.",
                [(USE_SERVER, self.allow_server), (FORGET_SERVER, self.forget_server)],
            )
        self._show_choices()

    def allow_server(self) -> None:
        """Agree that the server of the workflow is asked; images go there after Start only."""
        trust.trust(self.server_url)
        self._ask_server()

    def forget_server(self) -> None:
        """Do without the server of the workflow."""
        self.server_url = ""
        self.server_box.show_url("")
        self._ask_server()

    def _backend(self, choice: Choice) -> Backend:
        return Remote(self.server_url, self.api_key or None) if choice.is_remote else Local()

    # Comparing

    def start_comparing(self) -> None:
        """Run the embedders that are ticked on a sample."""
        for message in (self.Error.none_ticked, self.Error.failed, self.Information.cancelled,
                        self.Warning.skipped, self.Warning.failed_embedders):  # fmt: skip
            message.clear()
        choices = self._ticked_choices()
        self.Error.none_ticked(shown=not choices)
        if self._led is None or not choices:
            return
        try:
            candidates = [
                Candidate(choice.embedder, self._backend(choice), choice.own_file)
                for choice in choices
            ]
        except InputError as error:
            self.Error.failed(error)
            return
        pairs = zip(candidates, choices, strict=True)
        self._key_of_id = {candidate.id: choice.key for candidate, choice in pairs}
        self._note_queries()
        self._show_compared(None)
        self.Outputs.scores.send(None)
        self._is_comparing = True
        self.start(partial(compare_in_background, self._led, candidates, self.n_images))
        self._enable()

    def cancel_comparing(self) -> None:
        """Stop; what was found so far stays."""
        self.cancel()
        if self._is_comparing:
            self.Information.cancelled()
            self._send_scores()
        if self._sent_key != self.chosen_key:
            self.go_on.offer()
        self._end_work("")

    def on_partial_result(self, result: ComparedEmbedders | Counts | str | float) -> None:
        if isinstance(result, ComparedEmbedders):
            self._show_compared(result)
        elif isinstance(result, str):
            self.progress.say(result)
        elif isinstance(result, Counts):
            self.progress.count(result.n_done, result.n_total, result.n_cached, result.location)
        else:
            self.progress.set_fraction(result)

    def on_done(self, result: ComparedEmbedders | EmbeddedImages) -> None:
        if isinstance(result, EmbeddedImages):
            self._end_work(f"{len(result.embeddings):,} images embedded.")
            if result.skipped is not None:
                reason = str(result.skipped[0, result.skipped.domain.metas[-1]])
                self.Warning.not_embedded(len(result.skipped), len(self.data or ()), reason)
            self._send_embeddings(result.embeddings)
            return
        self._show_compared(result)
        self._send_scores()
        failed = [one for one in result.embedders if one.reason]
        n_all = len(result.embedders)
        self.Warning.failed_embedders(len(failed), n_all, shown=bool(failed))
        skipped = result.skipped
        if skipped is not None:
            reason = str(skipped[0, skipped.domain.metas[-1]])
            self.Warning.skipped(len(skipped), reason)
        self._end_work(f"{len(result.rows):,} images, {n_all} embedders.")
        if self.chosen_key != self._sent_key:
            QTimer.singleShot(0, self.commit.deferred)  # from here no task can be started

    def task_failed(self, error: Exception) -> None:
        if not self._is_comparing:
            self.go_on.offer()
        self._end_work("")

    def _end_work(self, text: str) -> None:
        self._is_comparing = False
        self.progress.finish(text)
        self._enable()

    def _enable(self) -> None:
        self.start_button.setEnabled(self._led is not None and not self._is_comparing)
        self.cancel_button.setEnabled(self.task is not None)

    def _send_scores(self) -> None:
        self.Outputs.scores.send(None if self.compared is None else self.compared.scores)

    # What was found

    def _show_compared(self, compared: ComparedEmbedders | None) -> None:
        is_new = compared is not None and self.compared is None
        self.compared = compared
        self.score_table.show_scores(compared, self._chosen_id())
        if compared is None or self._told is None:
            self.queries = []
            self.sample_view.set_images([], [])
            self.legend.set_entries([])
        elif is_new:
            told = self._told
            self.sample_view.set_images(
                [told.locations[row] for row in compared.rows],
                [told.name(row) for row in compared.rows],
            )
            self.sample_view.images.set_colors(lambda i: told.color(self._sample_row(i)))
            table = self._led
            if table is not None:
                self.legend.set_entries(colors_of(table, _class_of(table))[1])
        if compared is not None:
            self._choose_queries(compared)
        self._show_queries()

    def _chosen_id(self) -> str:
        ids = [one for one, key in self._key_of_id.items() if key == self.chosen_key]
        return ids[0] if ids else ""

    def _choose_queries(self, compared: ComparedEmbedders) -> None:
        """Take the images of before, else those about which the embedders disagree most."""
        if self._are_own_queries or self._told is None:
            return
        known = rows_of(self._told.locations, self.chosen_images)
        self.queries = [row for row in known if row in compared.rows][:N_QUERIES]
        self._are_own_queries = bool(self.queries)
        if not self.queries:
            self.queries = compared.telling_rows(N_QUERIES)

    def _show_queries(self) -> None:
        self.neighbor_view.show_neighbors(self.compared, self._told, self.queries)
        if self.compared is not None:
            self.sample_view.blockSignals(True)
            self.sample_view.select_rows(np.searchsorted(self.compared.rows, self.queries))
            self.sample_view.blockSignals(False)

    def _sample_row(self, position: int) -> int:
        return -1 if self.compared is None else int(self.compared.rows[position])

    def _sample_clicked(self) -> None:
        """Take the images that are selected now, the last ones if there are too many."""
        selected = [self._sample_row(i) for i in self.sample_view.selected_rows()]
        kept = [row for row in self.queries if row in selected]
        new = [row for row in selected if row not in kept]
        self._set_queries([*kept, *new][-N_QUERIES:])

    def ask_for(self, block: int, row: int) -> None:
        """Show the nearest images of another one in place of one of those clicked."""
        if row not in self.queries:
            self._set_queries([*self.queries[:block], row, *self.queries[block + 1 :]])

    def _set_queries(self, rows: list[int]) -> None:
        self.queries = rows
        self._are_own_queries = True
        self._show_queries()

    def _note_queries(self) -> None:
        if self._told is not None and self._are_own_queries:
            self.chosen_images = identities(self._told.locations, self.queries)

    def open_preview(self, row: int) -> None:
        """Show an image large; the arrow keys go on through the sample."""
        if self._preview is None:
            self._preview = Preview(self)
        data, told, compared = self._led, self._told, self.compared
        if data is None or told is None or compared is None:
            return
        rows = compared.rows
        self._preview.set_images(
            len(rows),
            lambda i: told.locations[rows[i]],
            lambda i: facts(data, int(rows[i])),
            self.neighbor_view.pixmaps.small,
        )
        self._preview.open_at(int(np.searchsorted(rows, row)))

    # Output

    def choose_embedder(self, embedder_id: str) -> None:
        """Send the embeddings of one of the embedders that were compared."""
        key = self._key_of_id.get(embedder_id, "")
        if key != self.chosen_key:
            self.chosen_key = key
            self._show_where()
            self.commit.deferred()

    @gui.deferred
    def commit(self) -> None:
        """Embed all images by the embedder that is chosen."""
        if self._is_comparing:  # afterwards
            return
        self.cancel()
        self.go_on.withdraw()
        self.Error.failed.clear()
        self.Warning.not_embedded.clear()
        self._send_embeddings(None)
        choice = self._choice(self.chosen_key)
        if self._led is None or self.image_attr is None or choice is None or not choice.is_ready:
            self._enable()
            return
        backend = self._backend(choice)
        wanted = Wanted(choice.embedder, self.image_attr.name, backend, choice.own_file)
        self.start(partial(embed_in_background, self._led, wanted))
        self._enable()

    def _send_embeddings(self, embeddings: Table | None) -> None:
        self._sent_key = "" if embeddings is None else self.chosen_key
        self.Outputs.embeddings.send(embeddings if embeddings else None)

    def onDeleteWidget(self) -> None:
        self.shutdown()
        self.background.close()
        self.neighbor_view.pixmaps.close()
        self.sample_view.pixmaps.close()
        if self._preview is not None:
            self._preview.close_threads()
        super().onDeleteWidget()

    def send_report(self) -> None:
        if self.compared is None or self._told is None:
            return
        chosen = self._choice(self.chosen_key)
        self.report_items(
            (
                ("Image column", self.image_attr and self.image_attr.name),
                ("Sample", f"{len(self.compared.rows):,} of {len(self._told.locations):,} images"),
                ("Images", self.where_label.text()),
                ("Chosen embedder", chosen is not None and chosen.title),
            )
        )
        self.report_table("Scores", self.score_table.lines(), header_rows=1, header_columns=1)
        html = html_of_neighbors(
            self.compared, self._told, self.queries, self.neighbor_view.pixmaps
        )
        self.report_raw("Nearest images", html)


def _class_of(table: Table) -> Variable | None:
    variable = table.domain.class_var
    return variable if variable is not None and variable.is_discrete else None


def _told(table: Table, locations: list[str]) -> Told:
    variable = _class_of(table)
    classes = np.full(len(table), np.nan)
    if variable is not None:
        classes = table.get_column(variable).astype(float)
    return Told(locations, classes, colors_of(table, variable)[0])


if __name__ == "__main__":  # pragma: no cover
    WidgetPreview(OWCompareEmbedders).run()
