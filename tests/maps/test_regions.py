"""Regions are where rows lie densely; names stand at the peaks and stay while one zooms."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from orangecontrib.imageembedding.maps import regions as regions_module
from orangecontrib.imageembedding.maps.anchors import APART_CELLS, COARSEST_CELLS, find_anchors
from orangecontrib.imageembedding.maps.regions import find_regions, region_names

CENTERS = np.array([[0, 0], [30, 0], [0, 30], [30, 30]])


def islands(n=400, seed=0):
    places, kind = make_blobs(n, centers=CENTERS, cluster_std=2, random_state=seed)
    return places.astype(np.float32), kind


@pytest.mark.parametrize("sample_rows", [5000, 120])
def test_islands_are_regions_and_the_largest_is_the_first(monkeypatch, sample_rows):
    monkeypatch.setattr(regions_module, "N_SAMPLE_ROWS", sample_rows)
    places, kind = islands()
    keep = np.flatnonzero((kind != 2) | (np.cumsum(kind == 2) <= 50))
    places, kind = places[keep], kind[keep]
    regions = find_regions(places)
    inside = regions.labels >= 0
    assert inside.mean() > 0.85
    assert adjusted_rand_score(kind[inside], regions.labels[inside]) == 1
    counts = np.bincount(regions.labels[inside])
    assert len(counts) == len(regions.medoids) == 4
    assert (np.diff(counts) <= 0).all()
    assert set(kind[regions.labels == 3]) == {2}


def test_rows_far_from_all_others_or_without_a_place_have_no_region():
    places, _ = islands()
    places[7] = 300
    places[9] = np.nan
    assert find_regions(places).labels[[7, 9]].tolist() == [-1, -1]


def test_fine_regions_are_at_least_as_many_as_coarse_ones_and_bounded():
    places, _ = make_blobs(2000, centers=40, center_box=(0, 100), random_state=0)
    counts = [len(find_regions(places, fineness=f).medoids) for f in (0, 0.5, 1)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    with pytest.raises(ValueError, match=r"fineness must be between 0 and 1; got 1\.5"):
        find_regions(places, fineness=1.5)


@pytest.mark.parametrize("n", [0, 1, 2, 9, 10, 60])
@pytest.mark.parametrize("spread", [0, 1])
def test_few_and_equal_places_are_no_error(n, spread):
    places = (np.random.default_rng(0).random((n, 2)) * spread).astype(np.float32)
    regions = find_regions(places)
    assert regions.labels.shape == (n,)
    assert len(regions.medoids) == regions.labels.max(initial=-1) + 1
    anchors = find_anchors(places, np.zeros(n, dtype=int))
    assert (len(anchors.rows) > 0) == (n > 0)


def test_the_typical_row_is_the_nearest_to_the_mean_direction_not_to_the_middle_of_the_map():
    places, kind = islands()
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(400, 8)).astype(np.float32)
    vectors[:, 0] = 20
    vectors[123] = 0
    vectors[123, 0] = 5000
    for region, medoid in enumerate(find_regions(places, vectors).medoids):
        members = find_regions(places).labels == region
        assert members[medoid]
        if members[123]:
            assert medoid == 123
    middle = find_regions(places).medoids
    np.testing.assert_allclose(places[middle], CENTERS[kind[middle]], atol=1)


def test_a_region_has_the_name_of_most_of_its_rows_or_a_number():
    places, kind = islands()
    regions = find_regions(places)
    codes = np.where(kind == 3, np.arange(400) % 3, kind // 2).astype(float)
    codes[kind == 1] = np.nan
    names = region_names(regions, codes, ["cat", "dog", "emu"])
    of_kind = {int(kind[medoid]): i for i, medoid in enumerate(regions.medoids)}
    assert names[of_kind[0]] == "cat"
    assert names[of_kind[2]] == "dog"
    assert [names[of_kind[k]] for k in (1, 3)] == [f"R{of_kind[k] + 1}" for k in (1, 3)]
    assert region_names(regions) == ["R1", "R2", "R3", "R4"]


def test_names_stand_at_the_peaks_and_more_of_them_come_as_one_zooms():
    rng = np.random.default_rng(0)
    centers = np.array([[0.2, 0.2], [0.8, 0.8], [0.8, 0.7], [0.5, 0.2]])
    groups = np.array([0, 1, 1, 2]).repeat([500, 400, 300, 200])
    of_center = np.arange(4).repeat([500, 400, 300, 200])
    places = (centers[of_center] + rng.normal(0, 0.01, (1400, 2))).astype(np.float32)
    groups[:100] = -1
    anchors = find_anchors(places, groups)
    at_first = anchors.levels == 0
    assert anchors.groups[at_first].tolist() == [1, 0, 2]  # the heaviest first
    assert (np.diff(anchors.levels) >= 0).all()
    second = np.flatnonzero((anchors.levels > 0) & (anchors.groups == 1))[0]
    np.testing.assert_allclose(places[anchors.rows[second]], [0.8, 0.7], atol=0.02)
    assert (groups[anchors.rows] == anchors.groups).all()
    for level in range(5):
        for group in range(3):
            shown = places[anchors.rows[(anchors.levels <= level) & (anchors.groups == group)]]
            apart = np.abs(shown[:, None] - shown[None]).max(axis=2) * COARSEST_CELLS * 2**level
            np.fill_diagonal(apart, np.inf)
            assert apart.min() >= APART_CELLS - 1e-3


def test_every_group_has_a_name_at_once():
    rng = np.random.default_rng(0)
    places = rng.random((300, 2)).astype(np.float32)
    groups = np.arange(300) % 50
    anchors = find_anchors(places, groups)
    assert set(anchors.groups[anchors.levels == 0]) == set(range(50))
