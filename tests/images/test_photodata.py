"""What cameras note in photos, in each format, and what is odd in it."""

import math
from datetime import datetime, timezone

import numpy as np
import pytest
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import IFDRational

from orangecontrib.imageembedding import import_images
from orangecontrib.imageembedding.images import pillow
from orangecontrib.imageembedding.images.photodata import NOTHING, photo_data_of

EXIF, GPS, TAKEN, DIGITIZED, WRITTEN, MAKE, MODEL = 34665, 34853, 36867, 36868, 306, 271, 272
WHEN = "2019:07:21 14:05:09"
SECONDS = datetime(2019, 7, 21, 14, 5, 9, tzinfo=timezone.utc).timestamp()
SOUTH_EAST = {1: "S", 2: (33.0, 51.0, 36.0), 3: "E", 4: (151.0, 12.0, 36.0)}
PLACE = (-33.86, 151.21)


def exif_with(main=(), inner=(), gps=()):
    exif = Image.Exif()
    exif.update(dict(main))
    exif.get_ifd(EXIF).update(dict(inner))
    exif.get_ifd(GPS).update(dict(gps))
    return exif.tobytes()


FULL = exif_with({MAKE: "Canon", MODEL: "Canon EOS 5D"}, {TAKEN: WHEN}, SOUTH_EAST)


def photo(path, exif=FULL):
    if path.suffix == ".heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if path.suffix == ".jxl":
        pytest.importorskip("pillow_jxl")
    image = Image.effect_noise((24, 16), 50).convert("RGB")
    image.save(path, **({"exif": exif} if exif else {}))
    return str(path)


def same(found, wanted):
    taken, camera, *place = found
    np.testing.assert_allclose([taken, *place], [wanted[0], *wanted[2:]], atol=1e-6)
    assert camera == wanted[1]


FORMATS = [".jpg", ".png", ".webp", ".tif", ".heic", ".avif", ".jxl"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_tells_time_camera_and_place(suffix, tmp_path):
    path = photo(tmp_path / f"photo{suffix}")
    same(photo_data_of(path), (SECONDS, "Canon EOS 5D", *PLACE))


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_pixel_is_decoded(suffix, tmp_path, monkeypatch):
    path = photo(tmp_path / f"photo{suffix}")

    def refused(*_):
        raise AssertionError("decoded")

    for kind in (Image.Image, ImageFile.ImageFile):
        monkeypatch.setattr(kind, "load", refused)
    monkeypatch.setattr(pillow, "load_image", refused)
    assert photo_data_of(path)[0] == SECONDS


@pytest.mark.parametrize("suffix", [*FORMATS, ".gif", ".bmp", ".ppm"])
def test_files_without_exif_tell_nothing(suffix, tmp_path):
    same(photo_data_of(photo(tmp_path / f"photo{suffix}", b"")), NOTHING)


@pytest.mark.parametrize(
    ("main", "inner", "seconds"),
    [
        ({}, {TAKEN: "0000:00:00 00:00:00"}, math.nan),
        ({}, {TAKEN: "    :  :     :  :  "}, math.nan),
        ({}, {TAKEN: ""}, math.nan),
        ({}, {TAKEN: "2019:02:30 10:00:00"}, math.nan),
        ({}, {TAKEN: "2019:07:21"}, math.nan),  # the time of day is not made up
        ({}, {TAKEN: 7}, math.nan),
        ({}, {TAKEN: "2019-07-21T14:05:09"}, SECONDS),
        ({}, {TAKEN: WHEN + "\0\0junk"}, SECONDS),
        ({}, {TAKEN: "0000:00:00 00:00:00", DIGITIZED: WHEN}, SECONDS),
        ({TAKEN: WHEN}, {}, SECONDS),
        ({WRITTEN: WHEN}, {}, SECONDS),
        ({WRITTEN: "2022:01:01 00:00:00"}, {TAKEN: WHEN}, SECONDS),
    ],
)
def test_dates(main, inner, seconds, tmp_path):
    same(photo_data_of(photo(tmp_path / "p.jpg", exif_with(main, inner))), (seconds, *NOTHING[1:]))


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({}, PLACE),
        ({1: None}, None),
        ({3: None}, None),
        ({1: ""}, None),
        ({1: "X"}, None),
        ({1: "south"}, PLACE),
        ({2: None}, None),
        ({2: (IFDRational(0, 0),) * 3}, None),
        ({2: (91.0, 0.0, 0.0)}, None),
        ({4: (181.0, 0.0, 0.0)}, None),
        ({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}, None),
        ({1: "N", 2: (0.0, 0.0, 0.0)}, (0.0, PLACE[1])),
        ({2: (33.86,)}, PLACE),
    ],
)
def test_places(changed, place, tmp_path):
    gps = {tag: value for tag, value in (SOUTH_EAST | changed).items() if value is not None}
    found = photo_data_of(photo(tmp_path / "p.jpg", exif_with(gps=gps)))
    same(found, (math.nan, "", *(place or (math.nan, math.nan))))


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("Apple ", "", "Apple"),
        ("", "X100\0\0", "X100"),
        ("", "", ""),
    ],
)
def test_cameras(make, model, camera, tmp_path):
    exif = exif_with({MAKE: make, MODEL: model})
    assert photo_data_of(photo(tmp_path / "p.jpg", exif))[1] == camera


@pytest.mark.parametrize("suffix", FORMATS)
def test_broken_exif_tells_less_and_never_fails(suffix, tmp_path):
    photo(path := tmp_path / f"photo{suffix}")
    data = path.read_bytes()
    random = np.random.default_rng(0)
    at = max(data.find(b"MM\0*"), data.find(b"II*\0"), 0)
    for _ in range(60):
        broken = bytearray(data)
        for place in random.integers(at, min(at + 300, len(data)), 4):
            broken[place] = random.integers(256)
        path = tmp_path / f"broken{suffix}"
        path.write_bytes(broken[: random.integers(len(data) // 2, len(data) + 1)])
        taken, camera, latitude, longitude = photo_data_of(str(path))
        assert math.isnan(latitude) == math.isnan(longitude)
        assert isinstance(camera, str)
        assert isinstance(taken, float)


def test_a_table_gets_the_columns_that_some_file_tells(tmp_path):
    photo(tmp_path / "1.jpg", exif_with({MODEL: "EOS 10"}, {TAKEN: WHEN}))
    photo(tmp_path / "2.jpg", exif_with({MODEL: "EOS 5"}))
    photo(tmp_path / "3.png", b"")
    table = import_images(tmp_path, photo_data=True).table
    names = [variable.name for variable in table.domain.metas]
    assert names[-2:] == ["date taken", "camera"]
    assert "latitude" not in names
    cameras = table.domain["camera"]
    assert cameras.values == ("EOS 5", "EOS 10")
    assert [cameras.str_val(code) for code in table.get_column("camera")] == [
        "EOS 10",
        "EOS 5",
        "?",
    ]
    assert table.domain["date taken"].str_val(table[0]["date taken"]) == "2019-07-21 14:05:09"
    assert np.isnan(table.get_column("date taken")[1:].astype(float)).all()
    usual = [variable.name for variable in import_images(tmp_path).table.domain.metas]
    assert usual == names[:-2]


def test_without_any_photo_data_there_is_no_column(tmp_path):
    photo(tmp_path / "1.png", b"")
    names = [v.name for v in import_images(tmp_path, photo_data=True).table.domain.metas]
    assert names == [v.name for v in import_images(tmp_path).table.domain.metas]
