"""Image Map: how fast it draws, and lays out, beside other programs.

    python tests/benchmarks/bench_map.py draw [N ...]      frames while a script pans and zooms
    python tests/benchmarks/bench_map.py widget [N ...]    from vectors to the final map
    python tests/benchmarks/bench_map.py project [N ...]   the same without a window, and by others
    python tests/benchmarks/bench_map.py page [N ...]      the map as a page for a browser

The points of *draw* are a mixture of normal distributions, given as two columns, the vectors of
*widget* one of 100 of them with 1,280 features each; images are 2,000 small ones that come again.
A *gap* is the time between two ticks of a timer of 5 ms in the window's thread: as long as that,
the window did not answer.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from AnyQt.QtCore import QPointF
from AnyQt.QtWidgets import QApplication
from bench_projecting import PEERS, page, project
from bench_viewer import Gaps, resident_mb, say, wait
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table
from PIL import Image

N_GROUPS, N_FEATURES, N_IMAGES = 100, 1280, 2000
SIZE = 1600, 1000
N_STEPS = 40  # frames of each part of the journey


class BusyGaps(Gaps):
    """Also measures how long the window's thread itself computed between two ticks."""

    def __init__(self) -> None:
        self.busy: list[float] = []
        self._busy = time.thread_time()
        super().__init__()

    def _tick(self) -> None:
        now = time.thread_time()
        self.busy.append(now - self._busy)
        self._busy = now
        super()._tick()

    def told(self) -> str:
        """Longest gap and the most that was computed in one."""
        return f"{super().told()}, busy at most {max(self.busy, default=0):.3f} s"

    def clear(self) -> None:
        """Begin anew."""
        self.gaps.clear()
        self.busy.clear()


def images(folder: Path) -> np.ndarray:
    """Write small images of smooth colors; get their paths."""
    random = np.random.default_rng(0)
    paths = [str(folder / f"{i}.jpg") for i in range(N_IMAGES)]
    for path in paths:
        coarse = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((96, 72), Image.Resampling.BICUBIC).save(path)
    return np.array(paths, dtype=object)


def table(n: int, n_features: int, paths: np.ndarray) -> Table:
    """Get points or vectors of some groups, with images."""
    random = np.random.default_rng(0)
    groups = random.integers(N_GROUPS, size=n)
    spread = 8 if n_features == 2 else 1
    numbers = (spread * random.normal(size=(N_GROUPS, n_features)))[groups]
    for start in range(0, n, 10_000):
        part = numbers[start : start + 10_000]
        part += random.normal(size=part.shape)
    image = StringVariable("image")
    image.attributes["type"] = "image"
    names = ("x", "y") if n_features == 2 else [f"n{i}" for i in range(n_features)]
    features = [ContinuousVariable(name) for name in names]
    for feature in features if n_features > 2 else ():
        feature.attributes["hidden"] = True
    kind = DiscreteVariable("kind", [f"kind {i}" for i in range(N_GROUPS)])
    metas = paths[np.arange(n) % len(paths)][:, None]
    return Table.from_numpy(Domain(features, kind, [image]), numbers, groups.astype(float), metas)


def shown_widget():
    """Get the widget in a window."""
    from orangecontrib.imageembedding.widgets.owimagemap import OWImageMap

    widget = OWImageMap()
    widget.resize(SIZE[0] + 300, SIZE[1] + 100)
    widget.show()
    wait(seconds=0.3)
    widget.view.setFixedSize(*SIZE)
    wait(seconds=0.3)
    return widget


def journey(view) -> Iterator[tuple[str, float, float, float]]:
    """Get cameras on the way: pan far, zoom in, pan, zoom in further, pan, and out again."""
    dense = view.points.places[view.points.levels == view.points.levels.min()][0].tolist()
    whole, n = view.whole_camera().scale, N_STEPS
    middle = view.points.bounds.center()
    for k in range(n):
        yield (
            "pan far",
            whole * 1.5,
            middle.x() + 0.15 * np.sin(k / 6),
            middle.y() + 0.1 * np.cos(k),
        )
    for k in range(n):
        yield "zoom in", whole * 1.5 * 20 ** (k / n), *dense
    for k in range(n):
        yield "pan middle", whole * 30, dense[0] + k * 20 / whole / 30, dense[1] + k * 0.01 / whole
    for k in range(n):
        yield "zoom near", whole * 30 * 10 ** (k / n), *dense
    for k in range(n):
        yield "pan near", whole * 300, dense[0] + k * 20 / whole / 300, dense[1]
    for k in range(n):
        yield "zoom out", whole * 300 * (1 / 300) ** (k / n), *dense


def told(times: list[tuple[float, float]]) -> str:
    """Get p50, p95 and the most, as the clock has it, and as this thread was computing."""
    ms = 1000 * np.array(times).T
    clock, busy = (
        "/".join(f"{x:.1f}" for x in (*np.percentile(row, [50, 95]), row.max())) for row in ms
    )
    return f"{clock} ms (busy {busy})"


def frames(view) -> None:
    """Measure how long frames of a journey take."""
    from orangecontrib.imageembedding.widgets.map.camera import Camera

    times: dict[str, list[tuple[float, float]]] = {}
    n_pictures, n_owed = 0, 0
    for part, scale, x, y in journey(view):
        view.set_camera(Camera(scale, x - view.width() / 2 / scale, y - view.height() / 2 / scale))
        start, busy = time.perf_counter(), time.thread_time()
        view.repaint()
        took = time.perf_counter() - start, time.thread_time() - busy
        times.setdefault(part, []).append(took)
        QApplication.processEvents()
        n_pictures = max(n_pictures, len(view.shown.positions))
        n_owed += view.shown.n_owed > 0
    everything = [took for part in times.values() for took in part]
    say(f"  frames: {told(everything)}")
    say("   ", *(f"{part} {told(some)};" for part, some in times.items()))
    say(f"  at most {n_pictures} pictures, {n_owed} of {len(everything)} with coarse tiles")


def run(data: Table) -> None:
    """Open a table in the widget, wait for the map, and go over it."""
    widget = shown_widget()
    view = widget.view
    gc.collect()
    before, gaps, start = resident_mb(), BusyGaps(), time.perf_counter()
    widget.set_data(data)
    widget.handleNewSignals()
    wait(lambda: len(view.points) > 0, 600)
    view.repaint()
    first = time.perf_counter() - start
    wait(lambda: widget.task is None and view.is_settled, 3600)
    whole = time.perf_counter() - start
    say(f"{len(data):,}: first picture {first:.2f} s, whole map {whole:.1f} s, {gaps.told()}")
    wait(seconds=3)
    frames(view)
    gaps.clear()
    view.set_camera(view.whole_camera())
    for _ in range(20):  # as a user does it
        view.zoom_by(1.2, QPointF(view.width() / 3, view.height() / 2))
        wait(seconds=0.05)
    say(f"  while going about: {gaps.told()}; {resident_mb() - before:.0f} MB more than before")
    say("  " + widget.count_label.text())
    widget.onDeleteWidget()
    widget.hide()


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True, dest="command")
    for name, sizes in (
        ("draw", [5000, 20_000, 100_000, 1_000_000]),
        ("widget", [5000, 20_000, 100_000]),
        ("project", [5000, 20_000, 100_000]),
        ("page", [5000, 20_000]),
    ):
        command = commands.add_parser(name)
        command.add_argument("sizes", nargs="*", type=int, default=sizes)
        if name == "project":
            command.add_argument("--by", action="append", choices=PEERS, help="only by this one")
    options = parser.parse_args()
    app = QApplication([])
    if options.command in ("project", "page"):
        for n in options.sizes:
            page(n) if options.command == "page" else project(n, options.by)
        return
    paths = images(Path(tempfile.mkdtemp()))
    for n in options.sizes:
        run(table(n, 2 if options.command == "draw" else N_FEATURES, paths))
    app.processEvents()
    os._exit(0)


if __name__ == "__main__":
    main()
