import io
import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import encoded, picture
from PIL import Image, ImageEnhance, ImageFilter

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding import examples
from orangecontrib.imageembedding.duplicates.find import find_groups
from orangecontrib.imageembedding.duplicates.groups import complete_groups
from orangecontrib.imageembedding.duplicates.hashes import MIN_QUALITY, N_BITS, hash_turns
from orangecontrib.imageembedding.duplicates.keeping import Keeping, ranked
from orangecontrib.imageembedding.duplicates.looks import Look
from orangecontrib.imageembedding.duplicates.signals import find_pairs, signals_of

SKETCHES = sorted((Path(examples.__file__).parent / "sketches").glob("*/*.png"))


def n_different(hashes, others):
    return min(int(np.unpackbits(turn ^ others[0]).sum()) for turn in hashes)


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("n_turns", range(4))
def test_a_hash_knows_a_picture_again_however_it_is_turned(n_turns, is_mirrored):
    pixels, other = (np.asarray(Image.open(SKETCHES[i]).convert("RGB")) for i in (0, 9))
    pixels = pixels[:100]  # not square
    changed = np.rot90(pixels[:, ::-1] if is_mirrored else pixels, n_turns)
    hashes, quality = hash_turns(pixels)
    assert quality > MIN_QUALITY
    assert n_different(hashes, hash_turns(changed)[0]) <= 12
    assert n_different(hashes, hash_turns(other)[0]) > N_BITS / 5


def test_a_flat_picture_has_no_quality():
    assert hash_turns(np.full((90, 90, 3), 200, np.uint8))[1] < MIN_QUALITY


def test_chains_glue_nothing_together():
    pairs = np.array([[0, 1], [1, 2], [2, 3], [4, 5], [4, 6], [5, 6]])
    scores = np.array([0.9, 0.8, 0.85, 0.5, 0.6, 0.7])
    assert complete_groups(pairs, scores, "abcdefg") == [[0, 1], [2, 3], [4, 5, 6]]


@given(st.data())
def test_groups_are_complete_and_do_not_depend_on_the_order(data):
    n = data.draw(st.integers(2, 8))
    every = list(itertools.combinations(range(n), 2))
    pairs = data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True))
    scores = data.draw(
        st.lists(st.sampled_from([0.5, 0.6, 0.7]), min_size=len(pairs), max_size=len(pairs))
    )
    keys = [f"{i}" for i in range(n)]
    groups = complete_groups(np.array(pairs), np.array(scores), keys)
    for group in groups:
        assert all(pair in pairs for pair in itertools.combinations(sorted(group), 2))
    rows = [row for group in groups for row in group]
    assert len(rows) == len(set(rows))
    new = data.draw(st.permutations(range(n)))  # the same items in other rows
    moved = np.array([sorted((new[one], new[other])) for one, other in pairs])
    order = data.draw(st.permutations(range(len(pairs))))
    new_keys = [keys[new.index(row)] for row in range(n)]
    again = complete_groups(moved[order], np.array(scores)[order], new_keys)
    assert [[int(new_keys[row]) for row in group] for group in again] == groups


def test_blocks_find_the_same_pairs_as_one(monkeypatch):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 64)).astype(np.float32)
    vectors[200:] = vectors[:100] + 0.05 * rng.normal(size=(100, 64))
    hashes = rng.integers(0, 256, (300, 8, 32), dtype=np.uint8)
    signals = signals_of(vectors, hashes, np.full(300, 9.0))
    whole = find_pairs(signals)
    found = {tuple(pair) for pair in whole.rows.tolist()}
    assert {(i, i + 200) for i in range(100)} <= found
    monkeypatch.setattr("orangecontrib.imageembedding.duplicates.signals.BLOCK_NUMBERS", 2100)
    monkeypatch.setattr("orangecontrib.imageembedding.duplicates.signals.MAX_PAIRS_AT_ONCE", 11)
    parts = find_pairs(signals)
    np.testing.assert_array_equal(whole.rows, parts.rows)
    np.testing.assert_allclose(whole.scores, parts.scores, atol=1e-5)


@pytest.mark.parametrize("n_calls", [1, 3])
def test_a_cancel_stops_the_search_at_the_next_block(monkeypatch, n_calls):
    monkeypatch.setattr("orangecontrib.imageembedding.duplicates.signals.BLOCK_NUMBERS", 2100)
    looks = [looks_like(f"{i}") for i in range(200)]
    vectors = np.random.default_rng(0).normal(size=(200, 8))
    parts = []

    def progress(part):
        parts.append(part)
        if len(parts) == n_calls:
            raise oie.Cancelled

    with pytest.raises(oie.Cancelled):
        find_groups(looks, vectors, progress=progress)
    assert len(parts) == n_calls
    assert parts[-1] < 0.5


def looks_like(digest, n_pixels=100, n_bytes=10):
    rng = np.random.default_rng(sum(map(ord, digest)))
    hashes = rng.integers(0, 256, (8, 32), dtype=np.uint8)
    return Look(digest, hashes, 9.0, n_pixels, 1, n_bytes)


def test_identical_images_are_found_whatever_the_vectors_say_and_the_largest_is_kept():
    looks = [looks_like("a"), looks_like("b"), looks_like("a", n_bytes=99), None]
    found = find_groups(
        looks,
        np.eye(4, 8, dtype=np.float32),
        rank=lambda known: ranked(known, known, [None] * 4, Keeping()),
    )
    assert found.groups == [[2, 0]]
    assert found.kind == ["identical", "", "identical", ""]
    assert found.keep.tolist() == [False, True, True, True]
    np.testing.assert_array_equal(np.isnan(found.similarity), [False, True, False, True])


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Sketches, and changed copies of the first six."""
    folder = tmp_path_factory.mktemp("collection")
    paths = [shutil.copy(path, folder / f"{path.parent.name}-{path.name}") for path in SKETCHES]
    images = [Image.open(path).convert("RGB") for path in SKETCHES[:6]]
    width, height = images[0].size
    copies = {
        "same.bmp": (0, images[0]),
        "low.jpg": (1, images[1]),
        "half.png": (2, images[2].resize((width // 2, height // 2))),
        "mirror.png": (3, images[3].transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        "blur.png": (4, ImageEnhance.Brightness(images[4].filter(ImageFilter.BLUR)).enhance(0.8)),
        "turned.png": (5, images[5].transpose(Image.Transpose.ROTATE_90)),
    }
    for name, (_, image) in copies.items():
        image.save(folder / name, **({"quality": 40} if name == "low.jpg" else {}))
        paths.append(folder / name)
    return [Path(path) for path in paths], [of for of, _ in copies.values()]


def test_changed_copies_are_found_and_other_sketches_are_not(collection):
    paths, originals = collection
    before = {path: path.read_bytes() for path in paths}
    found = oie.find_duplicates(paths)
    n = len(SKETCHES)
    expected = {frozenset((n + i, of)) for i, of in enumerate(originals)}
    assert {frozenset(group) for group in found.groups} == expected
    assert found.groups[0] == [n, 0]  # identical; the larger file is kept
    assert [found.kind[row] for row in (0, 1, 2)] == ["identical", "copy", "copy"]
    assert found.kind[10] == ""
    assert (~found.keep).sum() == 6
    assert found.keep[2]  # has more pixels than its half
    assert {path: path.read_bytes() for path in paths} == before

    order = np.random.default_rng(1).permutation(len(paths))
    again = oie.find_duplicates([paths[row] for row in order])
    assert [[int(order[row]) for row in group] for group in again.groups] == found.groups


def test_a_table_with_embeddings_is_compared_by_these(collection, tmp_path):
    paths, _ = collection
    table = oie.import_images([str(path) for path in paths[:3]] + [str(paths[-6])]).table
    done = oie.embed_images(table, "efficientnet-lite0").embeddings
    found = oie.find_duplicates(done)
    assert [sorted(group) for group in found.groups] == [[0, 3]]


def test_duplicates_of_a_reference_are_found_and_no_others(collection, tmp_path):
    paths, _ = collection
    n = len(SKETCHES)
    (tmp_path / "cut.png").write_bytes(encoded(picture(1))[:99])
    mine = [*paths[n : n + 3], tmp_path / "cut.png", paths[n]]
    found = oie.find_duplicates(mine, reference=paths[:n])
    assert found.groups[0] == [5, 0, 4]
    assert sorted(map(tuple, found.groups[1:])) == [(6, 1), (7, 2)]
    assert found.keep.tolist() == [False, False, False, True, False]
    assert found.kind == ["identical", "copy", "copy", "", "identical"]


def test_similar_images_are_grouped_only_when_that_is_asked_for(collection):
    paths, _ = collection
    plain = oie.find_duplicates(paths[: len(SKETCHES)])
    assert plain.groups == []
    similar = oie.find_duplicates(paths[: len(SKETCHES)], similar=0.6)
    assert similar.groups
    assert {kind for kind in similar.kind if kind} == {"similar"}
    with pytest.raises(oie.InputError, match="similar must be between 0 and 1"):
        oie.find_duplicates(paths, similar=7)


def test_few_and_no_images_are_no_trouble(tmp_path):
    for n in (0, 1, 2):
        paths = []
        for seed in range(n):
            paths.append(tmp_path / f"{seed}.png")
            paths[-1].write_bytes(encoded(picture(seed, 90, 70)))
        found = oie.find_duplicates(paths)
        assert (found.groups, len(found.kind), len(found.keep)) == ([], n, n)
    buffer = io.BytesIO()
    Image.fromarray(picture(0, 90, 70)).save(buffer, "JPEG", quality=60)
    (tmp_path / "0.jpg").write_bytes(buffer.getvalue())
    assert oie.find_duplicates([tmp_path / "0.png", tmp_path / "0.jpg"]).groups == [[0, 1]]
