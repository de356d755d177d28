"""Messages that belong to no widget, in the canvas's own notifications."""

from __future__ import annotations

import sys

from AnyQt.QtCore import QObject, Qt, pyqtSignal
from AnyQt.QtWidgets import QApplication
from orangecanvas.utils.overlay import Notification

TITLE = "Images are missing"


class _Notifier(QObject):
    """Takes messages of any thread to that of the window."""

    told = pyqtSignal(str)

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self.moveToThread(app.thread())
        self.told.connect(self._show, Qt.QueuedConnection)

    def _show(self, message: str) -> None:
        canvas = sys.modules.get("Orange.canvas")
        server = getattr(canvas, "notification_server_instance", None)
        # One that is still unread is not shown twice.
        if server is not None and message not in _waiting(server):
            server.registerNotification(Notification(TITLE, message, accept_button_label="OK"))


def _waiting(server: QObject) -> list[str]:
    return [notification.text for notification in server.getNotificationQueue()]


_NOTIFIERS: list[_Notifier] = []


def notify(message: str) -> None:
    """Show a message in the canvas, if this is one; may be called in any thread."""
    app = QApplication.instance()
    if app is None:
        return
    if not _NOTIFIERS:
        _NOTIFIERS.append(_Notifier(app))
    _NOTIFIERS[0].told.emit(message)
