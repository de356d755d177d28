import shutil

import numpy as np
import pytest
from pictures import encoded, picture
from PIL import Image

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.duplicates import lookcache
from orangecontrib.imageembedding.duplicates.distinct import DistinctPairs, pairs_among
from orangecontrib.imageembedding.duplicates.keeping import RULES, Keeping, ranked
from orangecontrib.imageembedding.duplicates.looks import Look, unpacked
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.images import look as looking
from orangecontrib.imageembedding.pipeline.looking import looks_of
from orangecontrib.imageembedding.progress import silent


def a_look(content="a" * 64, size=(9, 7), n_bytes=5, pixels="", quality=3.5):
    hashes = np.arange(256, dtype=np.uint8).reshape(8, 32)
    measures = np.array([0.5, np.nan], np.float32)
    return Look(content, hashes, quality, *size, n_bytes, pixels, measures)


@pytest.mark.parametrize("pixels", ["", "0f" * 32])
def test_a_look_comes_back_from_the_disk_as_it_was(pixels):
    look = a_look(pixels=pixels)
    lookcache.keep([look], [(("/x", "state"), look.content)])
    (again,) = lookcache.looks_of([look.content]).values()
    np.testing.assert_array_equal(again.hashes, look.hashes)
    np.testing.assert_array_equal(again.measures, look.measures)
    assert again.packed() == look.packed()
    assert unpacked(look.content, look.packed()).pixels == pixels
    assert lookcache.contents_of({"/x": "state", "/y": "state"}) == {"/x": look.content}
    assert lookcache.contents_of({"/x": "another"}) == {}
    lookcache.CACHE.close()


def test_a_file_is_decoded_once_in_its_life(tmp_path, at_rest, monkeypatch):
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_bytes(encoded(picture(i, 90, 70)))
    decoded = []
    decode = looking.decode
    monkeypatch.setattr(looking, "decode", lambda *a, **k: decoded.append(a[1]) or decode(*a, **k))
    first = looks_of([str(path) for path in paths], silent)
    assert len(decoded) == 3
    shutil.copy(paths[0], tmp_path / "copy.png")  # the same content in another place
    places = [*map(str, paths), str(tmp_path / "copy.png"), str(tmp_path / "none.png"), ""]
    again = looks_of(places, silent)
    assert len(decoded) == 3
    assert [look.packed() for look in again[:3]] == [look.packed() for look in first]
    assert again[3].content == first[0].content
    assert again[4] == "file not found"
    assert again[5] == "no path or URL"
    assert (first[0].width_px, first[0].height_px) == (90, 70)
    assert first[0].n_bytes == paths[0].stat().st_size
    paths[0].write_bytes(encoded(picture(9, 90, 70)))  # now it is another picture
    assert looks_of([str(paths[0])], silent)[0].content != first[0].content
    assert len(decoded) == 4


PATHS = ["/a/0.png", "/b/1.png", None]
LOOKS = [a_look(size=(5, 5), n_bytes=3), a_look(size=(4, 4), n_bytes=9), a_look(size=(4, 4))]


@pytest.mark.parametrize(
    ("rule", "folder", "kept"),
    [
        ("most-pixels", "", 0),
        ("largest-file", "", 1),
        ("oldest", "", 1),
        ("first-row", "", 0),
        ("first-row", "/b", 1),
        ("most-pixels", "/nowhere", 0),
    ],
)
def test_rules_by_which_one_is_kept(rule, folder, kept):
    changed_s = {"/a/0.png": 20.0, "/b/1.png": 10.0, "": 99.0}.__getitem__
    ranks = ranked(range(3), dict(enumerate(LOOKS)), PATHS, Keeping(rule, folder), changed_s)
    assert min(ranks, key=ranks.__getitem__) == kept
    assert rule in RULES


def test_a_wrong_rule_is_refused():
    with pytest.raises(oie.InputError, match="keep must be one of most-pixels"):
        oie.find_duplicates([], keep="smallest")


def test_pairs_are_exported_and_imported(tmp_path):
    contents = [letter * 64 for letter in "abc"]
    pairs = DistinctPairs()
    assert pairs.all() == set()
    pairs.add(pairs_among(contents[::-1]))
    assert len(pairs.all()) == 3
    assert pairs.write(tmp_path / "list.txt") == 3
    pairs.remove([(contents[1], contents[0])])
    assert pairs.all() == {(contents[0], contents[2]), (contents[1], contents[2])}
    assert pairs.read(tmp_path / "list.txt") == 3
    assert len(pairs.all()) == 3
    for wrong in (b"", b"\xff", (tmp_path / "list.txt").read_bytes() + b"more\n"):
        (tmp_path / "wrong.txt").write_bytes(wrong)
        with pytest.raises(InputError):
            pairs.read(tmp_path / "wrong.txt")
    pairs.close()


def test_blank_pages_are_told_apart_by_their_pixels_alone(tmp_path):
    for i in range(4):
        Image.new("RGB", (90, 70 + i // 2), "black").save(
            tmp_path / f"{i}.{'png' if i % 2 else 'bmp'}"
        )
    paths = [tmp_path / name for name in ("0.bmp", "1.png", "2.bmp", "3.png")]
    found = oie.find_duplicates(paths)
    assert sorted(sorted(group) for group in found.groups) == [[0, 1], [2, 3]]
    assert set(found.kind) == {"identical"}
