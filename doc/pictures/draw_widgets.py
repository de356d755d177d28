"""Draw the numbered pictures of widgets for their help pages, in light and dark.

    python doc/pictures/draw_widgets.py [FOLDER]

writes into `doc/widgets`, or into FOLDER. The images are the sketches of the example.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from AnyQt.QtCore import QEventLoop, QPoint, QRect, Qt, QTimer
from AnyQt.QtGui import QColor, QFont, QPainter, QPalette, QPixmap
from AnyQt.QtWidgets import QApplication, QWidget
from orangewidget.settings import set_widget_settings_dir_components

from orangecontrib.imageembedding import embed_images, import_images
from orangecontrib.imageembedding.widgets.owimageembedding import OWImageEmbedding
from orangecontrib.imageembedding.widgets.owimagegrid import OWImageGrid
from orangecontrib.imageembedding.widgets.owimageviewer import OWImageViewer
from orangecontrib.imageembedding.widgets.owimportimages import OWImportImages
from orangecontrib.imageembedding.widgets.owsaveimages import OWSaveImages

ROOT = Path(__file__).parents[2]
SKETCHES = ROOT / "orangecontrib" / "imageembedding" / "examples" / "sketches"
BADGE_PX = 22
BADGE, DIGIT = QColor("#c2185b"), QColor("white")

Part = QWidget | tuple[QWidget, QPoint]


def dark_palette() -> QPalette:
    """Get a dark palette such as that of the canvas."""
    palette = QPalette()
    text, base, window = QColor("#e8e8e8"), QColor("#1e1e1e"), QColor("#323232")
    for role, color in (
        (QPalette.Window, window), (QPalette.Base, base), (QPalette.AlternateBase, window),
        (QPalette.Button, window), (QPalette.ToolTipBase, window), (QPalette.WindowText, text),
        (QPalette.Text, text), (QPalette.ButtonText, text), (QPalette.ToolTipText, text),
        (QPalette.Highlight, QColor("#2a82da")), (QPalette.HighlightedText, QColor("white")),
        (QPalette.PlaceholderText, QColor("#909090")), (QPalette.Light, QColor("#505050")),
        (QPalette.Mid, QColor("#282828")), (QPalette.Dark, QColor("#181818")),
        (QPalette.Shadow, QColor("#101010")), (QPalette.Link, QColor("#6ab0ff")),
    ):  # fmt: skip
        palette.setColor(role, color)
    for role in (QPalette.Text, QPalette.WindowText, QPalette.ButtonText):
        palette.setColor(QPalette.Disabled, role, QColor("#7a7a7a"))
    return palette


def settle(seconds: float = 1.0) -> None:
    """Let threads and timers do their work."""
    end, loop = time.monotonic() + seconds, QEventLoop()
    while time.monotonic() < end:
        QTimer.singleShot(20, loop.quit)
        loop.exec()


def numbered(widget: QWidget, parts: list[Part]) -> QPixmap:
    """Get a picture of a widget with a number at each part, from 1."""
    picture = widget.grab()
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.Antialiasing)
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    for number, part in enumerate(parts, start=1):
        inner, offset = part if isinstance(part, tuple) else (part, None)
        small = inner.width() < 8 * BADGE_PX  # the number beside its text, not on it
        place = offset or QPoint(inner.width() - (BADGE_PX // 2 if small else 2 * BADGE_PX), 0)
        corner = inner.mapTo(widget, place) - QPoint(0, BADGE_PX // 3)
        corner.setX(min(max(corner.x(), 0), widget.width() - BADGE_PX))
        corner.setY(min(max(corner.y(), 0), widget.height() - BADGE_PX))
        rect = QRect(corner.x(), corner.y(), BADGE_PX, BADGE_PX)
        painter.setPen(DIGIT)
        painter.setBrush(BADGE)
        painter.drawEllipse(rect)
        painter.drawText(rect, Qt.AlignCenter, str(number))
    painter.end()
    return picture


def copied(name: str, pattern: str = "*/*.png") -> Path:
    """Get a folder of a short path with sketches."""
    folder = Path(tempfile.gettempdir()) / name
    shutil.rmtree(folder, ignore_errors=True)
    for sketch in SKETCHES.glob(pattern):
        (folder / sketch.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(sketch, folder / sketch.parent.name)
    return folder


def import_widget() -> tuple[QWidget, list[Part]]:
    """Get Import Images with the sketches, a further folder and a file that is no image."""
    more = copied("more animals", "*/*-01.png")
    (more / "notes.txt").write_text("not an image", encoding="utf-8")
    widget = OWImportImages()
    widget.open_paths([str(copied("animals")), str(more)])
    widget.resize(860, 560)
    widget.show()
    settle()
    controls = widget.controls
    folders = widget.folders
    parts = [
        folders.combo, folders.browse_button, folders.path_list, folders.add_button,
        folders.remove_button, folders.reload_button, controls.classes, controls.include,
        controls.exclude, widget.info_label, widget.skipped_button, widget.cancel_button,
        (widget.strip, QPoint(100, 12)),
    ]  # fmt: skip
    return widget, parts


def viewer_widget() -> tuple[QWidget, list[Part]]:
    """Get Image Viewer with the sketches in groups, some of them selected."""
    widget = OWImageViewer()
    data = import_images(copied("animals")).table
    widget.set_data(data)
    widget.set_subset(data[list(range(0, len(data), 2)) + [1]])
    widget.handleNewSignals()
    category = data.domain.class_var
    widget.colour_attr = widget.group_attr = category
    widget._show_colors()
    widget._rearrange()
    widget.view.set_side(96)
    widget.side = 96
    widget.resize(1000, 680)
    widget.show()
    settle()
    widget.view.select_rows([0, 2, 8])
    settle(0.5)
    controls = widget.controls
    parts = [
        controls.image_attr, controls.title_attrs, controls.colour_attr, controls.group_attr,
        controls.sort_attr, controls.descending, widget.size_slider, controls.auto_commit,
        widget.filter_edit, widget.count_label, (widget.view, QPoint(90, 20)),
        (widget.view, QPoint(120, 60)), widget.legend,
    ]  # fmt: skip
    return widget, parts


def grid_widget() -> tuple[QWidget, list[Part]]:
    """Get Image Grid with the sketches, some of them selected in two groups."""
    widget = OWImageGrid()
    found = import_images(copied("animals")).table
    widget.set_data(embed_images(found, "efficientnet-lite0").embeddings)
    widget.handleNewSignals()
    widget.resize(1000, 760)
    widget.show()
    while widget.task is not None:
        settle(0.2)
    domain = widget.data.domain
    widget.label_attrs, widget.color_attr = [domain["image name"]], domain.class_var
    widget._show_labels()
    widget._show_colors()
    groups = np.zeros(len(widget.data), dtype=int)
    cells = widget.view.image_in.reshape(widget.view.shape)
    groups[cells[:2, :2]], groups[cells[2:4, 4:]] = 1, 2
    widget.view.set_groups(groups)
    settle()
    controls, view = widget.controls, widget.view
    parts = [
        widget.layout_combo, controls.n_columns, controls.image_attr, widget.fit_combo,
        controls.label_attrs, controls.color_attr, widget.size_slider, widget.fit_button,
        controls.adds_places, controls.auto_commit, widget.cancel_button,
        (view, QPoint(view.width() // 2, 8)), widget.legend, widget.count_label,
    ]  # fmt: skip
    return widget, parts


def preview_window() -> tuple[QWidget, list[Part]]:
    """Get the large preview of the viewer."""
    viewer, _ = viewer_widget()
    viewer.open_preview(2)
    preview = viewer._preview
    preview.resize(720, 440)
    settle()
    return preview, [(preview.canvas, QPoint(12, 12)), preview.facts]


def embedding_widget() -> tuple[QWidget, list[Part]]:
    """Get Image Embedding after its work."""
    widget = OWImageEmbedding()
    widget.advanced.button.click()
    widget.choose_embedder("efficientnet-lite0")
    widget._show_embedders()
    widget.set_images(import_images(copied("animals")).table)
    widget.resize(430, 720)
    widget.show()
    while widget.task is not None:
        settle(0.2)
    settle()
    parts = [
        widget.controls.image_attr, widget.embedder_list.search,
        (widget.embedder_list.view, QPoint(250, 40)), (widget.description_label, QPoint(370, 0)),
        widget.advanced.button, widget.weights_button, widget.computing.device_combo,
        widget.computing.precision_combo, widget.computing.where_label, widget.progress.label,
        widget.cache_box.clear_button, widget.cancel_button,
    ]  # fmt: skip
    return widget, parts


def server_widget() -> tuple[QWidget, list[Part]]:
    """Get Image Embedding with a workflow of somebody else, which names a server."""
    settings = {"device": "server", "server_url": "https://images.example.org"}
    widget = OWImageEmbedding.__new__(OWImageEmbedding, stored_settings=settings)
    widget.__init__()
    widget.set_images(import_images(copied("animals")).table)
    widget.resize(430, 780)
    widget.show()
    settle()
    parts = [
        widget.computing.url_edit, widget.computing.key_edit, widget.computing.where_label,
        widget.notice.buttons["Send Images There"],
        widget.notice.buttons["Use This Computer"],
    ]  # fmt: skip
    return widget, parts


def save_widget() -> tuple[QWidget, list[Part]]:
    """Get Save Images with all that its most common choices show."""
    settings = {"format_id": "jpeg", "size_id": "pixels", "pattern": "{category}_{image name}"}
    widget = OWSaveImages.__new__(OWSaveImages, stored_settings=settings)
    widget.__init__()
    widget.set_data(import_images(copied("animals")).table)
    target = Path(tempfile.gettempdir()) / "chosen animals"
    shutil.rmtree(target, ignore_errors=True)
    widget.set_folder(str(target))
    widget.show()
    widget.save()
    while widget.task is not None:
        settle(0.2)
    settle()
    controls, lines = widget.controls, widget.lines
    parts = [
        widget.folder_edit, (widget.browse_button, QPoint(60, 0)), controls.image_attr,
        controls.by_vars, widget.pattern_edit, widget.insert_button, widget.example_label,
        lines["format_id"], lines["quality"], lines["size_id"], lines["pixels"], lines["fit_id"],
        controls.metadata, controls.manifest, controls.auto_save, widget.save_button,
        widget.cancel_button,
    ]  # fmt: skip
    return widget, parts


PICTURES: dict[str, Callable[[], tuple[QWidget, list[Part]]]] = {
    "import-images": import_widget,
    "image-embedding": embedding_widget,
    "image-embedding-server": server_widget,
    "image-viewer": viewer_widget,
    "image-viewer-preview": preview_window,
    "image-grid": grid_widget,
    "save-images": save_widget,
}


def start() -> QApplication:
    """Get the application, with settings of its own."""
    settings = tempfile.mkdtemp()
    os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = settings
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    app.setOrganizationName("imageembedding-pictures")
    set_widget_settings_dir_components(settings, "run")
    return app


def themes(app: QApplication) -> dict[str, QPalette]:
    """Get the palettes in which pictures are drawn."""
    return {"light": app.palette(), "dark": dark_palette()}


def draw(pictures: dict[str, Callable[[], tuple[QWidget, list[Part]]]]) -> None:
    """Draw all pictures, and end the program."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "doc" / "widgets"
    app = start()
    for theme, palette in themes(app).items():
        app.setPalette(palette)
        suffix = "-dark" if theme == "dark" else ""
        for name, make in pictures.items():
            widget, parts = make()
            numbered(widget, parts).save(str(folder / f"{name}{suffix}.png"))
    sys.stdout.flush()
    os._exit(0)  # Qt is slow to take all down


if __name__ == "__main__":
    draw(PICTURES)
