"""Which class prevails in a cluster, and its part, against counting by hand."""

from collections import Counter

import numpy as np
import pytest

from orangecontrib.imageembedding.clusters.majority import majorities

UNKNOWN = np.nan


@pytest.mark.parametrize(
    ("labels", "classes", "majority", "purity"),
    [
        ([1, 1, 1, 2], [0, 0, 1, 1], [0, 1], [2 / 3, 1]),
        ([1, 1, 2, 2], [1, 0, 2, UNKNOWN], [0, 2], [0.5, 1]),  # the first of equals
        ([1, 1, 0, 0], [UNKNOWN, UNKNOWN, 0, 1], [-1], [UNKNOWN]),
        ([0, 0, 2, 3], [0, 0, 4, 0], [-1, 4, 0], [UNKNOWN, 1, 1]),  # nothing in the first
        ([], [], [], []),
        ([0, 0], [0, 1], [], []),
    ],
)
def test_the_most_frequent_class_and_its_part(labels, classes, majority, purity):
    found = majorities(np.array(labels, int), np.array(classes, float), len(majority))
    assert found[0].tolist() == majority
    np.testing.assert_array_equal(found[1], purity)


def test_many_clusters_are_counted_as_by_hand():
    random = np.random.default_rng(0)
    labels, classes = random.integers(0, 40, 2000), random.integers(0, 7, 2000).astype(float)
    classes[random.random(2000) < 0.2] = np.nan
    majority, purity = majorities(labels, classes, 39)
    for cluster in range(39):
        known = classes[(labels == cluster + 1) & ~np.isnan(classes)]
        counts = Counter(known.astype(int).tolist())
        best = min(code for code, n in counts.items() if n == max(counts.values()))
        assert majority[cluster] == best
        assert purity[cluster] == pytest.approx(counts[best] / len(known))
