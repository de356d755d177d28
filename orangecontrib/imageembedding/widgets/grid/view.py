"""A window onto a grid of images: what is shown of it, how large, and which part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from AnyQt.QtCore import QEvent, QTimer
from AnyQt.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette
from numpy.typing import NDArray

from orangecontrib.imageembedding.widgets.grid.geometry import GridGeometry
from orangecontrib.imageembedding.widgets.grid.mosaic import MeanColors, mosaic
from orangecontrib.imageembedding.widgets.grid.painting import CROP, FIT, CellPainter, Look
from orangecontrib.imageembedding.widgets.grid.zoom import CellArea
from orangecontrib.imageembedding.widgets.shared.groups import Groups, color_of_group
from orangecontrib.imageembedding.widgets.shared.hint import paint_hint
from orangecontrib.imageembedding.widgets.shared.pixmaps import Key, Pixmaps, decoded_side

MAX_PICTURES = 2100  # in sight, painted in 25 ms: with more cells, only their mean colors
REPAINT_MS = 30  # images that become ready within it are painted together
EMPTY = -1

Cells = NDArray[np.intp]
"""``row * n_columns + column`` of each."""
Found = tuple[QImage | None, str]
"""An image, None if it is not decoded, and why it cannot be."""
ImageOf = Callable[[str], Found]


class GridCanvas(CellArea):
    """Shows images in cells; keeps no data but what it paints, and takes no input but scrolling."""

    def __init__(self) -> None:
        super().__init__()
        self.pixmaps = Pixmaps(self)
        self.pixmaps.ready.connect(self._image_ready)
        self.setAccessibleName("Grid of images")
        self.hint = ""  # what is written where there are no images
        self.fit = FIT
        self.focus_cell = EMPTY
        self.image_in = np.empty(0, dtype=int)
        self._repaint = QTimer(self, interval=REPAINT_MS, singleShot=True)
        self._repaint.timeout.connect(self.viewport().update)
        self.set_images(())

    # What is shown

    def set_images(self, locations: Sequence[str]) -> None:
        """Show other images, in no cells yet; "" where there is none."""
        self.pixmaps.forget()
        self.locations = locations
        self.labels: Sequence[str] = ()
        self.n_label_lines = 0
        self.frames: NDArray[np.float32] | None = None
        self._frame_colors: FrameColors | None = None
        self.faded: NDArray[np.bool_] | None = None
        self.groups: Groups = np.zeros(len(locations), dtype=int)
        self._colors = MeanColors(locations)
        self._mosaic = None
        self._wanted: object = None
        self.set_cells(np.full(len(locations), EMPTY), 0, 0)

    def set_cells(self, cells: NDArray[np.intp], n_rows: int, n_columns: int) -> None:
        """Move the images to other cells: shape (n_images,), dtype int.

        A cell is ``row * n_columns + column``; -1 for none.
        """
        focused = self.focused_image()
        self.cells = cells
        self.image_in = np.full(n_rows * n_columns, EMPTY)
        placed = np.flatnonzero(cells >= 0)
        self.image_in[cells[placed]] = placed
        self.focus_cell = int(cells[focused]) if 0 <= focused < len(cells) else EMPTY
        if (n_rows, n_columns) != self.shape:
            self.set_shape(n_rows, n_columns)
        self.look_changed()

    def set_labels(self, labels: Sequence[str], n_lines: int) -> None:
        """Write labels on the cells, of several lines."""
        self.labels, self.n_label_lines = labels, n_lines
        self.viewport().update()

    def set_frames(self, frames: NDArray[np.float32] | None) -> None:
        """Frame images in colors of shape (n_images, 3), dtype float32, 0 to 255; NaN for none."""
        self.frames = frames
        self._frame_colors = None if frames is None else FrameColors(frames)
        self.look_changed()

    def set_faded(self, faded: NDArray[np.bool_] | None) -> None:
        """Fade some images: shape (n_images,), dtype bool; None for none."""
        self.faded = faded
        self.look_changed()

    def set_fit(self, fit: str) -> None:
        """Let images fit into their cells, fill and overlap them, or be stretched."""
        self.fit = fit
        self.look_changed()

    def look_changed(self) -> None:
        """Repaint: the look of the images has changed."""
        self._mosaic = self._wanted = None
        self.viewport().update()

    def focused_image(self) -> int:
        """Get the image that has the focus of the keyboard; -1 if there is none."""
        cell = self.focus_cell
        return int(self.image_in[cell]) if 0 <= cell < len(self.image_in) else EMPTY

    def images_in_order(self) -> NDArray[np.intp]:
        """Get the images that have a cell, row by row: shape (n_shown,), dtype int."""
        return self.image_in[self.image_in >= 0]

    def mark_of(self, group: int) -> QColor:
        """Get the color of a group of selected images."""
        return color_of_group(group, self.palette())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.look_changed()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self.palette().color(QPalette.Base))
        with self.pixmaps.held():
            cells = self.cells_in_sight() if self.image_in.size else self.image_in
            if len(cells) > MAX_PICTURES:
                self._paint_mosaic(painter)
            else:
                self.paint_cells(painter, cells, self.geometry_of_cells, self.image_of)
            self._want_images(cells)
        painter.end()
        if not len(self.locations):
            paint_hint(self.viewport(), self.hint)

    def paint_cells(
        self, painter: QPainter, cells: Cells, geometry: GridGeometry, image_of: ImageOf
    ) -> None:
        """Paint cells of shape (n_cells,), dtype int; `image_of` gives the image and the reason."""
        painter.setFont(self.font())
        cell_painter = CellPainter(
            painter, geometry.side, self.fit, self.palette(), self.n_label_lines
        )
        images = self.image_in[cells]
        cells, images = cells[images >= 0], images[images >= 0]
        rows, columns = np.divmod(cells, geometry.n_columns)
        xs = (geometry.origin.x() + columns * geometry.side).tolist()
        ys = (geometry.origin.y() + rows * geometry.side).tolist()
        look_of = self._looks(image_of)
        for cell, image, x, y in zip(cells.tolist(), images.tolist(), xs, ys, strict=True):
            look = look_of(image)
            look.focused = cell == self.focus_cell and self.hasFocus()
            cell_painter.paint(x, y, look)

    def _looks(self, image_of: ImageOf) -> Callable[[int], Look]:
        """Get a function that tells how an image is to be seen."""
        marks = [None] + [self.mark_of(i + 1) for i in range(int(self.groups.max(initial=0)))]
        locations, labels, groups = self.locations, self.labels, self.groups
        frames, faded, has_labels = self._frame_colors, self.faded, self.n_label_lines > 0

        def look_of(image: int) -> Look:
            found, reason = image_of(locations[image])
            return Look(
                found,
                reason,
                labels[image] if has_labels else "",
                None if frames is None else frames[image],
                marks[groups[image]],
                faded is not None and bool(faded[image]),
            )

        return look_of

    def image_of(self, location: str) -> Found:
        """Get the image at a location, None if it is not decoded, and why it cannot be."""
        side = self._decoded_side()
        image = self.pixmaps.image(location, side)
        if image is None:  # a smaller one stands in until this one is decoded
            small = self.pixmaps.small(location)
            image = small[0] if small is not None else None
        return image, "" if image is not None else self.pixmaps.reason(location, side)

    def _decoded_side(self) -> int:
        return side_in_pixels(self.side * self.devicePixelRatioF(), self.fit)

    def _paint_mosaic(self, painter: QPainter) -> None:
        if self._mosaic is None:
            palette = self.palette()
            marks = [
                (self.groups == group, self.mark_of(group))
                for group in range(1, int(self.groups.max(initial=0)) + 1)
            ]
            self._mosaic = mosaic(
                self.image_in,
                self.shape[1],
                self._colors,
                palette.color(QPalette.Base),
                palette.color(QPalette.Text),
                self.frames,
                self.faded,
                marks,
            )
        painter.setRenderHint(QPainter.SmoothPixmapTransform, self.side < 1)
        painter.drawImage(self.geometry_of_cells.rect, self._mosaic)

    def _want_images(self, cells: NDArray[np.intp]) -> None:
        """Request the images in sight; very many in portions."""
        images = self.image_in[cells]
        images = images[images >= 0]
        if len(cells) > MAX_PICTURES:
            keys = self._colors.wanted(images)
        else:
            side = self._decoded_side()
            wanted = cells[:1].tolist(), len(cells), side
            if wanted == self._wanted:
                return
            self._wanted = wanted
            keys = [(self.locations[image], side) for image in images.tolist()]
        self.pixmaps.want(keys)

    def _image_ready(self, location: str) -> None:
        small = self.pixmaps.small(location)
        self._colors.note(location, None if small is None else small[0])
        if not self._repaint.isActive():
            self._mosaic = None
            self._repaint.start()

    def keys_of_all(self, side: float) -> list[Key]:
        """Get location and size of all images, as a picture with cells of a side needs them."""
        side_px = side_in_pixels(side, self.fit)
        locations = dict.fromkeys(self.locations[image] for image in self.images_in_order())
        return [(location, side_px) for location in locations if location]

    def close_threads(self) -> None:
        """Stop decoding for good."""
        self.pixmaps.close()


class FrameColors:
    """The color of each frame, made when it is painted; None for no frame.

    Parameters
    ----------
    rgb : ndarray of shape (n, 3)
        0 to 255; NaN for none.
    """

    def __init__(self, rgb: NDArray[np.float32]) -> None:
        self._rgb = rgb
        self._known: dict[tuple[float, ...], QColor | None] = {}

    def __getitem__(self, image: int) -> QColor | None:
        red, green, blue = key = tuple(self._rgb[image].tolist())
        if red != red:
            return None
        if key not in self._known:
            self._known[key] = QColor(int(red), int(green), int(blue))
        return self._known[key]


def side_in_pixels(side: float, fit: str) -> int:
    """Get the size at which images are decoded for cells: cropped ones are larger than these."""
    return decoded_side(1.5 * side if fit == CROP else side)
