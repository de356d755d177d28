"""Images in a report."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from AnyQt.QtCore import QBuffer, QEventLoop, QIODevice, QTimer

from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

MAX_IMAGES = 60
SIDE_PX = 96
LONGEST_WAIT_MS = 2000


def html_of_images(images: Sequence[tuple[str, str]], pixmaps: Pixmaps) -> str:
    """Get images with their titles, in HTML that needs no other file.

    Parameters
    ----------
    images : sequence of (str, str)
        Location and title; only the first of many are shown.
    pixmaps : Pixmaps
        Decodes them, while the window stays alive; what takes too long stands there by its
        title alone.
    """
    shown = images[:MAX_IMAGES]
    cells = cells_of_images(shown, pixmaps)
    more = len(images) - len(shown)
    return "".join(cells) + (f"<p>and {more:,} more</p>" if more else "")


def cells_of_images(images: Sequence[tuple[str, str]], pixmaps: Pixmaps) -> list[str]:
    """Get the HTML of each image with its title; see `html_of_images`."""
    _wait_for([location for location, _ in images if location], pixmaps)
    return [_cell(location, title, pixmaps) for location, title in images]


def _wait_for(locations: Sequence[str], pixmaps: Pixmaps) -> None:
    loop = QEventLoop()

    def missing() -> list[str]:
        return [
            location
            for location in locations
            if pixmaps.image(location, SIDE_PX) is None and not pixmaps.reason(location, SIDE_PX)
        ]

    def look(_: str) -> None:
        if not missing():
            loop.quit()

    if not missing():
        return
    pixmaps.ready.connect(look)
    pixmaps.want([(location, SIDE_PX) for location in locations])
    QTimer.singleShot(LONGEST_WAIT_MS, loop.quit)
    loop.exec()
    pixmaps.ready.disconnect(look)


def _cell(location: str, title: str, pixmaps: Pixmaps) -> str:
    image = pixmaps.image(location, SIDE_PX)
    text = escape(title).replace("\n", "<br/>")
    if image is None:
        reason = escape(pixmaps.reason(location, SIDE_PX))
        picture = f"<i>{reason}</i>"
    else:
        buffer = QBuffer()
        buffer.open(QIODevice.WriteOnly)
        image.save(buffer, "PNG")
        data = bytes(buffer.data().toBase64()).decode("ascii")
        picture = f'<img alt="{escape(title)}" src="data:image/png;base64,{data}"/>'
    style = f"display:inline-block;width:{SIDE_PX + 16}px;text-align:center;vertical-align:top"
    return f'<div style="{style}">{picture}<br/>{text}</div>'
