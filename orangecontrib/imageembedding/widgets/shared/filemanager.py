"""A file in the program with which the system shows folders, marked where that can be."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from AnyQt.QtCore import QMetaType, QObject, QProcess, QUrl
from AnyQt.QtGui import QDesktopServices

DBUS_NAME = "org.freedesktop.FileManager1"


def show_in_folder(path: str, parent: QObject) -> None:
    """Show the folder that a file lies in, and the file marked in it if the system can do that."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", os.path.normpath(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", path])
    elif not _asked_by_dbus(path, parent):
        _open_folder_of(path)


def _asked_by_dbus(path: str, parent: QObject) -> bool:
    """Ask the file manager of a Linux desktop; False if none answers."""
    try:
        dbus = import_module(QObject.__module__.replace("QtCore", "QtDBus"))
    except ImportError:
        return False
    bus = dbus.QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    strings = QMetaType.QStringList
    urls = dbus.QDBusArgument([QUrl.fromLocalFile(path).toString(QUrl.FullyEncoded)],
                              getattr(strings, "value", strings))  # fmt: skip
    place = "/" + DBUS_NAME.replace(".", "/")
    message = dbus.QDBusMessage.createMethodCall(DBUS_NAME, place, DBUS_NAME, "ShowItems")
    message.setArguments([urls, ""])
    watcher = dbus.QDBusPendingCallWatcher(bus.asyncCall(message), parent)

    def answered() -> None:
        if dbus.QDBusPendingReply(watcher).isError():  # no file manager listens
            _open_folder_of(path)
        watcher.deleteLater()

    watcher.finished.connect(answered)
    return True


def _open_folder_of(path: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(os.path.dirname(path)))
