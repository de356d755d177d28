"""Show a file in the system's program for folders."""

import sys
import time

import pytest
from AnyQt.QtCore import QCoreApplication, QEvent, QObject
from AnyQt.QtWidgets import QApplication

from orangecontrib.imageembedding.widgets.shared import filemanager


@pytest.fixture(scope="module", autouse=True)
def app():
    return QCoreApplication.instance() or QApplication([])


@pytest.fixture
def asked(monkeypatch):
    """Get what other programs are asked for."""
    calls = []
    monkeypatch.setattr(
        filemanager.QProcess, "startDetached", lambda *args: calls.append(list(args))
    )
    monkeypatch.setattr(
        filemanager.QDesktopServices, "openUrl", lambda url: calls.append(url.toLocalFile())
    )
    return calls


def test_windows_and_macos_mark_the_file(asked, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    filemanager.show_in_folder("/images/my cat.jpg", QObject())
    monkeypatch.setattr(sys, "platform", "win32")
    filemanager.show_in_folder("cat.jpg", QObject())
    assert asked == [["open", ["-R", "/images/my cat.jpg"]], ["explorer", ["/select,", "cat.jpg"]]]


@pytest.fixture
def bus(monkeypatch):
    """Stand in for the desktop's bus; its answer is set by the test."""
    dbus = pytest.importorskip(QObject.__module__.replace("QtCore", "QtDBus"))

    class Bus:
        is_there = True
        fails = False
        messages = ()

        def isConnected(self):  # noqa: N802
            return self.is_there

        def asyncCall(self, message):  # noqa: N802
            self.messages += (message,)
            error = message.createErrorReply("org.freedesktop.DBus.Error.ServiceUnknown", "none")
            answer = error if self.fails else message.createReply()
            return dbus.QDBusPendingCall.fromCompletedCall(answer)

    bus = Bus()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(dbus.QDBusConnection, "sessionBus", lambda: bus)
    return bus


def answered(parent):
    """Wait until the watcher of the call has gone."""
    end = time.monotonic() + 30
    while parent.children():
        assert time.monotonic() < end
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.DeferredDelete)


@pytest.mark.parametrize("fails", [False, True])
def test_a_linux_desktop_marks_the_file_or_opens_its_folder(asked, bus, fails):
    bus.fails = fails
    parent = QObject()
    filemanager.show_in_folder("/images/my cat.jpg", parent)
    answered(parent)
    (message,) = bus.messages
    assert (message.service(), message.member()) == ("org.freedesktop.FileManager1", "ShowItems")
    assert asked == (["/images"] if fails else [])


def test_without_a_bus_the_folder_is_opened(asked, bus):
    bus.is_there = False
    filemanager.show_in_folder("/images/my cat.jpg", QObject())
    assert asked == ["/images"]


def test_without_the_library_the_folder_is_opened(asked, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, QObject.__module__.replace("QtCore", "QtDBus"), None)
    filemanager.show_in_folder("/images/my cat.jpg", QObject())
    assert asked == ["/images"]
