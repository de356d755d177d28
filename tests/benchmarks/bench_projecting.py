"""Laying out maps beside other programs, and the page of a map; called by bench_map.py."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from bench_viewer import resident_mb, say
from PIL import Image

N_GROUPS, N_FEATURES = 100, 1280
N_DIRECTIONS = 64  # in which images differ, each group in few of them much
N_NEAREST, N_MEASURED = 15, 1000


def vectors(n: int) -> np.ndarray:
    """Get embeddings of groups that each vary much in a few directions and little in others."""
    random = np.random.default_rng(0)
    directions = random.standard_normal((N_DIRECTIONS, N_FEATURES), np.float32)
    centers = random.standard_normal((N_GROUPS, N_DIRECTIONS), np.float32) @ directions / 4
    spread = random.pareto(1.5, (N_GROUPS, N_DIRECTIONS)).astype(np.float32) / 8
    group = random.integers(N_GROUPS, size=n)
    rows = centers[group]
    for start in range(0, n, 5000):
        part = slice(start, start + 5000)
        along = random.standard_normal((len(group[part]), N_DIRECTIONS), np.float32)
        rows[part] += along * spread[group[part]] @ directions
        rows[part] += 0.3 * random.standard_normal(rows[part].shape, np.float32)
    return np.maximum(rows, 0)  # as after the last layer of a network


class Kept:
    """Measures how many of the nearest rows, by cosine distance, a map keeps."""

    def __init__(self, rows: np.ndarray) -> None:
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        random = np.random.default_rng(1)
        self.rows = random.choice(len(rows), min(N_MEASURED, len(rows)), replace=False)
        similar = unit[self.rows] @ unit.T
        similar[np.arange(len(self.rows)), self.rows] = -2
        self.true = np.argpartition(-similar, N_NEAREST, axis=1)[:, :N_NEAREST]

    def of(self, places: np.ndarray) -> float:
        """Get the part of the 15 nearest rows that are among the 15 nearest on a map."""
        from scipy.spatial import cKDTree

        near = cKDTree(places).query(places[self.rows], N_NEAREST + 1)[1]
        kept = 0
        for row, found, true in zip(self.rows, near, self.true, strict=True):
            kept += len(np.intersect1d(found[found != row][:N_NEAREST], true))
        return kept / self.true.size


def ours(rows: np.ndarray, first: list[float]) -> np.ndarray:
    """Lay out by this add-on, as the widget does."""
    from orangecontrib.imageembedding.maps.project import project

    return project(rows, live=lambda _: first.append(time.process_time())).coordinates


def by_opentsne(rows: np.ndarray, _: list[float]) -> np.ndarray:
    """Lay out by openTSNE as it comes, by cosine distance."""
    import openTSNE

    return np.asarray(openTSNE.TSNE(metric="cosine", random_state=0, n_jobs=2).fit(rows))


def by_orange(rows: np.ndarray, _: list[float]) -> np.ndarray:
    """Lay out as Orange's t-SNE widget does, with its settings as they come."""
    from Orange.data import Table
    from Orange.widgets.unsupervised.owtsne import Task, TSNERunner
    from Orange.widgets.utils.concurrent import TaskState

    task = Task(
        data=Table.from_numpy(None, rows), normalize=True, use_pca_preprocessing=True,
        pca_components=20, distance_metric="l2", perplexity=30, multiscale=False, exaggeration=1,
        initialization_method="pca",
    )  # fmt: skip
    return np.asarray(TSNERunner.run(task, TaskState()).tsne_embedding.embedding.X)


def by_umap(rows: np.ndarray, _: list[float]) -> np.ndarray:
    """Lay out by UMAP as it comes, by cosine distance."""
    import umap

    return np.asarray(umap.UMAP(metric="cosine", random_state=0, n_jobs=1).fit_transform(rows))


PEERS: dict[str, Callable[[np.ndarray, list[float]], np.ndarray]] = {
    "this add-on": ours,
    "openTSNE": by_opentsne,
    "Orange's t-SNE": by_orange,
    "UMAP": by_umap,
}


def project(n: int, peers: list[str]) -> None:
    """Measure how long maps of made embeddings take, and how much they keep."""
    rows = vectors(n)
    kept = Kept(rows)
    for name in peers or PEERS:
        if name == "UMAP" and not find_spec("umap"):
            say("  UMAP is not installed")
            continue
        first: list[float] = []
        before, most = resident_mb(), Most()
        begun, begun_busy = time.perf_counter(), time.process_time()
        places = PEERS[name](rows, first)
        took, busy = time.perf_counter() - begun, time.process_time() - begun_busy
        seen = f"first picture after {first[0] - begun_busy:.2f} s busy, " if first else ""
        say(
            f"{n:,} {name}: {seen}final map {took:.1f} s ({busy:.1f} s busy), "
            f"{most.stop() - before:.0f} MB more, keeps {kept.of(places):.3f}"
        )


class Most:
    """Watches the memory of this process."""

    def __init__(self) -> None:
        self._most = resident_mb()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self._most = max(self._most, resident_mb())

    def stop(self) -> float:
        """Get the most there was, in MB."""
        self._stop.set()
        self._thread.join()
        return self._most


def page(n: int) -> None:
    """Write the page of a map of noisy pictures; tell its size."""
    from orangecontrib.imageembedding.maps.page import Captions, default_colors, save_page

    random = np.random.default_rng(0)
    group = random.integers(N_GROUPS, size=n)
    places = random.normal(size=(N_GROUPS, 2))[group] + 0.1 * random.normal(size=(n, 2))

    def read(numbers, side_px):
        for _ in numbers:
            coarse = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
            size = side_px, side_px * 3 // 4
            fine = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
            noise = random.normal(0, 12, (size[1], size[0], 3))
            yield (np.asarray(fine) + noise).clip(0, 255).astype(np.uint8)

    classes = [f"kind {i}" for i in range(N_GROUPS)]
    names = [f"image-{i:06}.jpg" for i in range(n)]
    path = Path(tempfile.mkdtemp()) / "map.html"
    begun = time.perf_counter()
    captions = Captions(names, group, classes, default_colors(N_GROUPS))
    save_page(places.astype(np.float32), captions, path, read)
    took, size = time.perf_counter() - begun, path.stat().st_size / 1e6
    say(f"{n:,} images: page of {size:.1f} MB written in {took:.1f} s: {path}")
