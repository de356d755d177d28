"""Several columns are chosen by a combo each, in every widget that shows several."""

import numpy as np
from AnyQt.QtCore import Qt
from AnyQt.QtTest import QTest
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table
from orangewidget.tests.base import WidgetTest

from orangecontrib.imageembedding.widgets.owhierarchicalclustering import OWHierarchicalClustering
from orangecontrib.imageembedding.widgets.owimagegrid import OWImageGrid
from orangecontrib.imageembedding.widgets.owimageviewer import OWImageViewer
from orangecontrib.imageembedding.widgets.owsaveimages import OWSaveImages

WHERE = [
    (OWImageViewer, "title_attrs"),
    (OWImageGrid, "label_attrs"),
    (OWHierarchicalClustering, "strip_attrs"),
    (OWSaveImages, "label_vars"),
    (OWSaveImages, "by_vars"),
]


def images() -> Table:
    """Get four rows with two categorical columns and one of text."""
    first, second = (DiscreteVariable(name, ("a", "b")) for name in ("first", "second"))
    image, text = StringVariable("image"), StringVariable("text")
    image.attributes["type"] = "image"
    domain = Domain([ContinuousVariable("x")], first, [second, image, text])
    metas = np.array([[0, f"{i}.png", f"text {i}"] for i in range(4)], dtype=object)
    return Table.from_numpy(domain, np.arange(4.0)[:, None], np.array([0, 0, 1, 1]), metas)


class TestColumns(WidgetTest):
    def shown(self, kind, setting):
        widget = self.create_widget(kind)
        self.send_signal(kind.Inputs.data, images(), widget=widget)
        self.wait_until_finished(widget)
        setattr(widget, setting, [])
        return widget, getattr(widget.controls, setting)

    def choose(self, combo, name):
        combo.setCurrentIndex(combo.findText(name))
        combo.activated.emit(combo.currentIndex())

    def test_columns_are_added_on_demand_and_go_with_none(self):
        for kind, setting in WHERE:
            with self.subTest(widget=kind.name, setting=setting):
                widget, combos = self.shown(kind, setting)
                assert len(combos.combos) == 1
                assert not combos.add_button.isEnabled()
                self.choose(combos.combos[0], "first")
                QTest.mouseClick(combos.add_button, Qt.LeftButton)
                assert len(combos.combos) == 2
                combos.combos[1].hidePopup()
                self.choose(combos.combos[1], "second")
                assert [column.name for column in getattr(widget, setting)] == ["first", "second"]
                self.choose(combos.combos[0], "(none)")
                assert [column.name for column in getattr(widget, setting)] == ["second"]
                assert [combo.currentText() for combo in combos.combos] == ["second"]

    def test_a_column_is_chosen_once(self):
        widget, combos = self.shown(OWImageViewer, "title_attrs")
        widget.title_attrs = [widget.data.domain["text"]]
        QTest.mouseClick(combos.add_button, Qt.LeftButton)
        self.choose(combos.combos[1], "text")
        assert [column.name for column in widget.title_attrs] == ["text"]
        assert len(combos.combos) == 1

    def test_combos_follow_the_setting_and_the_data(self):
        for kind, setting in WHERE:
            with self.subTest(widget=kind.name, setting=setting):
                widget, combos = self.shown(kind, setting)
                domain = images().domain
                setattr(widget, setting, [domain["second"], domain["first"]])
                assert [combo.currentText() for combo in combos.combos] == ["second", "first"]
                self.send_signal(kind.Inputs.data, None, widget=widget)
                self.send_signal(kind.Inputs.data, images(), widget=widget)
                self.wait_until_finished(widget)
                assert [combo.currentText() for combo in combos.combos] == ["second", "first"]

    def test_data_without_a_class_have_no_color_beside_the_leaves(self):
        widget = self.create_widget(OWHierarchicalClustering)
        data = images()
        self.send_signal("Data", data.transform(Domain(data.domain.attributes)), widget=widget)
        self.wait_until_finished(widget)
        assert widget.strip_attrs == []
