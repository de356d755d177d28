"""JPEG XL, through pillow-jxl-plugin."""

from __future__ import annotations

from typing import Any

from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.isoboxes import boxes
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.pillow import TURNED_BY_90_DEGREES

CODESTREAM = b"\xff\x0a"
PART_NUMBER_BYTES = 4
DAMAGED = "damaged image: broken JPEG XL data"
WEIGHT = 2  # its decoder works in floats
# Width by height, by the number in the header.
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def read_jxl_size(data: bytes, location: str) -> tuple[int, int, int]:
    """Get (width, height, 1) of the upright picture.

    Raises
    ------
    DecodeError
        If the file is damaged or too large.
    """
    bits = _Bits(_codestream(data)[len(CODESTREAM) :])
    is_small = bits.read(1)
    height = bits.size(is_small)
    ratio = bits.read(3)
    if ratio:
        numerator, denominator = RATIOS[ratio]
        width = height * numerator // denominator
    else:
        width = bits.size(is_small)
    is_plain = bits.read(1)
    orientation = 1 + bits.read(3) if not is_plain and bits.read(1) else 1
    if bits.is_at_end:
        raise DecodeError(location, DAMAGED)
    refuse_too_large(width, height, location, WEIGHT)
    return (height, width, 1) if orientation in TURNED_BY_90_DEGREES else (width, height, 1)


def decode_jxl(data: bytes, location: str) -> Image.Image | bytes:
    """Decode the first frame, upright.

    Returns
    -------
    picture : PIL image with its profile, or bytes
        The latter are the JPEG file that was packed without loss.

    Raises
    ------
    DecodeError
        If it cannot be decoded, or pillow-jxl-plugin is not installed.
    """
    read_jxl_size(data, location)
    try:
        from pillow_jxl import Decoder
    except ImportError as error:
        reason = "JPEG XL needs the package pillow-jxl-plugin: pip install pillow-jxl-plugin"
        raise DecodeError(location, reason) from error
    try:
        is_jpeg, found, pixels, profile, _ = Decoder(num_threads=0)(data)
    except Exception as error:  # it tells no kinds of errors
        raise DecodeError(location, DAMAGED) from error
    if is_jpeg:
        return bytes(pixels)
    return _image(found, pixels, profile)


def _image(found: Any, pixels: bytes, profile: bytes | None) -> Image.Image:
    mode = "F" if found.mode == "F;16" else found.mode
    image = Image.frombytes(mode, (found.width, found.height), bytes(pixels))
    if profile:
        image.info["icc_profile"] = bytes(profile)
    return image


def _codestream(data: bytes) -> bytes:
    """Get the beginning of the coded picture, which may lie in a box."""
    if data.startswith(CODESTREAM):
        return data[:64]
    for kind, start, end in boxes(data, 0, len(data)):
        if kind in (b"jxlc", b"jxlp"):
            start += PART_NUMBER_BYTES if kind == b"jxlp" else 0
            return data[start : min(end, start + 64)]
    return b""


class _Bits:
    """Reads numbers, lowest bit first."""

    def __init__(self, data: bytes) -> None:
        self.value, self.n_left = int.from_bytes(data, "little"), 8 * len(data)

    def read(self, n_bits: int) -> int:
        """Get the next number of `n_bits` bits."""
        number = self.value & (1 << n_bits) - 1
        self.value >>= n_bits
        self.n_left -= n_bits
        return number

    def size(self, is_small: int) -> int:
        """Get the next side of a picture, in pixels."""
        return 8 * (self.read(5) + 1) if is_small else 1 + self.read((9, 13, 18, 30)[self.read(2)])

    @property
    def is_at_end(self) -> bool:
        """Whether more was read than there was."""
        return self.n_left < 0
