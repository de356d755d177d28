"""What the fuzz test found: each time a file that once brought down more than itself."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from pictures import encoded, picture
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.color import scaled_to_8_bits
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import Header, read_header
from orangecontrib.imageembedding.images.pillow import said

RGB = picture(1)


def tiff(values, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, metadata=None, **options)
    return buffer.getvalue()


def with_tag(data, tag, value):
    """Set a tag of the first page of a little-endian TIFF file, as a 4-byte number."""
    changed = bytearray(data)
    directory = int.from_bytes(data[4:8], "little")
    for i in range(int.from_bytes(data[directory : directory + 2], "little")):
        at = directory + 2 + 12 * i
        if int.from_bytes(data[at : at + 2], "little") == tag:
            changed[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
            return bytes(changed)
    raise KeyError(tag)


def png_chunk(kind, body):
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def black_png(width, height, claimed_height=None):
    """Get a small file of a huge gray picture, or of one that only claims to be huge."""
    header = struct.pack(">IIBBBBB", width, claimed_height or height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width + 1) * height))
    chunks = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def icon(content):
    return struct.pack("<3H4B2H2I", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(content), 22) + content


def apple_icon(content):
    block = b"ic07" + struct.pack(">I", len(content) + 8) + content
    return b"icns" + struct.pack(">I", len(block) + 8) + block


def refused(data, match, path):
    """Check that both `decode` and `read_header` give such a reason."""
    path.write_bytes(data)
    with pytest.raises(DecodeError, match=match):
        decode(data, "x")
    with pytest.raises(DecodeError, match=match):
        read_header(str(path))


class TestSizes:
    def test_a_png_that_claims_too_much_is_refused_before_it_is_decoded(self, monkeypatch):
        """The search for EXIF decodes a PNG: 9 GB, half a minute."""
        monkeypatch.setattr(Image.Image, "getexif", lambda image: pytest.fail("decoded"))
        with pytest.raises(DecodeError, match="too large: 48 × 200000000 pixels"):
            decode(black_png(48, 8, 200_000_000), "x")

    @pytest.mark.parametrize("side", [1500, 2500])
    def test_a_huge_png_inside_a_small_icon_is_refused(self, monkeypatch, tmp_path, side):
        """1.5 GB and six seconds for a header."""
        monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", "2")
        assert decode(icon(black_png(1000, 1000)), "x").shape == (1000, 1000, 3)
        monkeypatch.setattr(PngImageFile, "load", lambda image: pytest.fail("decoded"))
        refused(icon(black_png(side, side)), "too large", tmp_path / "icon")

    def test_a_huge_png_inside_an_icon_of_apple_is_refused(self, monkeypatch):
        monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", "2")
        with pytest.raises(DecodeError, match="too large"):
            decode(apple_icon(black_png(1500, 1500)), "x")
        assert decode(apple_icon(black_png(128, 128)), "x").shape == (128, 128, 3)

    def test_the_limit_of_pillow_is_left_as_it_was(self, monkeypatch):
        limit = Image.MAX_IMAGE_PIXELS
        monkeypatch.setenv("IMAGE_EMBEDDING_MAX_MEGAPIXELS", "2")
        for data in (icon(black_png(1500, 1500)), apple_icon(black_png(1500, 1500))):
            with pytest.raises(DecodeError):
                decode(data, "x")
        assert limit == Image.MAX_IMAGE_PIXELS

    def test_a_tiff_with_tiles_larger_than_any_picture_is_refused(self):
        """One tile of 21 GB, for a picture of 48 × 32."""
        tile = {"tile": (16, 16), "compression": "zlib", "photometric": "rgb"}
        data = tiff(RGB.astype(np.uint16) * 257, **tile)
        assert decode(data, "x").shape == RGB.shape
        with pytest.raises(DecodeError, match="too large: 60000 × 60000 pixels"):
            decode(with_tag(with_tag(data, 322, 60000), 323, 60000), "x")

    def test_a_tiff_of_too_many_layers_is_refused(self):
        volume = np.zeros((16, 16, 16, 3), np.uint16)
        data = tiff(volume, photometric="rgb", volumetric=True, tile=(16, 16, 16))
        with pytest.raises(DecodeError, match="too large"):
            decode(with_tag(data, 32997, 100_000_000), "x")

    def test_a_jpeg_of_thousands_of_scans_is_refused(self):
        """Half a minute for 300 kB: each scan goes over the whole picture."""
        buffer = io.BytesIO()
        Image.new("L", (4000, 2000), 128).save(buffer, "JPEG", progressive=True)
        data = buffer.getvalue()
        assert decode(data, "x").shape == (2000, 4000, 3)
        last_scan = data[data.rindex(b"\xff\xda") : -2]
        with pytest.raises(DecodeError, match="too large: 10.. scans of 4000 × 2000 pixels"):
            decode(data[:-2] + last_scan * 1000 + data[-2:], "x")


class TestErrors:
    def test_a_heic_file_without_a_picture(self, tmp_path):
        heif = pytest.importorskip("pillow_heif")
        buffer = io.BytesIO()
        try:
            heif.from_pillow(Image.fromarray(RGB)).save(buffer)
        except Exception:  # noqa: BLE001
            pytest.skip("this pillow-heif cannot write")
        data = buffer.getvalue()
        assert b"hvcC" in data
        refused(data.replace(b"hvcC", b"xxxx"), "no picture inside", tmp_path / "heic")

    @pytest.mark.parametrize("rows", [b"UL\x02\0", b"\x55\xd3\x02\0", b"US\x04\0"])
    def test_a_dicom_file_with_a_size_that_is_no_number(self, tmp_path, rows):
        pytest.importorskip("pydicom")
        element = b"\x28\0\x10\0"  # (0028,0010), the number of rows
        preamble = bytes(128) + b"DICM"
        meta = b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"
        data = preamble + meta + element + rows + bytes(4)
        refused(data, "damaged", tmp_path / "dicom")

    def test_a_dicom_file_where_pydicom_is_missing(self, monkeypatch):
        import sys

        for name in [name for name in sys.modules if name.startswith("pydicom.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "pydicom", None)
        with pytest.raises(DecodeError, match="needs the package pydicom"):
            decode(bytes(128) + b"DICM" + bytes(200), "x")

    def test_a_file_that_says_it_has_no_picture_counts_one(self, tmp_path):
        header = struct.pack(">HIIHH", 1, 4, 6, 8, 1)
        psd = b"8BPS\0\1" + bytes(6) + header + bytes(14) + bytes(range(24))
        (tmp_path / "psd").write_bytes(psd)
        assert read_header(str(tmp_path / "psd")) == Header(6, 4, 1)
        np.testing.assert_array_equal(decode(psd, "x")[..., 0].ravel(), range(24))

    def test_the_reason_is_one_short_line(self):
        heic = b"\0\0\0\x18ftypheic\0\0\0\0"
        for data in (heic, tiff(RGB)[:60], bytes(128) + b"DICM" + bytes(40)):
            with pytest.raises(DecodeError) as caught:
                decode(data, "x")
            assert "\n" not in caught.value.reason
            assert 0 < len(caught.value.reason) <= 300
        assert said(ValueError("first\n  second\n")) == "first second"
        assert len(said(ValueError("x" * 10_000))) <= 300
        assert said(ValueError()) == "ValueError"


class TestNumbers:
    def test_signalling_nan_is_taken_for_the_smallest_without_a_warning(self):
        values = np.linspace(1, 3, 12, dtype=np.float32).reshape(3, 4)
        values.view(np.uint32)[0, 1] = 0x7F800001
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scaled = scaled_to_8_bits(values)
        assert scaled[0, 1] == 0
        assert scaled[2, 3] == 255

    def test_numbers_too_small_to_be_halved_are_a_constant(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert (scaled_to_8_bits(np.array([[0.0, 5e-324]])) == 0).all()

    def test_opacity_beyond_all_numbers_is_full_opacity(self):
        rgba = np.dstack([RGB.astype(np.float64), np.full(RGB.shape[:2], 1e300)])
        data = tiff(rgba, photometric="rgb", extrasamples=["unassalpha"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            decoded = decode(data, "x")
        low, high = RGB.min(), RGB.max()
        expected = (RGB.astype(float) - low) / (float(high) - low) * 255
        assert np.abs(decoded - expected).max() <= 1


def test_broken_metadata_is_not_remarked_upon(capfd, tmp_path):
    """Thousands of photos would fill the screen."""
    exif = Image.Exif()
    exif[0x010E] = "a photo with a long description"
    photo = encoded(RGB, "JPEG", exif=exif)
    at = photo.index(b"Exif\0\0") + 6
    broken = photo[: at + 18] + b"\xff\xff\xff\x7f" + photo[at + 22 :]
    strange = with_tag(tiff(RGB.astype(np.uint16), photometric="rgb"), 282, 1 << 30)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for data in (broken, strange):
            (tmp_path / "file").write_bytes(data)
            assert decode(data, "x").shape == RGB.shape
            assert read_header(str(tmp_path / "file")) == Header(48, 32, 1)
    assert [str(warning.message) for warning in caught] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}])
def test_the_pages_of_a_long_stack_are_counted_at_once(monkeypatch, tmp_path, options):
    """Pillow takes half a second for each thousand, because it reads their tags."""
    monkeypatch.setattr(TiffImageFile, "seek", lambda image, page: pytest.fail("read"))
    path = tmp_path / "stack"
    with tifffile.TiffWriter(path, **options) as writer:
        for _ in range(50):
            writer.write(RGB[:2, :2, 0], contiguous=False, metadata=None)
    assert read_header(str(path)) == Header(2, 2, 50)


def test_pages_in_a_circle_are_counted_once(tmp_path):
    data = bytearray(tiff(np.zeros((3, 4, 4), np.uint8), photometric="minisblack"))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        first, last = file.pages[0].offset, file.pages[2].offset
    n_tags = int.from_bytes(data[last : last + 2], "little")
    at = last + 2 + 12 * n_tags
    data[at : at + 4] = first.to_bytes(4, "little")
    (tmp_path / "circle").write_bytes(data)
    assert read_header(str(tmp_path / "circle")) == Header(4, 4, 3)


def test_a_directory_far_beyond_the_end_of_the_file_is_no_page(tmp_path):
    data = bytearray(tiff(RGB, photometric="rgb", bigtiff=True))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        directory = file.pages[0].offset
    end = directory + 8 + 20 * int.from_bytes(data[directory : directory + 8], "little")
    data[end : end + 8] = (1 << 63).to_bytes(8, "little")
    (tmp_path / "far").write_bytes(data)
    assert read_header(str(tmp_path / "far")) == Header(48, 32, 1)
