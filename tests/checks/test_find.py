import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orangecontrib.imageembedding.checks.find import find_faults
from orangecontrib.imageembedding.checks.labels import doubt_labels, witnesses
from orangecontrib.imageembedding.checks.measures import MEASURES, N_MEASURES
from orangecontrib.imageembedding.checks.reduce import N_COMPONENTS, reduce
from orangecontrib.imageembedding.checks.rules import CHECKS, apply, default_bound
from orangecontrib.imageembedding.checks.unusual import (
    GROUP,
    N_NEAREST,
    _largest,
    distances_to_nearest,
)

CHECK = {check.id: check for check in CHECKS}
USUAL = {
    "Width": 640, "Height": 480, "Hue": 20, "Saturation": 0.4, "Colorfulness": 0.4,
    "Strongest Color": 0.5, "Flattest Channel": 0.8, "Brightness": 0.5, "Contrast": 0.2,
    "Darkest": 0.1, "Brightest": 0.9, "Entropy": 7, "Edge Density": 0.1, "Sharpness": 0.8,
    "Detail": 0.7,
}  # fmt: skip
FAULTS = {
    "dark": {"Brightest": 0.2},
    "bright": {"Darkest": 0.8},
    "low contrast": {"Contrast": 0.03},
    "blurry": {"Sharpness": 0.37},
    "gray among color": {"Strongest Color": 0.0},
    "unreadable colors": {"Flattest Channel": 0.0},
    "nearly empty": {"Detail": 0.0},
    "odd size": {"Width": 64, "Height": 48},
    "odd shape": {"Width": 1600, "Height": 192},
}


def rows_of(*changes):
    rows = [[{**USUAL, **change}[name] for name in MEASURES] for change in changes]
    return np.array(rows, dtype=np.float32).reshape(-1, N_MEASURES)


def groups(n_each=20, n_groups=3, n_features=300, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_groups), n_each)
    centers = rng.normal(size=(n_groups, n_features))
    return centers[labels] + 0.7 * rng.normal(size=(len(labels), n_features)), labels


@pytest.mark.parametrize("fault", FAULTS)
def test_one_image_with_a_fault_among_usual_ones_is_told_with_a_reason(fault):
    found = find_faults(rows_of(*[{}] * 20, FAULTS[fault]))
    assert found.flags == [()] * 20 + [(fault,)]
    assert found.reasons[:20] == [""] * 20
    assert found.reasons[20]
    assert found.sureness[20] > 0.5
    assert found.flagged_rows.tolist() == [20]


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "nearly empty"])
def test_what_all_images_are_like_is_no_fault(fault):
    assert find_faults(rows_of(*[FAULTS[fault]] * 20)).flags == [()] * 20


@pytest.mark.parametrize(
    ("fault", "worst"), [("dark", {"Brightest": 0.0}), ("nearly empty", {"Detail": 0.0})]
)
def test_black_and_empty_pictures_are_told_wherever_they_are(fault, worst):
    levels = np.linspace(0.01, 0.3, 20)
    name = next(iter(worst))
    found = find_faults(rows_of(*({name: level * 0.1 + 0.02} for level in levels), *[worst] * 3))
    assert [fault in flags for flags in found.flags[-3:]] == [True] * 3


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_of_few_images_only_what_needs_no_others_is_told(n):
    found = find_faults(rows_of(*[FAULTS["dark"]] * n), np.eye(n, 9), np.arange(n) % 2, "ab")
    assert [flags[:1] for flags in found.flags] == [("dark",)] * n or n == 7
    told = {flag for flags in found.flags for flag in flags}
    assert told <= {"dark", "label doubtful"}
    assert len(found.sureness) == n


def test_what_is_missing_is_never_told():
    measures = rows_of(*[{}] * 12)
    measures[3] = np.nan
    vectors, _ = groups(4, 3)
    vectors[5, 7] = np.nan
    labels = np.repeat([0, 1, 2], 4)
    labels[0] = -1
    found = find_faults(measures, vectors, labels, "abc")
    assert found.flags[3] == ()
    for name in MEASURES:
        assert np.isnan(found.columns[name][3])
    assert np.isnan(found.columns["Distance"][5])
    assert np.isnan(found.columns["Label Doubt"][[0, 5]]).all()
    assert found.suggested[[0, 5]].tolist() == [-1, -1]
    plain = find_faults(measures)
    assert not {"Distance", "Label Doubt", "Reference Similarity"} & set(plain.columns)
    assert plain.result_of("unusual") is None


def test_flags_and_rows_come_the_surest_first():
    both = {"Brightest": 0.33, "Sharpness": 0.36}
    found = find_faults(rows_of(*[{}] * 20, both, {"Brightest": 0.01}))
    assert found.flags[20] == ("blurry", "dark")
    assert found.flagged_rows.tolist() == [21, 20]


def test_another_bound_tells_others_and_leaves_the_rest_as_it_was():
    found = find_faults(rows_of(*({"Brightest": level} for level in np.linspace(0.2, 1, 21))))
    assert found.result_of("dark").flagged.sum() == 4
    moved = found.with_bounds({"dark": 0.5})
    assert moved.result_of("dark").flagged.sum() == 8
    assert found.result_of("dark").flagged.sum() == 4
    assert moved.result_of("bright") is found.result_of("bright")


def test_sureness_is_a_half_at_the_bound_and_grows_beyond():
    values = np.array([0.8, 0.45, 0.40, 0.37, np.nan])
    result = apply(CHECK["blurry"], values, 0.45)
    assert result.sureness[1] == 0.5
    assert result.sureness[3] == pytest.approx(0.95)
    assert result.flagged.tolist() == [False, False, True, True, False]
    assert result.ranked.tolist() == [3, 2, 1, 0]


def test_a_third_of_dark_images_is_no_usual_darkness_but_most_are():
    values = np.linspace(0.6, 1, 100)
    values[:25] = 0.2
    assert default_bound(CHECK["dark"], values) == CHECK["dark"].bound
    values[:60] = np.linspace(0.2, 0.3, 60)
    assert default_bound(CHECK["dark"], values) < 0.2


def test_leaks_are_told_whatever_their_number():
    found = find_faults(rows_of({}, {}, {}), leaks=np.array([0.7, np.nan, 1]))
    assert found.flags == [("leak",), (), ("leak",)]
    assert "copy of, an image in Reference Data" in found.reasons[0]
    assert find_faults(rows_of({}, {}, {})).result_of("leak") is None


# Embeddings


def test_wrong_labels_are_doubted_and_the_right_ones_suggested():
    vectors, right = groups()
    labels = right.copy()
    labels[[3, 25, 44]] = [2, 0, 1]
    found = doubt_labels(reduce(vectors), labels)
    assert np.flatnonzero(found.doubt > 0.5).tolist() == [3, 25, 44]
    np.testing.assert_array_equal(found.suggested, right)


def test_a_label_that_suits_best_but_not_surely_is_told_so():
    vectors, labels = groups()
    found = find_faults(rows_of(*[{}] * 60), vectors, labels, "abc").with_bounds(
        {"label doubtful": -1}
    )
    assert found.reasons[0] == "other images say a, too, but not surely"
    assert found.brief(found.result_of("label doubtful"), 0) == "a"


def test_each_label_is_predicted_without_its_own_image():
    """By the definition: a fit without each row, one after the other."""
    rng = np.random.default_rng(1)
    points = rng.normal(size=(30, 5))
    targets = np.eye(2)[rng.integers(0, 2, 30)]
    from orangecontrib.imageembedding.checks.labels import _predictions

    scaled = targets / np.sqrt(targets.mean(axis=0))
    for penalty in (0.01, 1.0):
        found = _predictions(points, targets, [penalty])
        centered = points - points.mean(axis=0)
        strength = penalty * np.linalg.eigvalsh(centered.T @ centered).mean()
        for row in (0, 7):
            # Centering by all rows moves the origin, which the intercept makes up for.
            others = np.arange(30) != row
            inside = np.hstack([centered[others], np.ones((29, 1))])
            ridge = np.diag([strength] * 5 + [0])
            weights = np.linalg.solve(inside.T @ inside + ridge, inside.T @ scaled[others])
            np.testing.assert_allclose(np.append(centered[row], 1) @ weights, found[row], atol=1e-9)


def test_two_copies_of_an_image_do_not_vouch_for_their_wrong_label():
    vectors, labels = groups(12, 2, 40)
    vectors, labels = np.vstack([vectors, vectors[[0, 0, 0]]]), np.append(labels, [1, 1, 1])
    labels[0] = 1
    found = doubt_labels(reduce(vectors), labels)
    assert (found.doubt[[0, 24, 25, 26]] > 0.5).all()
    assert found.suggested[[0, 24, 25, 26]].tolist() == [0] * 4


def test_large_classes_do_not_swallow_small_ones():
    vectors, labels = groups(60, 3)
    rows = np.r_[0:60, 60:66, 120:126]
    found = doubt_labels(reduce(vectors[rows]), labels[rows])
    assert (found.doubt > 0.5).sum() == 0


@pytest.mark.parametrize("labels", [[0] * 6, [-1] * 6, [0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 0, 1]])
def test_without_two_classes_of_two_images_no_label_is_doubted(labels):
    vectors = np.random.default_rng(0).normal(size=(6, 20))
    found = doubt_labels(reduce(vectors), np.array(labels))
    assert np.isnan(found.doubt).all()
    assert (found.suggested == -1).all()


def test_witnesses_are_the_nearest_of_the_suggested_class():
    vectors, labels = groups()
    vectors[45] = vectors[3] + 0.01
    labels[3] = 2
    assert witnesses(reduce(vectors), labels, 3, 0, 4).shape == (4,)
    assert set(labels[witnesses(reduce(vectors), labels, 3, 0, 4)]) == {0}
    assert witnesses(reduce(vectors), labels, 3, 2, 1).tolist() == [45]


def test_odd_images_are_far_from_the_others_even_if_there_are_a_few_of_a_kind():
    vectors, _ = groups(40, 3)
    odd, _ = groups(3, 1, seed=9)
    distances = distances_to_nearest(reduce(np.vstack([vectors, odd])), 123)
    assert set(np.argsort(-distances)[:3]) == {120, 121, 122}
    found = find_faults(rows_of(*[{}] * 123), np.vstack([vectors, odd]))
    assert [row for row, flags in enumerate(found.flags) if "unusual" in flags] == [120, 121, 122]


def test_distances_are_cosine_distances_and_blocks_change_nothing(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(200, 30))
    whole = distances_to_nearest(reduce(vectors), 200)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.sort(1 - units @ units.T, axis=1)[:, 1 : N_NEAREST + 1].mean(axis=1)
    np.testing.assert_allclose(whole, expected, atol=1e-5)
    monkeypatch.setattr("orangecontrib.imageembedding.checks.unusual.BLOCK_NUMBERS", 999)
    np.testing.assert_allclose(distances_to_nearest(reduce(vectors), 200), whole, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 9 * GROUP + 5), st.integers(0, 99))
def test_the_largest_numbers_are_found_by_groups(k, n_columns, seed):
    values = np.random.default_rng(seed).integers(0, 50, (3, n_columns)).astype(np.float32)
    k = min(k, n_columns)
    expected = np.sort(values, axis=1)[:, -k:]
    np.testing.assert_array_equal(np.sort(_largest(values, k), axis=1), expected)


def test_reduced_vectors_keep_the_distances_of_many(monkeypatch):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 20)) @ rng.normal(size=(20, 500))
    reduced = reduce(vectors)
    assert reduced.points.shape == (400, N_COMPONENTS) or reduced.points.shape[1] < N_COMPONENTS
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for one, other in ((0, 1), (5, 300)):
        distance = np.linalg.norm(reduced.points[one] - reduced.points[other])
        assert distance == pytest.approx(np.linalg.norm(units[one] - units[other]), abs=1e-3)


def test_the_order_of_rows_changes_nothing():
    vectors, labels = groups(100, 3)
    order = np.random.default_rng(0).permutation(300)
    one, other = (
        find_faults(rows_of(*[{}] * 300), vectors[rows], labels[rows], "abc")
        for rows in (np.arange(300), order)
    )
    for name in ("Distance", "Typicality", "Label Doubt"):
        np.testing.assert_allclose(one.columns[name][order], other.columns[name], atol=1e-3)


@pytest.mark.parametrize("check", [check for check in CHECKS if check.is_low], ids=str)
def test_a_bound_of_zero_has_no_sign(check):
    assert str(apply(check, np.zeros(60)).bound)[:2] != "-0"
