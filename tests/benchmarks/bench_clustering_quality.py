"""How well trees find known classes again: metrics × linkages on folders of images.

    python tests/benchmarks/bench_clustering_quality.py FOLDER ...

Each folder holds one sub-folder for each class; without any, the sketches of the example are
taken. The embedder is the one that is built in. Printed are the adjusted Rand index (ARI) and the
normalized mutual information (NMI) of the tree cut into as many clusters as there are classes, and
the dendrogram purity (Heller and Ghahramani 2005): the mean, over all pairs of images of one class,
of the part of that class in the smallest branch that holds both.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

import orangecontrib.imageembedding as oie
import orangecontrib.imageembedding.examples as examples
from orangecontrib.imageembedding.clusters.distances import METRICS
from orangecontrib.imageembedding.clusters.link import BY_CENTERS, CENTER_METRICS, LINKAGES

EMBEDDER_ID = "efficientnet-lite0"
SKETCHES = Path(examples.__file__).parent / "sketches"


def dendrogram_purity(linkage: np.ndarray, classes: np.ndarray) -> float:
    n = len(classes)
    counts = np.zeros((2 * n - 1, classes.max() + 1))
    counts[np.arange(n), classes] = 1
    total = n_pairs = 0.0
    for k, (a, b) in enumerate(linkage[:, :2].astype(int)):
        counts[n + k] = counts[a] + counts[b]
        pairs = counts[a] * counts[b]
        total += (pairs * counts[n + k]).sum() / counts[n + k].sum()
        n_pairs += pairs.sum()
    return total / n_pairs


def scores(vectors: np.ndarray, classes: np.ndarray) -> dict[tuple[str, str], list[float]]:
    n_classes = len(set(classes))
    found = {}
    for metric in METRICS:
        for linkage in LINKAGES:
            if linkage in BY_CENTERS and metric not in CENTER_METRICS:
                continue
            tree = oie.cluster_images(vectors, metric, linkage)
            labels = tree.cut(n_clusters=n_classes)
            found[metric, linkage] = [
                adjusted_rand_score(classes, labels),
                normalized_mutual_info_score(classes, labels),
                dendrogram_purity(tree.linkage, classes),
            ]
    return found


def main(*folders: str) -> None:
    results = []
    for folder in folders or [str(SKETCHES)]:
        table = oie.embed_images(oie.import_images(folder).table, EMBEDDER_ID).embeddings
        classes = table.Y.astype(int)
        say(f"{Path(folder).name}: {len(table)} images in {len(set(classes))} classes")
        results.append(scores(table.X[:, -1280:], classes))
    say(f"\n{'':26}" + "".join(f"{Path(f).name:>22}" for f in folders) + f"{'mean':>22}")
    say(f"{'':26}" + f"{'ARI   NMI  purity':>22}" * (len(results) + 1))
    means = {key: np.mean([result[key] for result in results], axis=0) for key in results[0]}
    for key in sorted(means, key=lambda key: -means[key].mean()):
        numbers = [*(result[key] for result in results), means[key]]
        line = "".join("    " + "".join(f"{value:6.3f}" for value in values) for values in numbers)
        say(f"{key[0]:>13} {key[1]:<12}{line}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
