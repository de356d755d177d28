"""All images of a picture, decoded before it is made."""

from __future__ import annotations

import time
from collections.abc import Sequence

from AnyQt.QtCore import Qt
from AnyQt.QtGui import QPixmap
from AnyQt.QtWidgets import QApplication, QProgressDialog, QWidget

from orangecontrib.imageembedding.widgets.shared.pixmaps import Key, Pixmaps

CHUNK = 100  # images requested at once: the loader drops older requests
TIMEOUT_S = 120.0

Loaded = dict[Key, QPixmap]


def load_all(wishes: Sequence[Key], pixmaps: Pixmaps, parent: QWidget) -> Loaded | None:
    """Decode images, with a bar and a button to cancel.

    Parameters
    ----------
    wishes : sequence of (str, int)
        Locations and sizes in pixels, each once.
    pixmaps : Pixmaps
        Decodes them.
    parent : QWidget
        Whose window waits.

    Returns
    -------
    loaded : dict of (str, int) to QPixmap, or None
        Without those that cannot be had; None if cancelled.
    """
    bar = QProgressDialog("Reading the images…", "Cancel", 0, len(wishes), parent)
    bar.setWindowModality(Qt.WindowModal)
    bar.setMinimumDuration(500)
    loaded: Loaded = {}
    for at in range(0, len(wishes), CHUNK):
        _load(wishes[at : at + CHUNK], pixmaps, loaded)
        bar.setValue(at)
        if bar.wasCanceled():
            return None
    bar.setValue(len(wishes))
    return loaded


def _load(wishes: Sequence[Key], pixmaps: Pixmaps, loaded: Loaded) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    waiting = set(wishes)
    while waiting and time.monotonic() < deadline:
        for wish in list(waiting):
            found = pixmaps.pixmap(*wish)
            if found is not None:
                loaded[wish] = found
            if found is not None or pixmaps.reason(*wish):
                waiting.discard(wish)
        QApplication.processEvents()
        time.sleep(0.005)
