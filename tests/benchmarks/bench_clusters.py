"""From a table to a dendrogram on the screen: ours, Orange's two widgets, and scipy without one.

    python tests/benchmarks/bench_clusters.py [ROWS ...]

For each number of rows (1,000, 5,000, 10,000 and 30,000 × 2048 by default; average linkage of
cosine distances) each way runs in a process of its own, one after the other. Printed are the
seconds until the tree is painted, the largest memory beyond that of the loaded table, and the
longest time in which the window did not answer. Orange is left out above 10,000 rows: it would
need more than 20 GB. At the end 200,000 float32 rows are clustered by prototypes, and the
agreement of prototypes with the exact tree is told at 20,000 rows.
"""

import json
import os
import subprocess
import sys
import threading
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil

N_FEATURES = 2048
N_GROUPS = 60
MAX_ORANGE_ROWS = 10_000
N_PROTOTYPE_ROWS = 200_000
N_AGREEMENT_ROWS = 20_000
MAX_WAIT_S = 900
BEAT_MS = 1


def vectors(n: int) -> np.ndarray:
    """Make groups of several sizes that overlap, and lie in groups of groups themselves."""
    rng = np.random.default_rng(0)
    coarse = np.repeat(rng.normal(size=(10, N_FEATURES)), N_GROUPS // 10, axis=0)
    centers = (coarse + 0.7 * rng.normal(size=coarse.shape)).astype(np.float32)
    shares = rng.dirichlet(np.ones(N_GROUPS))
    made = centers[rng.choice(N_GROUPS, size=n, p=shares)]
    for at in range(0, n, 1000):
        made[at : at + 1000] += rng.normal(size=made[at : at + 1000].shape).astype(np.float32)
    return np.maximum(made, 0, out=made)


class Memory:
    """The largest memory since the start, in bytes beyond what was used then."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self.peak = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, self._process.memory_info().rss - self._before)
            time.sleep(0.005)


def measured_widget(n: int, way: str) -> dict[str, float]:
    from AnyQt.QtCore import QTimer
    from AnyQt.QtWidgets import QApplication
    from Orange.data import Table

    app = QApplication([])
    table = Table.from_numpy(None, vectors(n))
    widget, start, is_shown = (ours if way == "ours" else oranges)(table)
    widget.resize(1000, 720)
    widget.show()
    for _ in range(50):
        app.processEvents()
    memory = Memory()
    beats = [time.perf_counter()]
    timer = QTimer()

    def beat() -> None:
        beats.append(time.perf_counter())
        if is_shown() or beats[-1] - beats[0] > MAX_WAIT_S:
            app.quit()

    timer.timeout.connect(beat)
    timer.start(BEAT_MS)
    QTimer.singleShot(0, start)
    app.exec()
    app.processEvents()
    beats.append(time.perf_counter())
    return {
        "seconds": beats[-1] - beats[0],
        "gap_ms": 1000 * float(np.diff(beats).max()),
        "peak": memory.peak,
    }


def ours(table):
    from orangecontrib.imageembedding.widgets.owhierarchicalclustering import (
        OWHierarchicalClustering,
    )

    widget = OWHierarchicalClustering()
    widget.linkage = "average"

    def start() -> None:
        widget.set_data(table)
        widget.handleNewSignals()

    return widget, start, lambda: widget.clustered is not None


def oranges(table):
    from Orange.widgets.unsupervised.owdistances import Cosine, OWDistances
    from Orange.widgets.unsupervised.owhierarchicalclustering import OWHierarchicalClustering

    distances, clustering = OWDistances(), OWHierarchicalClustering()
    done = []

    def receive(matrix) -> None:
        if matrix is not None:
            clustering.set_distances(matrix)
            clustering.handleNewSignals()
            done.append(True)

    distances.Outputs.distances.send = receive
    distances.metric_id = Cosine
    clustering.linkage = 1  # average

    def start() -> None:
        distances.set_data(table)
        distances.commit.now()

    return clustering, start, lambda: bool(done)


def measured_scipy(n: int) -> dict[str, float]:
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import pdist

    rows = vectors(n).astype(float)
    memory = Memory()
    start = time.perf_counter()
    linkage(pdist(rows, "cosine"), "average")
    return {"seconds": time.perf_counter() - start, "gap_ms": float("nan"), "peak": memory.peak}


def measured_prototypes(n: int) -> dict[str, float]:
    from orangecontrib.imageembedding.pipeline import cluster_images

    rows = vectors(n)
    memory = Memory()
    start = time.perf_counter()
    tree = cluster_images(rows, "cosine", "average", max_bytes=0)
    return {
        "seconds": time.perf_counter() - start,
        "peak": memory.peak,
        "n_leaves": tree.n_leaves,
    }


def measured_agreement(n: int) -> dict[str, float]:
    from sklearn.metrics import adjusted_rand_score

    from orangecontrib.imageembedding.clusters.distances import VectorDistances
    from orangecontrib.imageembedding.clusters.link import tree_of_vectors
    from orangecontrib.imageembedding.clusters.prototypes import prototype_tree

    rows = vectors(n)
    found = {}
    for linkage in ("average", "ward", "complete"):
        exact = tree_of_vectors(rows, "cosine", linkage, ordered=False, max_bytes=1e11)
        distances = VectorDistances(rows, "cosine", chord=linkage == "ward")
        tree = prototype_tree(distances, linkage, 5000)
        labels = exact.cut(n_clusters=10), tree.cut(n_clusters=10)
        found[linkage] = adjusted_rand_score(*labels)
    return found


def run(way: str, n: int) -> dict[str, float] | None:
    command = [sys.executable, __file__, "--child", way, str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        say(done.stderr[-2000:])
        return None
    return json.loads(done.stdout.splitlines()[-1])


def child(way: str, n: int) -> None:
    ways = {
        "scipy": measured_scipy,
        "prototypes": measured_prototypes,
        "agreement": measured_agreement,
    }
    found = ways[way](n) if way in ways else measured_widget(n, way)
    say(json.dumps(found))
    os._exit(0)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(*sizes: int) -> None:
    say(f"{'rows':>8} {'way':<8}{'seconds':>10}{'peak GB':>10}{'gap ms':>10}"
        f"{'× faster':>10}{'of peak':>9}")  # fmt: skip
    for n in sizes:
        ways = ["ours", "scipy"] + (["Orange"] if n <= MAX_ORANGE_ROWS else [])
        results = {way: run(way, n) for way in ways if n <= MAX_ORANGE_ROWS or way == "ours"}
        own = results["ours"]
        for way, result in results.items():
            if result is not None:
                line = f"{n:>8,} {way:<8}{result['seconds']:>10.2f}{result['peak'] / 1e9:>10.2f}"
                line += f"{result['gap_ms']:>10.0f}{result['seconds'] / own['seconds']:>10.1f}"
                say(line + f"{own['peak'] / result['peak']:>9.2f}")
    result = run("prototypes", N_PROTOTYPE_ROWS)
    say(
        f"\nprototypes: {N_PROTOTYPE_ROWS:,} × {N_FEATURES} float32 rows (not counted) in "
        f"{result['seconds']:.0f} s and {result['peak'] / 1e9:.2f} GB, {result['n_leaves']} leaves"
    )
    agreement = run("agreement", N_AGREEMENT_ROWS)
    text = ", ".join(f"{linkage} {value:.2f}" for linkage, value in agreement.items())
    say(f"agreement with the exact tree at {N_AGREEMENT_ROWS:,} rows (ARI of 10 clusters): {text}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]))
    else:
        main(*(int(size) for size in sys.argv[1:] or (1000, 5000, 10_000, 30_000)))
