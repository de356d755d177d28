"""One image, large, with what is known of it; the arrow keys go through all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from AnyQt.QtCore import QPointF, QRectF, QSettings, QSizeF, Qt, pyqtSignal
from AnyQt.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QWheelEvent
from AnyQt.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orangecontrib.imageembedding.widgets.shared.pixmaps import WHOLE_PX, Pixmaps

MAX_ZOOM = 16.0
KEYS = "Arrow keys: other images · wheel: zoom · 0: all, 1: pixel for pixel · Space: close"
KEYS_SEEN = "imageembedding/preview-keys-seen"
ZOOM_STEP = 1.25
FACTS_WIDTH = 240

Facts = Sequence[tuple[str, str]]
Small = Callable[[str], tuple[QImage, bool] | None]


class Canvas(QWidget):
    """Paints one image, fitted or zoomed; the mouse moves it."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(200, 200)
        self.setAccessibleName("Image")
        self.image: QImage | None = None
        self.text = ""
        self._grows = False
        self._zoom: float | None = None  # None fits
        self._center = QPointF(0.5, 0.5)  # of the view, in parts of the image
        self._mouse = QPointF()

    def show_image(self, image: QImage | None, text: str, grows: bool = False) -> None:
        """Show an image, or a text where there is none; a small one that stands in may grow."""
        if self._zoom is not None and image is not None and self.image is not None:
            self._zoom *= self.image.width() / image.width()  # it stays as large as it is
        self.image, self.text, self._grows = image, text, grows
        self.update()

    def fit(self) -> None:
        """Show all of the image."""
        self.set_zoom(None)

    def set_zoom(self, zoom: float | None, at: QPointF | None = None) -> None:
        """Show pixels `zoom` times as large as those of the screen; `at` stays in its place."""
        before = None if at is None or self.image is None else self._part_at(at)
        self._zoom = None if zoom is None else min(max(zoom, self._fitting()), MAX_ZOOM)
        if zoom is None:
            self._center = QPointF(0.5, 0.5)
        elif before is not None:
            after = self._part_at(at)
            self._center += before - after
        self.update()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Make the image larger or smaller."""
        self.set_zoom(self.zoom * factor, at)

    @property
    def zoom(self) -> float:
        """Pixels of the screen for one of the image, in each direction."""
        return self._fitting() if self._zoom is None else self._zoom

    def _fitting(self) -> float:
        if self.image is None:
            return 1.0
        size, ratio = self.image.size(), self.devicePixelRatioF()
        fitting = min(self.width() / size.width(), self.height() / size.height()) * ratio
        return fitting if self._grows else min(fitting, 1.0)

    def _place(self) -> QRectF:
        """Get where the image lies in this widget."""
        if self.image is None:
            return QRectF()
        size = QSizeF(self.image.size()) * (self.zoom / self.devicePixelRatioF())
        middle = QPointF(self.width() / 2, self.height() / 2)
        offset = QPointF(self._center.x() * size.width(), self._center.y() * size.height())
        return QRectF(middle - offset, size)

    def _part_at(self, point: QPointF) -> QPointF:
        place = self._place()
        inside = point - place.topLeft()
        return QPointF(inside.x() / place.width(), inside.y() / place.height())

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.Text))
        if self.image is None:
            painter.drawText(self.rect(), int(Qt.AlignCenter | Qt.TextWordWrap), self.text)
            return
        painter.setRenderHint(QPainter.SmoothPixmapTransform, self.zoom < 2)
        painter.drawImage(self._place(), self.image)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            factor = ZOOM_STEP if event.angleDelta().y() > 0 else 1 / ZOOM_STEP
            self.zoom_by(factor, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._mouse = QPointF(event.pos())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.image is None or not event.buttons():
            return
        place, moved = self._place(), QPointF(event.pos()) - self._mouse
        self._mouse = QPointF(event.pos())
        self._center -= QPointF(moved.x() / place.width(), moved.y() / place.height())
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._zoom is None:
            self.set_zoom(1.0, QPointF(event.pos()))
        else:
            self.fit()


class Preview(QDialog):
    """Shows images large, one at a time.

    Space and Escape close it; the arrow keys, Home and End go to other images; the wheel, + and -
    zoom, 0 fits, 1 shows pixel for pixel; the mouse moves the image.
    """

    moved = pyqtSignal(int)
    """The position of the image that is shown now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlag(Qt.WindowMaximizeButtonHint)
        self.resize(900, 640)
        self.position = -1
        self._n_images = 0
        self._location: Callable[[int], str] = str
        self._facts: Callable[[int], Facts] = lambda position: ()
        self._small: Small = lambda location: None
        self._images = Pixmaps(self)
        self._images.ready.connect(self._image_ready)
        self.canvas = Canvas()
        self.keys_label = QLabel(KEYS, wordWrap=True, alignment=Qt.AlignCenter)
        self.keys_label.hide()
        self.back_button = self._make_arrow("‹", "Previous image (left arrow)", -1)
        self.forward_button = self._make_arrow("›", "Next image (right arrow)", 1)
        self.facts = QLabel(wordWrap=True, textFormat=Qt.RichText)
        self.facts.setAlignment(Qt.AlignTop | Qt.AlignLeading)
        self.facts.setTextInteractionFlags(Qt.TextSelectableByMouse)
        self.facts.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        self.facts.setMargin(8)
        self.facts.setAccessibleName("About the image")
        scroll = QScrollArea(widgetResizable=True, frameShape=QScrollArea.NoFrame)
        scroll.setWidget(self.facts)
        scroll.setFixedWidth(FACTS_WIDTH)
        scroll.setFocusPolicy(Qt.NoFocus)
        layout, middle = QHBoxLayout(self), QVBoxLayout()
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.keys_label)
        layout.addWidget(self.back_button)
        layout.addLayout(middle, 1)
        layout.addWidget(self.forward_button)
        layout.addWidget(scroll)

    def _make_arrow(self, text: str, tip: str, step: int) -> QToolButton:
        button = QToolButton(text=text, toolTip=tip, autoRaise=True, focusPolicy=Qt.NoFocus)
        button.setAccessibleName(tip)
        button.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Expanding)
        font = button.font()
        font.setPointSizeF(2 * font.pointSizeF())
        button.setFont(font)
        button.clicked.connect(lambda: self._go_to(self.position + step))
        return button

    def set_images(
        self,
        n_images: int,
        location: Callable[[int], str],
        facts: Callable[[int], Facts],
        small: Small = lambda location: None,
    ) -> None:
        """Set what can be shown; what is shown already is forgotten.

        Parameters
        ----------
        n_images : int
            Positions go from 0 to below it.
        location : callable
            Gives the path or URL at a position.
        facts : callable
            Gives the names and values shown for the image at a position.
        small : callable, optional
            Gives what `Pixmaps.small` does: it is shown until the image is read.
        """
        self.forget()
        self._n_images, self._location, self._facts, self._small = (
            n_images, location, facts, small,
        )  # fmt: skip

    def forget(self) -> None:
        """Close; there is nothing to be shown any more."""
        self._images.forget()
        self._n_images, self.position = 0, -1
        self._location, self._facts = str, lambda position: ()
        self._small = lambda location: None
        self.hide()

    def open_at(self, position: int) -> None:
        """Show the image at a position."""
        self._go_to(position)
        self.keys_label.setVisible(not QSettings().value(KEYS_SEEN, False, type=bool))
        self.show()
        self.raise_()
        self.activateWindow()

    def close_threads(self) -> None:
        """Stop decoding for good."""
        self._images.close()
        self.hide()

    def _go_to(self, position: int) -> None:
        if not 0 <= position < self._n_images:
            return
        self.position = position
        location = self._location(position)
        near = [p for p in (position + 1, position - 1) if 0 <= p < self._n_images]
        self._images.want([(location, WHOLE_PX), *((self._location(p), WHOLE_PX) for p in near)])
        self.back_button.setEnabled(position > 0)
        self.forward_button.setEnabled(position < self._n_images - 1)
        self.canvas.fit()
        self._show()
        self.moved.emit(position)

    def _image_ready(self, location: str) -> None:
        if 0 <= self.position < self._n_images and location == self._location(self.position):
            self._show()

    def _show(self) -> None:
        location = self._location(self.position)
        image = self._images.image(location, WHOLE_PX)
        reason = self._images.reason(location, WHOLE_PX)
        small = None if image is not None or reason else self._small(location)
        if small is not None:
            self.canvas.show_image(small[0], "", grows=small[1])
        else:
            self.canvas.show_image(image, reason or "Loading …")
        known = {n: v for n, v in self._facts(self.position) if not _is_told(v, location)}
        if image is not None:
            known.setdefault("Pixels", f"{image.width()} × {image.height()}")
        shown = [("Reason", reason)] if reason else []
        facts = [("File", location[:500]), *shown, *known.items()]
        self.facts.setText("".join(f"<p><b>{_safe(n)}</b><br>{_safe(v)}</p>" for n, v in facts))
        name = location.replace("\\", "/").rpartition("/")[2]
        self.setWindowTitle(f"{name[:100]} ({self.position + 1:,} of {self._n_images:,})")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        forward = -1 if self.isRightToLeft() else 1
        goes_to = {
            Qt.Key_Right: self.position + forward, Qt.Key_Left: self.position - forward,
            Qt.Key_Down: self.position + 1, Qt.Key_Up: self.position - 1,
            Qt.Key_PageDown: self.position + 1, Qt.Key_PageUp: self.position - 1,
            Qt.Key_Home: 0, Qt.Key_End: self._n_images - 1,
        }  # fmt: skip
        acts = {
            Qt.Key_Space: self.hide, Qt.Key_0: self.canvas.fit,
            Qt.Key_1: lambda: self.canvas.set_zoom(1.0),
            Qt.Key_Plus: lambda: self.canvas.zoom_by(ZOOM_STEP),
            Qt.Key_Equal: lambda: self.canvas.zoom_by(ZOOM_STEP),
            Qt.Key_Minus: lambda: self.canvas.zoom_by(1 / ZOOM_STEP),
        }  # fmt: skip
        if event.key() in goes_to:
            QSettings().setValue(KEYS_SEEN, True)  # who uses one knows them
            self._go_to(goes_to[event.key()])
        elif event.key() in acts:
            acts[event.key()]()
        else:
            super().keyPressEvent(event)


def _is_told(value: str, location: str) -> bool:
    """Tell whether the location says a value already: the path, its end, or the name alone."""
    place = location.replace("\\", "/")
    name = place.rpartition("/")[2]
    return value in (location, name, name.rpartition(".")[0]) or place.endswith(f"/{value}")


def _safe(text: str) -> str:
    """Escape a text, and let long names break anywhere."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return escaped.replace("/", "/\u200b").replace("_", "_\u200b")
