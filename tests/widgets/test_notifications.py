"""What no widget can show is a notification of the canvas."""

import threading

import Orange.canvas
import pytest
from AnyQt.QtWidgets import QApplication
from Orange.widgets.tests.base import WidgetTest
from orangecanvas.utils.overlay import Notification, NotificationServer

import orangecontrib.imageembedding.widgets  # noqa: F401 - as the canvas, which looks for widgets
from orangecontrib.imageembedding.tables import notices


class TestNotifications(WidgetTest):
    @pytest.fixture(autouse=True)
    def _canvas(self, monkeypatch):
        self.server = NotificationServer()
        monkeypatch.setattr(Orange.canvas, "notification_server_instance", self.server)

    def texts(self):
        QApplication.processEvents()
        return [notification.text for notification in self.server.getNotificationQueue()]

    def test_messages_of_any_thread_come_once_until_they_were_read(self):
        for message in ("a", "b", "a"):
            thread = threading.Thread(target=notices.tell, args=[message])
            thread.start()
            thread.join()
        assert self.texts() == ["a", "b"]
        self.server.getNotificationQueue()[0].clicked.emit(Notification.AcceptRole)
        notices.tell("a")
        assert self.texts() == ["b", "a"]

    def test_without_a_canvas_nothing_happens(self):
        Orange.canvas.notification_server_instance = None
        notices.tell("a")
        assert self.texts() == []
