"""One picture in many encodings gives the same pixels within 3 gray levels."""

import io

import numpy as np
import pytest
import tifffile
from pictures import encoded, picture
from PIL import Image, ImageCms

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.gif import count_frames
from orangecontrib.imageembedding.images.header import Header, read_header

PIXELS = picture(2, 64, 48)
GRAY = PIXELS[..., 1]


def tiff(values, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, metadata=None, **options)
    return buffer.getvalue()


def assert_same(data, expected, tolerance=3):
    decoded = decode(data, "x").astype(int)
    expected = expected if expected.ndim == 3 else np.repeat(expected[..., None], 3, axis=2)
    assert decoded.shape == expected.shape
    assert np.abs(decoded - expected).max() <= tolerance


def deep(pixels, bits, dtype=np.uint16):
    values = (pixels.astype(float) / 255 * (2**bits - 1)).round().astype(dtype)
    values.ravel()[0] = 2**bits - 1  # else the range could not be told
    return values


RGB = {"photometric": "rgb"}
GRAY_TIFF = {"photometric": "minisblack"}


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        (PIXELS, RGB, PIXELS),
        (PIXELS, RGB | {"bigtiff": True}, PIXELS),
        (PIXELS, RGB | {"byteorder": ">"}, PIXELS),
        (PIXELS, RGB | {"tile": (16, 16)}, PIXELS),
        (PIXELS, RGB | {"compression": "zlib"}, PIXELS),
        (PIXELS.transpose(2, 0, 1), RGB | {"planarconfig": "separate"}, PIXELS),
        (GRAY, GRAY_TIFF, GRAY),
        (255 - GRAY, {"photometric": "miniswhite"}, GRAY),
    ],
    ids=["rgb", "big", "bigendian", "tiled", "zlib", "planar", "gray", "miniswhite"],
)
def test_tiff_of_8_bits(values, options, expected):
    assert_same(tiff(values, **options), expected, 0)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_of_more_bits(bits, order):
    assert_same(tiff(deep(GRAY, bits), **GRAY_TIFF, byteorder=order), with_white_corner(GRAY), 1)
    assert_same(tiff(deep(PIXELS, bits), **RGB, byteorder=order), with_white_corner(PIXELS), 1)
    planar = deep(PIXELS, bits).transpose(2, 0, 1)
    data = tiff(planar, **RGB, planarconfig="separate", byteorder=order)
    assert_same(data, with_white_corner(PIXELS), 1)


def with_white_corner(pixels):
    expected = pixels.copy()
    expected.ravel()[0] = 255
    return expected


def test_tiff_of_16_bits_with_white_at_zero():
    inverted = deep(255 - GRAY, 16)
    expected = GRAY.copy()
    expected.ravel()[0] = 0
    assert_same(tiff(inverted, photometric="miniswhite"), expected, 1)


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint32", "float16", "float32", "float64"])
def test_tiff_of_other_numbers_is_scaled_from_smallest_to_largest(dtype):
    values = GRAY.astype(float) * 100 - (0 if dtype.startswith("u") else 5000)
    if dtype == "uint32":
        values = values * 160_000  # beyond what fits into 31 bits
    low, high = values.min(), values.max()
    expected = ((values - low) / (high - low) * 255).round()
    assert_same(tiff(values.astype(dtype), **GRAY_TIFF), expected, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_color_floats_keep_their_balance_and_bad_numbers_poison_nothing(bad):
    values = PIXELS.astype(np.float64) / 255
    values[0, 0, 0] = bad
    decoded = decode(tiff(values, **RGB), "x").astype(int)
    low, high = PIXELS.ravel()[1:].min(), PIXELS.ravel()[1:].max()
    expected = (PIXELS.astype(float) - low) / (high - low) * 255
    assert np.abs(decoded - expected).reshape(-1)[3:].max() <= 1
    assert decoded[0, 0, 0] == (255 if bad == np.inf else 0)


def test_of_many_bands_the_first_three_are_the_picture():
    bands = np.dstack([PIXELS, GRAY, GRAY])
    assert_same(tiff(bands, photometric="minisblack", planarconfig="contig"), PIXELS)


def test_transparency_of_a_deep_tiff_lies_on_white():
    rgba = np.dstack([deep(PIXELS, 16), np.full(GRAY.shape, 65535, np.uint16)])
    rgba[:, :10, 3] = 0
    decoded = decode(tiff(rgba, **RGB, extrasamples=["unassalpha"]), "x")
    assert (decoded[:, :10] == 255).all()
    assert np.abs(decoded[:, 10:].astype(int) - PIXELS[:, 10:]).max() <= 1


def test_lab_is_converted_by_its_meaning():
    lab = ImageCms.applyTransform(
        Image.fromarray(PIXELS),
        ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        ),
    )
    buffer = io.BytesIO()
    lab.save(buffer, "TIFF")
    decoded = decode(buffer.getvalue(), "x").astype(int)
    assert np.abs(decoded - PIXELS).mean() <= 3  # Lab of 8 bits is coarse in dark colors


@pytest.mark.parametrize("image_format", ["JPEG", "TIFF"])
def test_cmyk_is_not_inverted(image_format):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).convert("CMYK").save(buffer, image_format, quality=95)
    decoded = decode(buffer.getvalue(), "x").astype(int)
    assert np.abs(decoded - PIXELS).mean() <= 3


def test_cmyk_of_16_bits():
    cmyk = np.asarray(Image.fromarray(PIXELS).convert("CMYK"))
    decoded = decode(tiff(deep(cmyk, 16), photometric="separated"), "x").astype(int)
    assert np.abs(decoded - PIXELS).mean() <= 3


def test_cmyk_as_adobe_writes_it_inverted_is_not_inverted():
    buffer = io.BytesIO()
    cmyk = Image.fromarray(PIXELS).convert("CMYK")
    inverted = Image.fromarray(255 - np.asarray(cmyk), "CMYK")
    inverted.save(buffer, "JPEG", quality=95)
    data = buffer.getvalue()
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    plain_pixels = decode(data, "x")
    with_marker = data[:2] + adobe + data[2:] if b"Adobe" not in data else data
    decoded = decode(with_marker, "x").astype(int)
    # Pillow itself writes the marker and stores inverted: what comes back is what went in.
    reference = np.asarray(Image.open(io.BytesIO(with_marker)).convert("RGB")).astype(int)
    assert np.abs(decoded - reference).max() <= 3
    assert plain_pixels.shape == decoded.shape


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("image_format", ["PNG", "TIFF", "WEBP"])
def test_every_mode_of_common_formats(mode, image_format):
    image = Image.fromarray(PIXELS).convert(mode)
    if image_format == "WEBP" and mode in ("1", "P", "LA"):
        pytest.skip("WebP has no such mode")
    if image_format == "TIFF" and mode == "LA":
        pytest.skip("seldom written")
    options = {"lossless": True} if image_format == "WEBP" else {}
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    assert_same(buffer.getvalue(), np.asarray(image.convert("RGB")), 1)


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_png_of_16_bits_a_channel(bits):
    import zlib

    values = deep(PIXELS, bits)
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(kind, body):
        checksum = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + checksum

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([16, 2, 0, 0, 0])
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
    data += chunk(b"IEND", b"")
    assert_same(data, with_white_corner(PIXELS), 1)
    assert decode(data, "x").max() > 200


def test_a_gray_picture_of_16_bits_in_pgm():
    data = b"P5 64 48 65535\n" + deep(GRAY, 12).astype(">u2").tobytes()
    assert_same(data, with_white_corner(GRAY), 1)


class TestColorProfiles:
    """A profile with exchanged primaries: red is stored where others store green."""

    def profile(self):
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    def wide_gamut(self):
        """A linear profile made from sRGB's by replacing its curves by a plain gamma of 1."""
        data = bytearray(self.profile())
        table = int.from_bytes(data[128:132], "big")
        for i in range(table):
            entry = 132 + 12 * i
            if bytes(data[entry : entry + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
                at = int.from_bytes(data[entry + 4 : entry + 8], "big")
                data[at : at + 12] = b"curv" + bytes(4) + bytes(4)  # no entries: the identity
                data[entry + 8 : entry + 12] = (12).to_bytes(4, "big")
        for name in (b"s\0R\0G\0B", b"sRGB"):
            data = data.replace(name, name.replace(b"R", b"X"))
        return bytes(data)

    @pytest.mark.parametrize("image_format", ["PNG", "JPEG", "TIFF", "WEBP"])
    def test_a_valid_profile_is_applied(self, image_format):
        linear = ((PIXELS / 255.0) ** 2.2 * 255).round().astype(np.uint8)
        options = {"quality": 98, "subsampling": 0} if image_format == "JPEG" else {}
        options = {"lossless": True} if image_format == "WEBP" else options
        data = encoded(linear, image_format, icc_profile=self.wide_gamut(), **options)
        decoded = decode(data, "x").astype(int)
        assert np.abs(decoded - PIXELS).mean() < 6
        assert np.abs(linear.astype(int) - PIXELS).mean() > 20

    @pytest.mark.parametrize("image_format", ["PNG", "JPEG", "TIFF", "WEBP"])
    @pytest.mark.parametrize("garbage", [b"garbage", b"\0" * 200])
    def test_garbage_is_ignored(self, image_format, garbage):
        options = {"quality": 95} if image_format == "JPEG" else {}
        options = {"lossless": True} if image_format == "WEBP" else options
        plain = decode(encoded(PIXELS, image_format, **options), "x")
        data = encoded(PIXELS, image_format, icc_profile=garbage, **options)
        np.testing.assert_array_equal(decode(data, "x"), plain)

    @pytest.mark.parametrize("image_format", ["PNG", "JPEG", "TIFF", "WEBP"])
    def test_the_name_of_a_profile_says_nothing(self, image_format):
        """Red and green are exchanged, and it calls itself sRGB."""
        swapped = self.profile().replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ")
        swapped = swapped.replace(b"....", b"gXYZ")
        options = {"quality": 98, "subsampling": 0} if image_format == "JPEG" else {}
        options = {"lossless": True} if image_format == "WEBP" else options
        data = encoded(PIXELS, image_format, icc_profile=swapped, **options)
        into = ImageCms.createProfile("sRGB")
        swapped = ImageCms.ImageCmsProfile(io.BytesIO(swapped))
        expected = ImageCms.profileToProfile(Image.fromarray(PIXELS), swapped, into)
        assert np.abs(decode(data, "x") - np.asarray(expected, float)).mean() < 3
        assert np.abs(PIXELS - np.asarray(expected, float)).mean() > 20

    def test_srgb_changes_nothing(self):
        np.testing.assert_array_equal(
            decode(encoded(PIXELS, icc_profile=self.profile()), "x"), PIXELS
        )

    def test_a_profile_for_other_colors_is_ignored(self):
        data = encoded(GRAY, icc_profile=self.wide_gamut())
        assert_same(data, GRAY, 0)


class TestFrames:
    def animation(self, image_format, n=3):
        frames = [Image.fromarray(picture(i, 32, 24)) for i in range(n)]
        buffer = io.BytesIO()
        options = {"lossless": True} if image_format == "WEBP" else {}
        frames[0].save(buffer, image_format, save_all=True, append_images=frames[1:], **options)
        return buffer.getvalue()

    @pytest.mark.parametrize("image_format", ["GIF", "PNG", "WEBP", "TIFF"])
    def test_the_first_is_decoded_and_all_are_counted(self, image_format, tmp_path):
        data = self.animation(image_format)
        path = tmp_path / "frames"
        path.write_bytes(data)
        assert read_header(str(path)) == Header(32, 24, 3)
        decoded = decode(data, "x").astype(int)
        assert np.abs(decoded - picture(0, 32, 24)).mean() < (12 if image_format == "GIF" else 1)

    def test_single_pictures_count_one(self, tmp_path):
        for image_format in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
            path = tmp_path / image_format
            path.write_bytes(encoded(PIXELS, image_format))
            assert read_header(str(path)).n_frames == 1


class TestGifFrames:
    """Counted by our own walk over the blocks."""

    def gif(self, n, **options):
        frames = [Image.fromarray(picture(i, 20, 10)) for i in range(n)]
        buffer = io.BytesIO()
        frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], **options)
        return buffer.getvalue()

    @pytest.mark.parametrize("n", [1, 2, 7, 40])
    @pytest.mark.parametrize("options", [{}, {"loop": 0, "duration": 50, "comment": b"x" * 700}])
    def test_they_are_as_many_as_pillow_counts(self, n, options):
        data = self.gif(n, **options)
        assert count_frames(data) == Image.open(io.BytesIO(data)).n_frames == n

    def test_a_cut_file_counts_what_is_there(self):
        data = self.gif(20)
        counts = [count_frames(data[:length]) for length in range(0, len(data), 7)]
        assert counts == sorted(counts)
        assert counts[0] == 1
        assert max(counts) <= 20

    def test_the_count_of_a_bomb_ends(self):
        header = b"GIF89a\1\0\1\0\0\0\0"
        frame = b",\0\0\0\0\1\0\1\0\0\2\2D\1\0"
        assert count_frames(header + frame * 3 + b";") == 3
        assert count_frames(header + frame * 250_000) == 200_000


def test_a_large_picture_written_as_text_is_refused():
    with pytest.raises(DecodeError, match="too large"):
        decode(b"P3 2000 1000 255 " + b"1 " * 1000, "x.ppm")
    assert decode(b"P3 2 1 255 0 0 0 255 255 255", "x.ppm").tolist() == [[[0] * 3, [255] * 3]]


def test_ycbcr_in_a_tiff():
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).convert("YCbCr").save(buffer, "TIFF", compression="jpeg", quality=95)
    assert np.abs(decode(buffer.getvalue(), "x").astype(int) - PIXELS).mean() < 4


def test_an_orientation_that_is_text_is_ignored():
    entry = b"\x12\x01\x02\x00\x03\x00\x00\x00up\x00\x00"
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00" + entry + bytes(4)
    data = encoded(PIXELS, "JPEG", exif=exif)
    np.testing.assert_array_equal(decode(data, "x"), decode(encoded(PIXELS, "JPEG"), "x"))


class TestJpeg:
    def test_a_large_one_comes_reduced_but_never_below_what_is_wanted(self):
        data = encoded(picture(1, 1000, 800), "JPEG", quality=95)
        assert decode(data, "x").shape == (800, 1000, 3)
        assert decode(data, "x", at_least_px=512).shape == (800, 1000, 3)
        assert decode(data, "x", at_least_px=400).shape == (400, 500, 3)
        assert decode(data, "x", at_least_px=201).shape == (400, 500, 3)
        assert decode(data, "x", at_least_px=200).shape == (200, 250, 3)
        assert decode(data, "x", at_least_px=1).shape == (100, 125, 3)

    def test_reduced_it_is_the_same_picture(self):
        pixels = picture(1, 1000, 800)
        small = np.asarray(Image.fromarray(pixels).resize((250, 200), Image.Resampling.BOX))
        data = encoded(pixels, "JPEG", quality=95)
        assert np.abs(decode(data, "x", at_least_px=200).astype(int) - small).mean() < 2

    def test_it_equals_pillow_when_it_is_not_reduced(self):
        data = encoded(picture(1, 300, 200), "JPEG")
        np.testing.assert_array_equal(decode(data, "x"), np.asarray(Image.open(io.BytesIO(data))))

    @pytest.mark.parametrize("progressive", [False, True])
    def test_damage_in_the_middle_is_noticed(self, progressive):
        rng = np.random.default_rng(0)
        noise = rng.integers(0, 256, (200, 200, 3), dtype=np.uint8)
        data = bytearray(encoded(noise, "JPEG", progressive=progressive))
        middle = len(data) // 2
        data[middle : middle + 200] = b"\xff\x00" * 100
        with pytest.raises(DecodeError, match="damaged image"):
            decode(bytes(data), "x")

    def test_it_turns_when_reduced(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        data = encoded(picture(1, 1000, 800), "JPEG", exif=exif)
        assert decode(data, "x", at_least_px=200).shape == (250, 200, 3)


def test_a_flipped_bit_in_a_png_is_noticed():
    data = bytearray(encoded(picture(1, 300, 200), "PNG", compress_level=0))
    data[len(data) // 2] ^= 4
    with pytest.raises(DecodeError, match="damaged image: wrong checksum"):
        decode(bytes(data), "x")


def test_heic_is_read_upright(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    try:
        heif.from_pillow(Image.fromarray(picture(1, 64, 48))).save(buffer, quality=95)
    except Exception:  # noqa: BLE001
        pytest.skip("this pillow-heif cannot write")
    path = tmp_path / "photo.heic"
    path.write_bytes(buffer.getvalue())
    assert read_header(str(path)) == Header(64, 48, 1)
    decoded = decode(buffer.getvalue(), "x").astype(int)
    assert np.abs(decoded - picture(1, 64, 48)).mean() < 6


def test_dicom_is_scaled_and_inverted_where_it_says_so(tmp_path):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = meta.MediaStorageSOPInstanceUID = "1.2.3"
    for kind, expected in (("MONOCHROME2", GRAY), ("MONOCHROME1", 255 - GRAY)):
        dataset = FileDataset("x", {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.Rows, dataset.Columns = GRAY.shape
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, kind
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.PixelRepresentation = 0
        dataset.PixelData = deep(GRAY, 12).tobytes()
        path = tmp_path / kind
        pydicom.dcmwrite(path, dataset)
        assert read_header(str(path)) == Header(64, 48, 1)
        decoded = decode(path.read_bytes(), "x")[..., 0].astype(int)
        assert np.abs(decoded - expected).ravel()[1:].max() <= 1


@pytest.mark.parametrize(("package", "data"), [
    ("pillow_heif", b"\0\0\0\x18ftypheic" + bytes(200)),
    ("pydicom", bytes(128) + b"DICM" + bytes(200)),
])  # fmt: skip
def test_a_package_that_is_missing_is_named(monkeypatch, package, data, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, package, None)
    match = f"needs the package {package.replace('_', '-')}"
    with pytest.raises(DecodeError, match=match):
        decode(data, "x")
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(DecodeError, match=match):
        read_header(str(tmp_path / "file"))


def test_no_other_program_is_started(monkeypatch):
    import os
    import subprocess

    def refuse(*args, **kwargs):
        pytest.fail("started a program")

    for module, name in ((subprocess, "Popen"), (os, "system"), (os, "popen")):
        monkeypatch.setattr(module, name, refuse)
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    with pytest.raises(DecodeError, match="EPS"):
        decode(eps, "x.eps")


def test_the_limit_can_be_set(monkeypatch):
    data = encoded(picture(1, 100, 100))
    monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", "0.005")
    with pytest.raises(DecodeError, match=r"too large: 100 × 100 pixels.*IMAGE_EMBEDDING"):
        decode(data, "x")
    monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", "0.02")
    assert decode(data, "x").shape == (100, 100, 3)


def test_a_huge_jpeg_counts_at_the_size_at_which_it_is_decoded(monkeypatch):
    data = encoded(picture(1, 1000, 800), "JPEG")
    monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", "0.1")
    assert decode(data, "x", at_least_px=200).shape == (200, 250, 3)
    with pytest.raises(DecodeError, match="too large"):
        decode(data, "x")


class TestQuickHeader:
    """The short way must tell what the long way tells."""

    @pytest.mark.parametrize("orientation", [None, 1, 3, 6, 8, 0, 9])
    @pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
    @pytest.mark.parametrize("order", ["<", ">"])
    def test_it_tells_what_pillow_tells(
        self, monkeypatch, tmp_path, image_format, orientation, order
    ):
        from orangecontrib.imageembedding.images import header

        exif = Image.Exif()
        exif.endian = order
        exif[0x010F] = "a maker with a long name" * 30
        if orientation is not None:
            exif[0x0112] = orientation
        path = tmp_path / "image"
        path.write_bytes(encoded(picture(1, 64, 48), image_format, exif=exif))
        quick = read_header(str(path))
        monkeypatch.setattr(header, "quick_header", lambda *args: None)
        assert read_header(str(path)) == quick
        assert quick == (Header(48, 64, 1) if orientation in (6, 8) else Header(64, 48, 1))

    def test_a_turn_told_behind_the_pixels_of_a_png_is_seen(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6
        data = encoded(picture(1, 64, 48), exif=exif)
        at = data.index(b"eXIf") - 4
        length = 12 + int.from_bytes(data[at : at + 4], "big")
        chunk, rest = data[at : at + length], data[:at] + data[at + length :]
        end = rest.index(b"IEND") - 4
        path = tmp_path / "image"
        path.write_bytes(rest[:end] + chunk + rest[end:])
        assert read_header(str(path)) == Header(48, 64, 1)
        assert decode(path.read_bytes(), "x").shape == (64, 48, 3)

    @pytest.mark.parametrize("padding", [0, 5_000, 60_000])
    def test_segments_before_the_size_are_stepped_over(self, tmp_path, padding):
        data = encoded(picture(1, 64, 48), "JPEG")
        comment = b"\xff\xfe" + (padding + 2).to_bytes(2, "big") + bytes(padding)
        path = tmp_path / "image"
        path.write_bytes(data[:2] + comment * 3 + data[2:])
        assert read_header(str(path)) == Header(64, 48, 1)

    def test_a_png_bomb_is_not_decoded_for_its_exif(self, tmp_path):
        data = encoded(picture(1, 64, 48))
        ihdr = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + data[24:29]
        import zlib

        bomb = data[:12] + ihdr + zlib.crc32(ihdr).to_bytes(4, "big") + data[33:] + b"eXIf"
        path = tmp_path / "image"
        path.write_bytes(bomb)
        with pytest.raises(DecodeError, match="too large"):
            read_header(str(path))
