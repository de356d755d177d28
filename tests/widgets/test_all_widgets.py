"""What holds for every widget of the package, also for those to come."""

from importlib import import_module
from pathlib import Path

import pytest
from AnyQt.QtGui import QColor, QPalette
from AnyQt.QtWidgets import QApplication, QLineEdit
from Orange.widgets.widget import OWWidget
from orangecanvas.styles import breeze_dark
from orangewidget.tests.base import WidgetTest

from orangecontrib.imageembedding import widgets
from orangecontrib.imageembedding.widgets.shared.tips import controls_of, name_of

READABLE = 3.0  # contrast, as WCAG asks of large texts; placeholders are meant to be faint


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
