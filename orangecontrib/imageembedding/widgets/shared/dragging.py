"""Images on their way into other programs: dragged, copied, opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from AnyQt.QtCore import QMimeData, QObject, Qt, QUrl
from AnyQt.QtGui import QDesktopServices, QDrag, QImage, QPixmap
from AnyQt.QtWidgets import QApplication, QMenu, QWidget

from orangecontrib.imageembedding.widgets.shared.filemanager import show_in_folder
from orangecontrib.imageembedding.widgets.shared.pixmaps import WHOLE_PX, Pixmaps

DRAGGED_PX = 96


def url_of(location: str) -> QUrl:
    """Get the URL of a path; a URL stays as it is."""
    is_url = location.lower().startswith(("http:", "https:", "file:", "data:"))
    return QUrl(location) if is_url else QUrl.fromLocalFile(location)


def drag_out(source: QWidget, locations: Sequence[str], image: QImage | None) -> None:
    """Let the user drop files, by their URLs, into another program."""
    mime = QMimeData()
    mime.setUrls([url_of(location) for location in locations if location])
    if not mime.urls():
        return
    drag = QDrag(source)
    drag.setMimeData(mime)
    if image is not None:
        small = image.scaled(DRAGGED_PX, DRAGGED_PX, Qt.KeepAspectRatio, Qt.SmoothTransformation)
        drag.setPixmap(QPixmap.fromImage(small))
    drag.exec(Qt.CopyAction)


def image_menu(
    parent: QWidget,
    location: str,
    chosen: Sequence[str],
    copy_image: Callable[[str], None],
) -> QMenu:
    """Make the menu of one image.

    Parameters
    ----------
    parent : QWidget
        Where it opens.
    location : str
        Of the image.
    chosen : sequence of str
        Locations that *Copy path* copies.
    copy_image : callable
        Puts the image at a location on the clipboard.
    """
    url = url_of(location)
    menu = QMenu(parent)
    many = f"Copy {len(chosen):,} paths"
    actions = (
        ("Open file", lambda: QDesktopServices.openUrl(url), bool(location)),
        ("Show in folder", lambda: show_in_folder(url.toLocalFile(), parent), url.isLocalFile()),
        (many if len(chosen) > 1 else "Copy path", lambda: copy_text("\n".join(chosen)), True),
        ("Copy image", lambda: copy_image(location), bool(location)),
    )
    for text, act, enabled in actions:
        menu.addAction(text, act).setEnabled(enabled)
    return menu


def copy_text(text: str) -> None:
    """Put text on the clipboard."""
    QApplication.clipboard().setText(text)


class ImageCopier(QObject):
    """Puts images on the clipboard as they are, read in the background."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._images: Pixmaps | None = None  # its threads start with the first image
        self._location = ""

    def copy(self, location: str) -> None:
        """Put the image at a location on the clipboard as soon as it is read."""
        if self._images is None:
            self._images = images = Pixmaps(self)
            images.ready.connect(lambda location: self._image_ready(images, location))
        self._location = location
        self._images.forget()
        self._images.want([(location, WHOLE_PX)])

    def close_threads(self) -> None:
        """Stop reading for good."""
        if self._images is not None:
            self._images.close()

    def _image_ready(self, images: Pixmaps, location: str) -> None:
        image = images.image(location, WHOLE_PX)
        if image is not None and location == self._location:
            QApplication.clipboard().setImage(image)


def dropped_paths(mime: QMimeData) -> list[str]:
    """Get the files and folders that are dropped; none if something else is among them."""
    urls = mime.urls()
    if not all(url.isLocalFile() for url in urls):
        return []
    return [os.path.normpath(url.toLocalFile()) for url in urls]
