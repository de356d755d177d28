"""What holds for every widget of the package, also for those to come."""

from importlib import import_module
from pathlib import Path

import pytest
from AnyQt.QtCore import Qt
from AnyQt.QtGui import QColor, QKeySequence, QPalette
from AnyQt.QtWidgets import (
    QAbstractButton,
    QAction,
    QApplication,
    QLabel,
    QLineEdit,
    QScrollArea,
)
from Orange.widgets.widget import OWWidget
from orangecanvas.styles import breeze_dark
from orangewidget.tests.base import WidgetTest

from orangecontrib.imageembedding import widgets
from orangecontrib.imageembedding.widgets.shared.tips import controls_of, name_of

READABLE = 3.0  # contrast, as WCAG asks of large texts; placeholders are meant to be faint
LOW = 640, 360  # a screen of 1280 × 720 pixels scaled by 200 %
LAPTOP = 1280, 720
GERMAN = 1.4  # so much longer are words of other languages


def all_widgets() -> list[type[OWWidget]]:
    """Get the classes that Orange discovers."""
    names = sorted(path.stem for path in Path(widgets.__file__).parent.glob("ow*.py"))
    modules = [import_module(f"{widgets.__name__}.{name}") for name in names]
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__ and hasattr(kind, "icon")
        if issubclass(kind, OWWidget)
    ]


def contrast(text: QColor, ground: QColor) -> float:
    """Get the contrast ratio of WCAG 2 of a text, which may be translucent, on a ground."""
    a = text.alphaF()
    seen = [a * t + (1 - a) * g for t, g in zip(text.getRgbF(), ground.getRgbF(), strict=True)]
    bright, dim = sorted((_luminance(seen[:3]), _luminance(ground.getRgbF()[:3])), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(rgb) -> float:
    levels = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
    return 0.2126 * levels[0] + 0.7152 * levels[1] + 0.0722 * levels[2]


@pytest.fixture
def _palette():
    before = QApplication.palette()
    yield
    QApplication.setPalette(before)


@pytest.mark.usefixtures("_palette")
class TestAllWidgets(WidgetTest):
    def test_there_are_widgets(self):
        assert len(all_widgets()) >= 6

    def test_placeholders_can_be_read_in_light_and_dark(self):
        light = QApplication.palette()
        for kind in all_widgets():
            later = self.create_widget(kind)
            for palette in (breeze_dark(), light):
                QApplication.setPalette(palette)
                for widget in (later, self.create_widget(kind)):
                    late = QLineEdit(widget)
                    for edit in (*widget.findChildren(QLineEdit), late):
                        colors = edit.palette()
                        seen = contrast(
                            colors.color(QPalette.PlaceholderText), colors.color(QPalette.Base)
                        )
                        assert seen >= READABLE, (kind.name, edit.placeholderText(), seen)

    def test_every_control_tells_what_it_is_good_for(self):
        for kind in all_widgets():
            for control in controls_of(self.create_widget(kind)):
                name, tip = name_of(control), control.toolTip()
                assert len(tip.split()) > 1, (kind.name, type(control).__name__, name)

    def test_f1_is_the_key_of_help(self):
        for kind in all_widgets():
            action = self.create_widget(kind).findChild(QAction, "action-help")
            assert action.shortcut() == QKeySequence(Qt.Key_F1), kind.name

    def test_low_screens_are_large_enough_and_all_controls_are_within_reach(self):
        for kind in all_widgets():
            widget = self.create_widget(kind)
            least = widget.minimumSizeHint()
            assert least.width() <= LOW[0], kind.name
            assert least.height() <= LOW[1], kind.name
            widget.resize(*LOW)
            widget.grab()  # lays it out
            for control in controls_of(widget):
                if control.isVisibleTo(widget) and not in_scroll_area(control):
                    place = control.mapTo(widget, control.rect().bottomRight())
                    assert widget.rect().contains(place), (kind.name, name_of(control))

    def test_long_texts_fit(self):
        for kind in all_widgets():
            widget = self.create_widget(kind)
            for part in (*widget.findChildren(QAbstractButton), *widget.findChildren(QLabel)):
                if part.text():
                    part.setText(part.text() + "m" * round((GERMAN - 1) * len(part.text())))
            widget.resize(*LAPTOP)
            widget.grab()
            for part in (*widget.findChildren(QAbstractButton), *widget.findChildren(QLabel)):
                if part.isVisibleTo(widget) and part.text() and part.window() is widget:
                    name = kind.name, part.text()
                    assert part.width() >= part.minimumSizeHint().width(), name


def in_scroll_area(control) -> bool:
    """Tell a control that can be scrolled to."""
    holder = control.parentWidget()
    while holder is not None and not isinstance(holder, QScrollArea):
        holder = holder.parentWidget()
    return holder is not None
