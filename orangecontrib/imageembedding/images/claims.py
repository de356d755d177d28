"""Sizes that a file claims and cannot hold are refused before they take memory."""

from __future__ import annotations

from orangecontrib.imageembedding.errors import DecodeError

# How many pixels a byte may become: 8 of a single bit, 2 of blocks of 4 × 4, the longest runs of
# run lengths, the best that deflate can do. WebP, AVIF, HEIC, JPEG 2000 and JPEG XL have no bound,
# nor has what leaves pixels out (GIF, FLI).
PER_BIT = 8
DEFLATE = 1032
MAX_PIXELS_PER_BYTE = {
    "BMP": 128 * PER_BIT, "DIB": 128 * PER_BIT, "BLP": 2, "CUR": DEFLATE * PER_BIT, "DCX": 256,
    "DDS": 2, "FITS": 1, "ICNS": DEFLATE * PER_BIT, "ICO": DEFLATE * PER_BIT, "IM": PER_BIT,
    "JPEG": 1024, "MPO": 1024, "MSP": 128 * PER_BIT, "PCX": 256, "PIXAR": 1,
    "PNG": DEFLATE * PER_BIT,
    "PPM": PER_BIT, "PSD": 64 * PER_BIT, "QOI": 62, "SGI": 64, "SUN": 86 * PER_BIT,
    "TGA": 64 * PER_BIT, "XBM": 2, "XPM": 1,
}  # fmt: skip
JPEG_INSIDE = {b"BLP1\0\0\0\0"}
TINY_PIXELS = 1 << 20  # so small a lie does no harm


def refuse_impossible(
    kind: str | None, size: tuple[int, int], n_bytes: int, start: bytes, location: str
) -> None:
    """Check that a file can hold the picture that its header claims.

    Parameters
    ----------
    kind : str or None
        Its format, as Pillow calls it.
    size : tuple of 2 ints
        Width and height that it claims.
    n_bytes : int
        Its own size.
    start : bytes
        Its beginning.
    location : str
        Named in the error.

    Raises
    ------
    DecodeError
        If it cannot.
    """
    n_pixels = size[0] * size[1]
    limit = MAX_PIXELS_PER_BYTE.get(kind or "")
    if kind == "BLP" and start[:8] in JPEG_INSIDE:
        limit = MAX_PIXELS_PER_BYTE["JPEG"]
    if limit is not None and n_pixels > max(TINY_PIXELS, n_bytes * limit):
        claim = f"{size[0]} × {size[1]} pixels, which {n_bytes:,} bytes cannot hold"
        raise DecodeError(location, f"damaged image: its header claims {claim}")
