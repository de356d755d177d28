"""Slides and satellite images: a stored level that is large enough is read, within the limit."""

import io

import numpy as np
import pytest
import tifffile
from pictures import picture
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import read_header
from orangecontrib.imageembedding.images.thumbnail import thumbnail

WIDTH, HEIGHT = 1280, 960
WHOLE = picture(3, WIDTH, HEIGHT)
LEVELS = [
    np.asarray(Image.fromarray(WHOLE).resize((WIDTH >> i, HEIGHT >> i), Image.Resampling.BOX))
    for i in range(4)
]
LABEL = picture(4, 200, 210)
TILE = {"tile": (64, 64), "photometric": "rgb"}


def ome(levels, **options):
    """Levels hang on the first page."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, ome=True) as writer:
        writer.write(levels[0], subifds=len(levels) - 1, **TILE, **options)
        for level in levels[1:]:
            writer.write(level, subfiletype=1, **TILE, **options)
    return buffer.getvalue()


def cog(levels, **options):
    """Levels follow, marked as smaller copies."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=options.pop("bigtiff", False)) as writer:
        for i, level in enumerate(levels):
            writer.write(level, subfiletype=int(i > 0), metadata=None, **TILE, **options)
    return buffer.getvalue()


def svs(levels, **options):
    """A thumbnail in strips, levels without a mark, a label and an overview of the slide."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(
            levels[0], metadata=None, description="Aperio Image Library", **TILE, **options
        )
        writer.write(levels[3], metadata=None, photometric="rgb")
        for level in levels[1:]:
            writer.write(level, metadata=None, **TILE, **options)
        writer.write(LABEL, metadata=None, photometric="rgb", subfiletype=1)
        writer.write(LABEL[:, ::-1], metadata=None, photometric="rgb", subfiletype=9)
    return buffer.getvalue()


LAYOUTS = {
    "OME-TIFF": ome(LEVELS), "COG": cog(LEVELS), "SVS": svs(LEVELS),
    "COG deflate": cog(LEVELS, compression="zlib"), "BigTIFF": cog(LEVELS, bigtiff=True),
    "COG of 16 bits": cog([level.astype(np.uint16) * 257 for level in LEVELS]),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("at_least_px", "expected"), [
    (None, 0), (1000, 0), (960, 0), (481, 0), (480, 1), (300, 1), (240, 2), (120, 3), (9, 3),
])  # fmt: skip
def test_the_smallest_level_that_is_large_enough_is_read(layout, at_least_px, expected):
    decoded = decode(LAYOUTS[layout], "x", at_least_px).astype(int)
    assert np.abs(decoded - LEVELS[expected]).max() <= 1


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("limit", "at_least_px", "expected"), [
    (0.7, None, 1), (0.7, 900, 1), (0.7, 200, 2), (0.1, None, 2), (0.1, 900, 2),
])  # fmt: skip
def test_above_the_limit_the_largest_level_within_it_is_read(
    layout, limit, at_least_px, expected, monkeypatch, tmp_path
):
    factor = 2 if "16" in layout else 1
    monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", str(limit * factor))
    decoded = decode(LAYOUTS[layout], "x", at_least_px).astype(int)
    assert np.abs(decoded - LEVELS[expected]).max() <= 1
    (tmp_path / "file").write_bytes(LAYOUTS[layout])
    header = read_header(str(tmp_path / "file"))
    assert (header.width_px, header.height_px) == (WIDTH, HEIGHT)
    assert thumbnail(str(tmp_path / "file"), 100).shape == (75, 100, 3)


@pytest.mark.parametrize(("layout", "n_pictures"), [("OME-TIFF", 1), ("COG", 1), ("SVS", 5)])
def test_levels_that_are_marked_are_no_frames(layout, n_pictures, tmp_path):
    (tmp_path / "file").write_bytes(LAYOUTS[layout])
    assert read_header(str(tmp_path / "file")).n_frames == n_pictures


def test_without_a_level_within_the_limit_the_picture_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", "0.001")
    for name, data in {"plain": cog(LEVELS[:1]), **LAYOUTS}.items():
        (tmp_path / "file").write_bytes(data)
        for call in (
            lambda data=data: decode(data, "x"),
            lambda: read_header(str(tmp_path / "file")),
        ):
            with pytest.raises(DecodeError, match="too large: 1280 × 960 pixels"):
                call()
        assert name


def test_pages_of_a_stack_are_no_levels(monkeypatch):
    """They have one size, or are other pictures."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for page in (LEVELS[1], LEVELS[1], LABEL, LEVELS[3][:, :100]):
            writer.write(page, metadata=None, **TILE)
    np.testing.assert_array_equal(decode(buffer.getvalue(), "x", 20), LEVELS[1])


def test_a_level_is_turned_as_the_picture_is():
    turn = [(274, "H", 1, 6, True)]
    data = cog([level[:, ::-1].swapaxes(0, 1) for level in LEVELS[:3]], extratags=turn)
    for at_least_px, level in ((None, 0), (400, 1), (100, 2)):
        np.testing.assert_array_equal(decode(data, "x", at_least_px), LEVELS[level])
