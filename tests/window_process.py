"""What tests run in a process of its own that has a window, as Orange's."""

import sys

from AnyQt.QtCore import QCoreApplication, Qt
from AnyQt.QtWidgets import QApplication

DEEP = ("torch", "torchvision", "timm", "triton", "openvino", "onnxruntime")


def loaded():
    """Get the libraries of deep learning that this process has loaded."""
    return [name for name in DEEP if name in sys.modules]


def window():
    """Make the QApplication; keep what is returned."""
    QCoreApplication.setAttribute(Qt.AA_ShareOpenGLContexts)  # wanted by the report's web view
    return QApplication.instance() or QApplication(sys.argv[:1])


def embedding_widget(**settings):
    """Get the widget and what drives it."""
    from Orange.widgets.tests.base import WidgetTest

    from orangecontrib.imageembedding.widgets.owimageembedding import OWImageEmbedding

    class Canvas(WidgetTest):
        runTest = None  # noqa: N815 - unittest's name

    Canvas.setUpClass()
    canvas = Canvas()
    canvas.setUp()
    settings = {"embedder_id": "efficientnet-lite0"} | settings
    return canvas, canvas.create_widget(OWImageEmbedding, stored_settings=settings)


def embedded(canvas, widget, table):
    """Get what the widget makes of a table."""
    canvas.send_signal(widget.Inputs.images, table, widget=widget)
    canvas.wait_until_finished(widget=widget, timeout=120_000)
    return canvas.get_output(widget.Outputs.embeddings, widget=widget)
