"""The controls of Compare Embedders."""

from __future__ import annotations

from collections.abc import Callable

from AnyQt.QtCore import Qt
from AnyQt.QtWidgets import QLabel, QPushButton, QWidget
from Orange.widgets import gui
from Orange.widgets.widget import OWWidget

from orangecontrib.imageembedding.widgets.comparing.checklist import CheckList
from orangecontrib.imageembedding.widgets.comparing.serverbox import ServerBox
from orangecontrib.imageembedding.widgets.shared.columns import add_image_combo
from orangecontrib.imageembedding.widgets.shared.fold import Fold
from orangecontrib.imageembedding.widgets.shared.imagesfolder import ImagesFolder

MAX_IMAGES = 2000
GET_MORE = "To get one that is not here, choose it once in Image Embedding."
Callback = Callable[[], object]


def add_images_box(widget: OWWidget, changed: Callback) -> QWidget:
    """Add which images are compared, and how many of them."""
    box: QWidget = gui.vBox(widget.controlArea, "Images")
    add_image_combo(box, widget, changed)
    widget.folder_row = ImagesFolder(widget.images_folder, widget.workflowEnv().get("basedir", ""))
    box.layout().addWidget(widget.folder_row)
    spin = gui.spin(
        box, widget, "n_images", 2, MAX_IMAGES, label="Sample:", controlWidth=110,
        alignment=Qt.AlignRight,
        tooltip="How many images are compared; each class has the same share as in the data",
    )  # fmt: skip
    spin.setAccessibleName("Sample")
    return box


def add_embedders_box(widget: OWWidget, choose_file: Callback, forget_file: Callback) -> None:
    """Add which embedders are compared: those here, files, and those of a server."""
    box = gui.vBox(widget.controlArea, "Embedders")
    widget.check_list = CheckList()
    box.layout().addWidget(widget.check_list, 1)
    hint = QLabel(GET_MORE, wordWrap=True)
    box.layout().addWidget(hint)
    line = gui.hBox(box)
    widget.own_button = gui.button(
        line, widget, "Own File…", callback=choose_file, autoDefault=False,
        tooltip="Your own weights for the embedder that is selected in the list (state_dict, "
        "safetensors), or a network (TorchScript, ONNX)",
    )  # fmt: skip
    widget.forget_button = gui.button(
        line, widget, "Forget File", callback=forget_file, autoDefault=False,
        tooltip="Remove the selected file from the list; the file itself stays on disk",
    )  # fmt: skip


def add_server_box(widget: OWWidget, known: list[str]) -> None:
    """Add the server, folded away while there is none, and where images go."""
    widget.server_fold = Fold("Embedders of a server", bool(widget.server_url))
    widget.server_box = ServerBox(widget.server_url, known)
    widget.server_fold.content.layout().addWidget(widget.server_box)
    widget.controlArea.layout().addWidget(widget.server_fold)
    widget.where_label = QLabel(wordWrap=True)
    widget.where_label.setAccessibleName("Where the images go")
    widget.controlArea.layout().addWidget(widget.where_label)


def add_buttons(widget: OWWidget, start: Callback, cancel: Callback) -> None:
    """Add Start and Cancel."""
    line = gui.hBox(widget.controlArea)
    widget.start_button = QPushButton("&Start", autoDefault=False)
    widget.start_button.clicked.connect(lambda: start())
    widget.cancel_button = QPushButton("&Cancel", autoDefault=False, enabled=False)
    widget.cancel_button.clicked.connect(lambda: cancel())
    line.layout().addWidget(widget.start_button)
    line.layout().addWidget(widget.cancel_button)
