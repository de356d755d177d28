import io
import warnings

import numpy as np
import pytest
from pictures import picture
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import normalized_mutual_info_score, silhouette_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from orangecontrib.imageembedding.clusters.link import tree_of_vectors
from orangecontrib.imageembedding.comparisons.changes import changed_images
from orangecontrib.imageembedding.comparisons.classes import (
    logistic_score,
    neighbor_score,
    tree_score,
)
from orangecontrib.imageembedding.comparisons.quality import (
    communities,
    community_score,
    nearest,
    stability_score,
    unit_rows,
)
from orangecontrib.imageembedding.comparisons.sample import choose_sample
from orangecontrib.imageembedding.comparisons.score import Score, clear_best, mean_score
from orangecontrib.imageembedding.comparisons.scores import scores_of

NAN = float("nan")


def blobs(n=40, n_classes=4, spread=0.3, n_features=30, seed=0):
    """Get vectors around as many directions, and which of these each is near."""
    random = np.random.default_rng(seed)
    classes = np.arange(n) % n_classes
    centers = np.eye(n_features)[:n_classes]
    vectors = centers[classes] + spread * random.normal(size=(n, n_features))
    return vectors.astype(np.float32), classes


# Which images


@pytest.mark.parametrize(
    ("sizes", "n_wanted", "expected"),
    [
        ([60, 30, 10], 20, [12, 6, 2]),
        ([50, 50], 10, [5, 5]),
        ([96, 2, 2], 10, [6, 2, 2]),  # two of each: else none could be found again
        ([5, 1], 100, [5, 1]),
        ([3, 3, 3], 3, [1, 1, 1]),
        ([4], 2, [2]),
    ],
)
def test_each_class_has_its_part_of_the_sample(sizes, n_wanted, expected):
    classes = np.repeat(np.arange(len(sizes), dtype=float), sizes)
    rows = choose_sample(classes, n_wanted)
    assert np.bincount(classes[rows].astype(int)).tolist() == expected
    assert (np.diff(rows) > 0).all()


def test_the_sample_depends_on_the_seed_only_and_rows_without_class_are_in_it():
    classes = np.array([0.0] * 50 + [NAN] * 50)
    rows = choose_sample(classes, 20)
    assert np.isnan(classes[rows]).sum() == 10
    np.testing.assert_array_equal(rows, choose_sample(classes, 20))
    assert rows.tolist() != choose_sample(classes, 20, seed=1).tolist()
    assert len(choose_sample(np.array([]), 20)) == 0


# What is changed


def test_changed_images_are_what_they_are_called():
    pixels = picture(3, width=100, height=60)
    images = [Image.open(io.BytesIO(data)) for data in changed_images(pixels)]
    cropped, small, bright, mirrored = (np.asarray(image).astype(int) for image in images)
    assert np.abs(cropped - pixels[6:, 10:]).mean() < 2
    assert small.shape == (30, 50, 3)
    expected = np.clip(1.25 * pixels, 0, 255)
    assert np.abs(bright - expected).mean() < 2
    assert np.abs(mirrored - pixels[:, ::-1]).mean() < 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (2000, 3)])
def test_images_of_any_shape_can_be_changed(shape):
    for data in changed_images(np.full((*shape, 3), 9, np.uint8)):
        assert max(Image.open(io.BytesIO(data)).size) <= 512


# Values and errors


def test_the_error_is_that_of_the_mean_with_one_more_value_at_either_end():
    score = mean_score([1, 1, 0, NAN, 1])
    assert score == Score(0.75, pytest.approx(np.std([1, 1, 0, 1, 0, 1]) / np.sqrt(6)))
    assert mean_score([1] * 10).error > 0.05  # ten of ten may be nine of ten tomorrow
    assert np.isnan([mean_score([]).value, mean_score([NAN]).error]).all()


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (Score(0.714, 0.031), "0.71 ± 0.03"),
        (Score(-0.1, 0.2), "-0.10 ± 0.20"),
        (Score(1.0, 0.05), "1.00 ± 0.05"),
        (Score(1280.0), "1,280"),
        (Score(18.826), "19"),
        (Score(7.24, 0.86), "7.24 ± 0.86"),
        (Score(123.4, 5.6), "123 ± 6"),
        (Score(11.26, 0.23), "11.3 ± 0.2"),
        (Score(), ""),
    ],
)
def test_a_score_reads_as_its_value_and_its_error(score, text):
    assert score.text == text


@pytest.mark.parametrize(
    ("values", "errors", "expected"),
    [
        ([0.5, 0.9, 0.6], [0.1, 0.1, 0.1], 1),
        ([0.8, 0.9], [0.1, 0.1], None),
        ([0.8, NAN, 0.99], [0.1, NAN, 0.1], 2),
        ([0.8, 0.9, 0.1], [0.01, 0.1, 0.01], None),  # the second is not certain, the third is
        ([0.9], [0.01], None),
        ([NAN, NAN], [NAN, NAN], None),
        ([3, 1], [NAN, 0.1], None),
        ([], [], None),
    ],
)
def test_the_best_is_better_by_more_than_the_error(values, errors, expected):
    assert clear_best([Score(*pair) for pair in zip(values, errors, strict=True)]) == expected


# Without classes


def test_the_nearest_are_those_of_the_smallest_angle():
    angles = np.array([0.0, 0.1, 0.35, 1.0, 3.0])
    lengths = np.array([1, 50, 0.1, 3, 1.0])[:, None]
    vectors = (lengths * np.column_stack([np.cos(angles), np.sin(angles)])).astype(np.float32)
    assert nearest(vectors, 2).tolist() == [[1, 2], [0, 2], [1, 0], [2, 1], [3, 2]]
    assert nearest(vectors[:2], 5).tolist() == [[1], [0]]
    assert nearest(vectors[:1], 5).shape == (1, 0)


def test_communities_are_the_groups_that_there_are_and_their_silhouette_is_told():
    vectors, classes = blobs(spread=0.05, n=60)
    found = communities(vectors)
    assert normalized_mutual_info_score(found, classes) == 1
    expected = silhouette_score(unit_rows(vectors), classes, metric="cosine")
    assert community_score(vectors).value == pytest.approx(expected)
    assert community_score(vectors).value > community_score(blobs(spread=0.5, n=60)[0]).value
    assert np.isnan(community_score(vectors[:5]).value)


def test_stability_is_the_part_of_the_nearest_that_stay():
    vectors, classes = blobs(spread=0.05, n=40)
    rows = np.array([0, 5, 10])
    same = np.repeat(vectors[rows][:, None], 2, axis=1)
    assert stability_score(vectors, rows, same).value == 1
    far = same.copy()
    far[:, 1] = vectors[(rows + 1) % 40]  # of another class: none stays
    assert stability_score(vectors, rows, far).value == 0.5
    far[:, 1] = np.nan  # which tells nothing
    assert stability_score(vectors, rows, far).value == 1
    far[1:] = np.nan
    assert stability_score(vectors, rows, far).value == 1
    assert np.isnan(stability_score(vectors, rows[:0], same[:0]).value)
    assert np.isnan(stability_score(vectors[:1], rows[:1], same[:1]).value)


# With classes


def test_one_nearest_neighbor_is_asked_and_who_is_alone_does_not_count():
    vectors, classes = blobs(spread=0.4)
    closeness = unit_rows(vectors) @ unit_rows(vectors).T
    right = [
        classes[max((j for j in range(40) if j != i), key=lambda j: closeness[i, j])] == classes[i]
        for i in range(40)
    ]
    assert 0.3 < np.mean(right) < 1
    assert neighbor_score(vectors, classes).value == pytest.approx(np.mean(right))
    classes[0] = 4  # alone
    counted = neighbor_score(vectors, classes)
    assert counted.value * 39 == pytest.approx(round(counted.value * 39))


def test_logistic_regression_is_that_of_all_numbers_and_sees_no_answer():
    vectors, classes = blobs(n=50, n_classes=3, spread=0.5, n_features=70)
    rows = unit_rows(vectors).astype(float)
    rows -= rows.mean(axis=0)
    rows /= np.sqrt((rows**2).sum(axis=1).mean())
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_predict(LogisticRegression(C=10, max_iter=5000), rows, classes, cv=folds)
    score = logistic_score(vectors, classes)
    assert score.value == pytest.approx(np.mean(expected == classes), abs=0.021)
    assert score == logistic_score(vectors, classes)
    random = np.random.default_rng(0)
    noise = random.normal(size=(200, 500)).astype(np.float32)  # where a fold seen would be 1.0
    assert abs(logistic_score(noise, random.integers(2, size=200)).value - 0.5) < 0.12


def test_small_classes_are_classified_without_a_warning():
    vectors, classes = blobs(n=12, n_classes=2, spread=0.05)
    classes[:2] = 2, 3  # one each
    classes[2:4] = 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score = logistic_score(vectors, classes)
    assert 0.5 < score.value <= 1
    assert np.isnan(logistic_score(vectors, np.arange(12)).value)


def test_the_tree_is_cut_into_as_many_clusters_as_there_are_classes():
    vectors, classes = blobs(spread=0.4)
    clusters = tree_of_vectors(vectors).cut(n_clusters=4)
    score = tree_score(vectors, classes)
    assert score.value == pytest.approx(normalized_mutual_info_score(classes, clusters))
    assert 0.01 < score.error < 0.2
    assert tree_score(blobs(spread=0.01)[0], classes).value == 1
    assert np.isnan(tree_score(vectors, np.arange(40)).value)  # else it would be 1 for any tree


CLASS_SCORES = ("neighbor", "logistic", "tree")


def test_what_is_not_known_is_nan_and_never_zero():
    vectors, classes = blobs()
    rows = np.arange(3)
    changed = vectors[rows][:, None]
    scores = scores_of(vectors, classes.astype(float), rows, changed)
    assert all(getattr(scores, name).value > 0.3 for name in CLASS_SCORES)
    assert scores.n_features.value == 30
    assert np.isnan([scores.images_per_s.value, scores.megabytes.value]).all()
    for unknown in (np.full(40, NAN), np.zeros(40)):
        without = scores_of(vectors, unknown, rows, changed)
        assert np.isnan([getattr(without, name).value for name in CLASS_SCORES]).all()
        assert without.stability == scores.stability
    some = classes.astype(float)
    some[:20] = NAN
    part = scores_of(vectors, some, rows, changed)
    assert part.neighbor == neighbor_score(vectors[20:], classes[20:])
    assert part.communities == scores.communities
