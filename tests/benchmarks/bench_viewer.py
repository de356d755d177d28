"""Import Images and Image Viewer with many images, beside the predecessor's viewer.

    python tests/benchmarks/bench_viewer.py make FOLDER 100000      writes images of 320×240
    python tests/benchmarks/bench_viewer.py import FOLDER           time, longest gap, cancel
    python tests/benchmarks/bench_viewer.py view FOLDER             this add-on's viewer
    PREDECESSOR/bin/python tests/benchmarks/bench_viewer.py view FOLDER

The last runs in an environment of its own, with Orange3-ImageAnalytics and without this add-on.
A *gap* is the time between two ticks of a timer of 5 ms in the window's thread: as long as that,
the window did not answer.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import resource
import sys
import tempfile
import threading
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from AnyQt.QtCore import QCoreApplication, QEventLoop, QTimer
from AnyQt.QtWidgets import QApplication

TICK_MS = 5
N_STEPS = 300
STEP_MS = 30
N_DIFFERENT = 200
OURS = importlib.util.find_spec("orangecontrib.imageembedding") is not None


class Gaps:
    """Measures how long the window's thread does not answer."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now

    def told(self) -> str:
        """Longest and 95th percentile, and the part of the time in gaps above 50 ms."""
        gaps = np.array(self.gaps or [0.0])
        blocked = gaps[gaps > 0.05].sum() / gaps.sum()
        p95 = np.percentile(gaps, 95)
        return f"longest gap {gaps.max():.3f} s, p95 {p95:.3f} s, blocked {blocked:.0%}"


def wait(until=lambda: False, seconds=60.0) -> float:
    """Let events be processed until something is so; the seconds it took."""
    start, loop = time.perf_counter(), QEventLoop()
    while not until() and time.perf_counter() - start < seconds:
        QTimer.singleShot(1, loop.quit)
        loop.exec()
    return time.perf_counter() - start


def resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def say(*words) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def make(folder: str, n_images: int) -> None:
    """Write images in twenty sub-folders."""
    from PIL import Image

    rng = np.random.default_rng(0)
    encoded = []
    for _ in range(N_DIFFERENT):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        image = Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
        image.save(buffer, "JPEG", quality=92)
        encoded.append(buffer.getvalue())
    for i in range(n_images):
        inside = os.path.join(folder, f"class{i % 20:02d}")
        if i < 20:
            os.makedirs(inside, exist_ok=True)
        with open(os.path.join(inside, f"img{i}.jpg"), "wb") as file:
            file.write(encoded[i % N_DIFFERENT])


def table_of(folder: str):
    """Make the table without either add-on's import, the same for both viewers."""
    from Orange.data import DiscreteVariable, Domain, StringVariable, Table

    classes = sorted(os.listdir(folder))
    image = StringVariable("image")
    image.attributes["type"] = "image"
    rows, codes = [], []
    for code, name in enumerate(classes):
        for file in sorted(os.listdir(os.path.join(folder, name))):
            rows.append((file, os.path.join(folder, name, file)))
            codes.append(code)
    domain = Domain([], DiscreteVariable("category", classes), [StringVariable("name"), image])
    metas = np.array(rows, dtype=object)
    return Table.from_numpy(domain, np.empty((len(rows), 0)), np.array(codes, float), metas)


def widget_class():
    if OURS:
        from orangecontrib.imageembedding.widgets.owimageviewer import OWImageViewer
    else:
        from orangecontrib.imageanalytics.widgets.owimageviewer import OWImageViewer
    return OWImageViewer


def handle(widget, method: str, data) -> None:
    getattr(widget, method)(data)
    widget.handleNewSignals()


def view(folder: str) -> None:
    """Drive a viewer: first thumbnails, scrolling to the end and back, selecting all."""
    from orangewidget.utils.signals import LazyValue

    data = table_of(folder)
    say(f"{'ours' if OURS else 'predecessor'}: {len(data):,} images")
    widget = widget_class()()
    sent = {}
    for name in ("selected_data", "data"):
        output = getattr(widget.Outputs, name)
        output.send = lambda value, *_, name=name: sent.__setitem__(name, value)
    widget.resize(1200, 800)
    widget.show()
    wait(seconds=0.5)
    before = resident_mb()
    bar = scroll_bar(widget)
    gaps, start = Gaps(), time.perf_counter()
    handle(widget, "set_data" if OURS else "setData", data)
    wait(lambda: first_shown(widget), 120)
    took = time.perf_counter() - start
    wait(seconds=0.1)
    say(f"first thumbnails in sight after {took:.2f} s;", gaps.told())
    wait(seconds=1)
    gaps = Gaps()
    for place in [*np.linspace(0, 1, N_STEPS), *np.linspace(1, 0, N_STEPS)]:
        bar.setValue(round(place * bar.maximum()))
        wait(seconds=STEP_MS / 1000)
    say(f"scrolling {2 * N_STEPS} steps: {gaps.told()}; {resident_mb() - before:+.0f} MB")
    gaps = Gaps()
    page = max(bar.pageStep(), 1)
    bar.setValue(0)
    for _ in range(200):
        bar.setValue(bar.value() + page)
        wait(seconds=0.01)
        wait(lambda: first_shown(widget), 1)
    say(f"200 screenfuls, each complete: {gaps.told()}; {resident_mb() - before:+.0f} MB")
    if OURS:
        select_all(widget, sent, LazyValue)


def select_all(widget, sent, lazy) -> None:
    start = time.perf_counter()
    widget.view.selectAll()
    for name, value in sent.items():
        sent[name] = value.get_value() if lazy.is_lazy(value) else value
    took = time.perf_counter() - start
    say(f"selecting all and both outputs: {took:.3f} s for {len(sent['selected_data']):,} rows")


def scroll_bar(widget):
    return (widget.view if OURS else widget.thumbnailView).verticalScrollBar()


def first_shown(widget) -> bool:
    """Tell whether all images in sight are there."""
    if not OURS:
        return widget.thumbnailView.model() is not None  # it decodes while it paints
    view = widget.view
    top, height = view.verticalOffset(), view.viewport().height()
    side_px = view._delegate.side_px
    seen = view._cells.positions_between(top, top + height)
    locations = [view.images.locations[view.images.rows[i]] for i in seen]
    return all(view.pixmaps.image(location, side_px) is not None for location in locations)


def import_folder(folder: str) -> None:
    """Import, and cancel an import."""
    from orangecontrib.imageembedding.widgets.owimportimages import OWImportImages

    widget = OWImportImages()
    sent = {}
    widget.Outputs.data.send = lambda value, *_: sent.__setitem__("data", value)
    widget.show()
    wait(seconds=0.5)
    for _ in range(2):
        gaps, start = Gaps(), time.perf_counter()
        sent.clear()
        widget.open_paths([folder])
        wait(lambda: "data" in sent, 300)
        took = time.perf_counter() - start
        say(f"import of {len(sent['data']):,} files: {took:.2f} s;", gaps.told())
        wait(seconds=1)
    gaps = Gaps()
    sent.clear()
    widget.open_paths([folder])
    wait(seconds=1)
    start = time.perf_counter()
    widget.cancel_import()
    threads = wait(lambda: not any(t.name == "imageembedding" for t in threading.enumerate()), 5)
    say(f"cancel: {time.perf_counter() - start:.3f} s, its thread {threads:.3f} s;", gaps.told())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("make", "import", "view"))
    parser.add_argument("folder")
    parser.add_argument("n_images", nargs="?", type=int, default=20_000)
    options = parser.parse_args()
    if options.what == "make":
        make(options.folder, options.n_images)
        return
    application = QApplication(sys.argv[:1])
    QCoreApplication.setOrganizationName("imageembedding-benchmark")
    with tempfile.TemporaryDirectory() as cache:
        os.environ.setdefault("XDG_CACHE_HOME", cache)
        {"import": import_folder, "view": view}[options.what](options.folder)
        application.processEvents()
        os._exit(0)  # Qt is slow to take all down


if __name__ == "__main__":
    main()
