"""How often measures find the number of kinds, on subsets of known kinds."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from orangecontrib.imageembedding.clusters.distances import VectorDistances
from orangecontrib.imageembedding.clusters.link import tree_of_vectors
from orangecontrib.imageembedding.clusters.modularity import modularities
from orangecontrib.imageembedding.clusters.rows import PreparedRows
from orangecontrib.imageembedding.clusters.silhouette import best_number, silhouettes

N_KINDS = (2, 3, 5)
N_MIXED_KINDS = (3, 6, 12, 20, 30)
SIZES = (8, 20)
N_RESAMPLED = 10
N_REFERENCES = 5
MAX_OF_GAP = 40
SEED = 1
METRIC = "cosine"


@dataclass(frozen=True)
class Case:
    """Vectors of so many kinds."""

    n_kinds: int
    vectors: np.ndarray


def cases(all_vectors: list[np.ndarray], all_labels: list[np.ndarray]) -> Iterator[Case]:
    """Yield some kinds of each set, all of them, and kinds of all sets mixed."""
    rng = np.random.default_rng(SEED)

    def some(vectors: np.ndarray, labels: np.ndarray, kind: int, size: int) -> np.ndarray:
        return vectors[rng.permutation(np.flatnonzero(labels == kind))[:size]]

    for vectors, labels in zip(all_vectors, all_labels, strict=True):
        n_all = int(labels.max()) + 1
        for n_kinds in sorted({*N_KINDS, n_all}):
            for size in SIZES if n_kinds <= n_all else ():
                kinds = rng.permutation(n_all)[:n_kinds]
                yield Case(n_kinds, np.vstack([some(vectors, labels, k, size) for k in kinds]))
    pool = [(v, y, k) for v, y in zip(all_vectors, all_labels, strict=True) for k in set(y)]
    for n_kinds in N_MIXED_KINDS:
        for size in SIZES * 2:
            chosen = rng.permutation(len(pool))[:n_kinds]
            yield Case(n_kinds, np.vstack([some(*pool[i], size) for i in chosen]))


def numbers_of(vectors: np.ndarray) -> dict[str, int]:
    """Get what each measure says."""
    tree = tree_of_vectors(vectors, METRIC, "ward", ordered=False)
    distances = VectorDistances(vectors, METRIC)
    scores = modularities(tree, distances)
    return {
        "silhouette": best_number(silhouettes(tree, distances), tree.n_leaves),
        "gap": by_gap(vectors),
        "modularity": best_number(scores, tree.n_leaves),
        "modularity, resampled": by_resampling(vectors),
        "square root of n/2": max(2, round((len(vectors) / 2) ** 0.5)),
    }


def by_resampling(vectors: np.ndarray) -> int:
    """Get the best mean modularity of trees of 80 % of the rows."""
    rng = np.random.default_rng(SEED)
    n = int(0.8 * len(vectors))
    scores = []
    for _ in range(N_RESAMPLED):
        part = vectors[np.sort(rng.permutation(len(vectors))[:n])]
        tree = tree_of_vectors(part, METRIC, "ward", ordered=False)
        scores.append(modularities(tree, VectorDistances(part, METRIC)))
    return best_number(np.mean(scores, axis=0), n)


def by_gap(vectors: np.ndarray) -> int:
    """Get the number of Tibshirani, Walther and Hastie (2001), of uniform references."""
    rows = PreparedRows(vectors, METRIC).all(np.float64)
    rows = rows - rows.mean(axis=0)
    rows = rows @ np.linalg.svd(rows, full_matrices=False)[2][:50].T
    most = min(MAX_OF_GAP, len(rows) // 2)
    rng = np.random.default_rng(SEED)
    low, high = rows.min(axis=0), rows.max(axis=0)
    made = [log_within(rng.uniform(low, high, rows.shape), most) for _ in range(N_REFERENCES)]
    gaps = np.mean(made, axis=0) - log_within(rows, most)
    errors = np.std(made, axis=0) * np.sqrt(1 + 1 / N_REFERENCES)
    enough = np.flatnonzero(gaps[:-1] >= gaps[1:] - errors[1:])
    return max(2, int(enough[0]) + 1 if len(enough) else most)


def log_within(rows: np.ndarray, most: int) -> np.ndarray:
    """Get the logarithm of the sum of squares within 1 to `most` clusters."""
    merges = linkage(rows, "ward")
    sums = []
    for k in range(1, most + 1):
        labels = fcluster(merges, k, "maxclust") - 1
        totals = np.zeros((labels.max() + 1, rows.shape[1]))
        np.add.at(totals, labels, rows)
        sums.append((rows**2).sum() - (totals**2 / np.bincount(labels)[:, None]).sum())
    return np.log(sums)


def print_numbers(all_vectors: list[np.ndarray], all_labels: list[np.ndarray]) -> None:
    """Print how often each measure is within 1 of the number of kinds."""
    found = [(case.n_kinds, numbers_of(case.vectors)) for case in cases(all_vectors, all_labels)]
    kinds = np.array([n for n, _ in found])
    groups = {"2 or 3": kinds <= 3, "4 to 6": (kinds > 3) & (kinds <= 6),
              "7 to 12": (kinds > 6) & (kinds <= 12), "20 or 30": kinds > 12}  # fmt: skip
    lines = [["measure", f"all {len(kinds)}", *(f"{name} kinds ({chosen.sum()})"
              for name, chosen in groups.items()), "mean factor off"]]  # fmt: skip
    for name in found[0][1]:
        said = np.array([numbers[name] for _, numbers in found])
        is_close = abs(said - kinds) <= 1
        factor = 2 ** np.abs(np.log2(said / kinds)).mean()
        parts = [f"{is_close[chosen].mean():.0%}" for chosen in groups.values()]
        lines.append([name, f"{is_close.mean():.0%}", *parts, f"{factor:.1f}"])
    lines.insert(1, ["---"] * len(lines[0]))
    sys.stdout.write("\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n")
