"""Show a file in the system's program for folders."""

import sys

import pytest
from AnyQt.QtCore import QObject

from orangecontrib.imageembedding.widgets.shared import filemanager


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


def test_without_a_desktop_the_folder_is_opened(asked, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(filemanager, "_asked_by_dbus", lambda path, parent: False)
    filemanager.show_in_folder("/images/my cat.jpg", QObject())
    assert asked == ["/images"]
