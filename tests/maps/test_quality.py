"""How far a map can be trusted."""

import numpy as np
import pytest
from sklearn import manifold

from orangecontrib.imageembedding.maps import quality
from orangecontrib.imageembedding.maps.neighbors import nearest
from orangecontrib.imageembedding.maps.quality import torn_apart, trustworthiness


def points(n, n_features=2, seed=0):
    return np.random.default_rng(seed).random((n, n_features)).astype(np.float32)


@pytest.mark.parametrize("n", [4, 10, 200])
def test_trustworthiness_is_that_of_scikit_learn(n):
    true = points(n, 5)
    for places in (true[:, :2], points(n, seed=1)):
        k = min(15, (n - 1) // 2)
        expected = manifold.trustworthiness(true, places, n_neighbors=k)
        assert trustworthiness(true, places) == pytest.approx(expected, abs=1e-6)


def test_trustworthiness_of_some_rows_is_near_that_of_all(monkeypatch):
    true = points(600, 6)
    of_all = trustworthiness(true, true[:, :2])
    monkeypatch.setattr(quality, "N_SAMPLE_ROWS", 200)
    assert trustworthiness(true, true[:, :2]) == pytest.approx(of_all, abs=0.03)
    assert np.isnan(trustworthiness(true[:3], true[:3, :2]))


def test_rows_whose_neighbors_lie_elsewhere_are_torn_apart():
    places = points(500)
    neighbors, _ = nearest(places, 15)
    assert not torn_apart(neighbors, places).any()
    moved = places.copy()
    far = [np.argmin(places.sum(axis=1)), np.argmin(places[:, 0] - places[:, 1])]
    moved[far] = 1 - places[far]
    assert np.flatnonzero(torn_apart(neighbors, moved)).tolist() == sorted(far)


@pytest.mark.parametrize("n", [0, 1, 2, 10, 50])
def test_few_rows_are_near_each_other(n):
    places = points(n)
    neighbors, _ = nearest(places, min(15, n - 1)) if n > 1 else (np.empty((n, 0), int), None)
    assert not torn_apart(neighbors, places).any()
