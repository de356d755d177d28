"""A real browser (Chromium in Qt) that opens one page; for tests, in a process of its own.

``python browser.py PAGE SCREENSHOT STEPS``: each line of STEPS is JavaScript to run, and
behind ``??`` an expression. Written are, as JSON, the values of these, all addresses that were
asked for, and what the page complained of. The screenshot shows the page before the steps.
"""

import json
import os
import sys

from AnyQt.QtCore import QCoreApplication, QEventLoop, Qt, QTimer, QUrl
from AnyQt.QtWidgets import QApplication
from PyQt6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineUrlRequestInterceptor,
)
from PyQt6.QtWebEngineWidgets import QWebEngineView

PATIENCE_MS = 180_000
FLAGS = "--use-angle=swiftshader --enable-unsafe-swiftshader"
DARK = " --blink-settings=preferredColorScheme=0"
# Later than what the page has asked for: two frames.
SETTLED = "new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))"


class Watch(QWebEngineUrlRequestInterceptor):
    def __init__(self):
        super().__init__()
        self.asked = []

    def interceptRequest(self, info):  # noqa: N802
        self.asked.append(info.requestUrl().toString()[:200])


class Page(QWebEnginePage):
    def __init__(self, profile):
        super().__init__(profile)
        self.complaints = []

    def javaScriptConsoleMessage(self, _level, message, _line, _source):  # noqa: N802
        self.complaints.append(message)


def n_colorful(image):
    """Count pixels, of a small copy, that are not nearly gray."""
    small = image.scaled(80, 60)
    pixels = (small.pixelColor(x, y).getRgb()[:3] for x in range(80) for y in range(60))
    return sum(max(rgb) - min(rgb) > 60 for rgb in pixels)


def browse(path, screenshot, steps):
    is_dark = "BROWSER_IS_DARK" in os.environ
    os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = FLAGS + (DARK if is_dark else "")
    os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"  # as root it needs that
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("browser")
    profile, watch = QWebEngineProfile(), Watch()
    profile.setUrlRequestInterceptor(watch)
    page, view = Page(profile), QWebEngineView()
    view.setPage(page)
    view.resize(800, 600)
    view.show()
    loop = QEventLoop()
    QTimer.singleShot(PATIENCE_MS, lambda: os._exit(1))

    def run(code):
        answers = []
        page.runJavaScript(code, lambda answer: (answers.append(answer), loop.quit()))
        while not answers:  # others end the loop, too
            loop.exec()
        return answers[0]

    def until(is_so):
        timer = QTimer(interval=10, timeout=loop.quit)
        timer.start()
        while not is_so():
            loop.exec()
        timer.stop()

    def settle(code):
        """Run code, and wait for its promise `pending`, if it makes one, and until all is drawn."""
        before = run("document.title")
        after = f"then(() => {SETTLED}).then(() => document.title = 'settled ' + Math.random())"
        run(f"{code}; Promise.resolve(window.pending).{after}")
        until(lambda: run("document.title") != before)

    page.loadFinished.connect(loop.quit)
    view.load(QUrl.fromLocalFile(path))
    loop.exec()
    until(lambda: run("document.body.dataset.state || ''"))
    until(lambda: n_colorful(view.grab().toImage()) > 50)
    view.grab().save(screenshot)
    values = []
    for step in steps:
        act, _, ask = step.partition("?? ")
        if act:
            settle(act)
        values.append(run(ask) if ask else None)
    told = {"values": values, "asked": watch.asked, "complaints": page.complaints}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    os._exit(0)  # Qt's web engine may crash at the very end, by itself


if __name__ == "__main__":
    browse(sys.argv[1], sys.argv[2], sys.argv[3].splitlines())
