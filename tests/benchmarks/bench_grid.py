"""Sorting into a grid beside t-SNE with an optimal assignment; Image Grid beside the predecessor's.

    python tests/benchmarks/bench_grid.py sort [N ...]            time, memory, gap, quality
    python tests/benchmarks/bench_grid.py sort --peer [N ...]     the same, and t-SNE's
    python tests/benchmarks/bench_grid.py widget FOLDER           this add-on's widget
    PREDECESSOR/bin/python tests/benchmarks/bench_grid.py widget FOLDER

The last runs in an environment of its own, with Orange3-ImageAnalytics and without this add-on;
`bench_viewer.py make` writes the images of the FOLDER. The vectors are a mixture of 30 normal
distributions with 50 features each. *DPQ16* and *neighbors* are those of `grids.quality`. A *gap*
is the time between two ticks in another thread, as that of the window: as long as that, it did not
answer; *busy* is the part of it in which this program computed, which a busy computer makes no
longer.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import threading
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np

TICK_S = 0.002
N_GROUPS, N_FEATURES = 30, 50
MAX_PEER = 4096  # an assignment of more takes minutes
MAX_MEASURED = 5000  # the quality is computed from all distances
OURS = importlib.util.find_spec("orangecontrib.imageembedding") is not None


def mixture(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Get vectors and their groups."""
    random = np.random.default_rng(0)
    groups = random.integers(N_GROUPS, size=n)
    centers = random.normal(size=(N_GROUPS, N_FEATURES))
    return centers[groups] + random.normal(size=(n, N_FEATURES)), groups


def beside(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, str]:
    """Do some work in a thread; get its result, and how long it took and kept this one waiting."""
    results: list[np.ndarray] = []
    worker = threading.Thread(target=lambda: results.append(work()))
    start, start_busy = time.perf_counter(), time.process_time()
    ticks = [(start, start_busy)]
    worker.start()
    while worker.is_alive():
        time.sleep(TICK_S)
        ticks.append((time.perf_counter(), time.process_time()))
    seconds, busy = np.diff(np.array(ticks), axis=0).T
    told = (
        f"{time.perf_counter() - start:7.2f} s ({time.process_time() - start_busy:.2f} s busy), "
        f"longest gap {1000 * seconds.max():5.0f} ms ({1000 * busy.max():.0f} ms busy)"
    )
    return results[0], told


def by_tsne(vectors: np.ndarray, n_rows: int, n_columns: int) -> np.ndarray:
    """Get the cells that an optimal assignment gives to the points of t-SNE."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist
    from sklearn.manifold import TSNE

    points = TSNE(init="pca", random_state=0).fit_transform(vectors)
    points = (points - points.min(axis=0)) / np.ptp(points, axis=0) * (n_columns - 1, n_rows - 1)
    row, column = np.divmod(np.arange(n_rows * n_columns), n_columns)
    costs = cdist(points, np.column_stack([column, row]), "sqeuclidean")
    return linear_sum_assignment(costs)[1]


def bench_sort(sizes: list[int], peer: bool) -> None:
    """Sort mixtures of some sizes."""
    from orangecontrib.imageembedding.grids.quality import (
        class_neighbor_share,
        distance_preservation,
    )
    from orangecontrib.imageembedding.grids.shape import grid_shape
    from orangecontrib.imageembedding.grids.sort import sort_vectors

    for n in sizes:
        vectors, groups = mixture(n)
        shape = grid_shape(n)
        ways = {"sorted": lambda v=vectors, s=shape: sort_vectors(v, *s)}
        if peer and n <= MAX_PEER:
            ways["t-SNE + assignment"] = lambda v=vectors, s=shape: by_tsne(v, *s)
        for name, work in ways.items():
            cells, told = beside(work)
            quality = ""
            if n <= MAX_MEASURED:
                quality = f", DPQ16 {distance_preservation(vectors, cells, shape[1]):.3f}"
            share = class_neighbor_share(groups, cells, shape[1])
            print(f"{n:6,} {name:18} {told}{quality}, neighbors {share:.3f}", flush=True)
    print(f"at most {memory_mb():.0f} MB")


def bench_widget(folder: str) -> None:
    """Open a folder of images in the widget, with numbers in place of embeddings."""
    from AnyQt.QtWidgets import QApplication
    from bench_viewer import Gaps, wait
    from Orange.data import ContinuousVariable, Domain, StringVariable, Table

    app = QApplication([])
    if OURS:
        from orangecontrib.imageembedding.widgets.owimagegrid import OWImageGrid
    else:
        from orangecontrib.imageanalytics.widgets.owimagegrid import OWImageGrid
    names = sorted(os.path.join(top, name) for top, _, files in os.walk(folder) for name in files)
    image = StringVariable("image")
    image.attributes["type"] = "image"
    features = [ContinuousVariable(f"n{i}") for i in range(N_FEATURES)]
    table = Table.from_numpy(
        Domain(features, metas=[image]),
        mixture(len(names))[0],
        metas=np.array(names, dtype=object)[:, None],
    )
    widget = OWImageGrid()
    widget.resize(1200, 900)
    widget.show()
    wait(seconds=0.5)
    gaps, before = Gaps(), memory_mb()
    start = time.perf_counter()
    widget.set_data(table)
    widget.handleNewSignals()
    wait(lambda: getattr(widget, "task", None) is None, 600)
    print(f"{len(names):,} images in the grid after {time.perf_counter() - start:.1f} s")
    wait(seconds=5)
    print(f"{gaps.told()}; {memory_mb() - before:.0f} MB more")
    app.processEvents()
    os._exit(0)


def memory_mb() -> float:
    """Get the most memory that was taken so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True, dest="command")
    sort = commands.add_parser("sort")
    sort.add_argument("sizes", nargs="*", type=int, default=[1024, 4096, 10_000, 40_000])
    sort.add_argument("--peer", action="store_true")
    commands.add_parser("widget").add_argument("folder")
    options = parser.parse_args()
    if options.command == "sort":
        bench_sort(options.sizes, options.peer)
    else:
        bench_widget(options.folder)


if __name__ == "__main__":
    main()
