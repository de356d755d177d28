"""What workflows of Orange3-ImageAnalytics bring along."""

from AnyQt.QtWidgets import QWidget
from Orange.widgets.tests.base import WidgetTest

from orangecontrib.imageembedding.widgets.owimageembedding import OWImageEmbedding
from orangecontrib.imageembedding.widgets.owimageviewer import OWImageViewer
from orangecontrib.imageembedding.widgets.owimportimages import OWImportImages


class TestPredecessor(WidgetTest):
    def test_the_size_of_its_windows_is_not_taken_over(self):
        old = QWidget()
        old.resize(841, 127)
        stored = {"savedWidgetGeometry": bytes(old.saveGeometry()), "__version__": 2}
        for widget_class in (OWImageEmbedding, OWImageViewer, OWImportImages):
            for version in (1, 2):
                widget = self.create_widget(
                    widget_class, stored_settings=stored | {"__version__": version}
                )
                widget.show()
                assert widget.height() > 300, widget_class
                widget.hide()
            current = stored | {"__version__": widget_class.settings_version}
            widget = self.create_widget(widget_class, stored_settings=current)
            assert widget.savedWidgetGeometry == stored["savedWidgetGeometry"]
