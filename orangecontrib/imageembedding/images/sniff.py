"""First bytes of a file → what it is, whatever its name says."""

from __future__ import annotations

# What Pillow reads without any other program: EPS, for one, would start Ghostscript.
PILLOW_FORMATS = (
    "AVIF", "BLP", "BMP", "CUR", "DCX", "DDS", "DIB", "FITS", "FLI", "GIF", "ICNS", "ICO", "IM",
    "JPEG", "JPEG2000", "MPO", "MSP", "PCX", "PIXAR", "PNG", "PPM", "PSD", "QOI", "SGI", "SUN",
    "TGA", "TIFF", "WEBP", "XBM", "XPM",
)  # fmt: skip

SNIFFED_BYTES = 132  # so much of the beginning tells every format

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"\0\0\1\0": "ICO",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}

# What is known, and not read: the reason to give.
_REFUSED = {
    b"<!doctype html": "not an image: HTML page",
    b"<html": "not an image: HTML page",
    b"<svg": "SVG is not supported; export it as PNG",
    b"<?xml": "SVG and other XML is not supported; export it as PNG",
    b"\x1f\x8b": "compressed files (gzip, SVGZ) are not supported; unpack them",
    b"%pdf": "PDF is not supported; save its pages as PNG",
    b"%!ps": "PostScript (EPS) is not supported; export it as PNG",
    b"\xc5\xd0\xd3\xc6": "PostScript (EPS) is not supported; export it as PNG",
    b"pk\x03\x04": "not an image: ZIP or Office file",
    b"\xd7\xcd\xc6\x9a": "Windows metafiles (WMF) are not supported; export them as PNG",
    b"\x1a\x45\xdf\xa3": "not an image: video",
}


def sniff(start: bytes) -> str | None:
    """Get the format of an image by its signature.

    Parameters
    ----------
    start : bytes
        The first `SNIFFED_BYTES` of a file or more.

    Returns
    -------
    name : str or None
        As Pillow calls it, or ``"HEIF"``, ``"DICOM"``; None where the signature tells nothing.
    """
    for signature, name in _SIGNATURES.items():
        if start.startswith(signature):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS and b"avif" not in start[8:32]:
        return "HEIF"
    return "DICOM" if start[128:132] == b"DICM" else None


def why_no_image(start: bytes) -> str:
    """Say why a file that begins with `start` cannot be read as an image."""
    if not start:
        return "empty file"
    beginning = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for signature, reason in _REFUSED.items():
        if beginning.startswith(signature):
            return reason
    name = sniff(start)
    if name is not None:
        return f"{name} image that is damaged or of a kind that is not supported"
    if start[4:8] == b"ftyp":
        return "not an image: video"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start):  # noqa: PLR2004
        return "not an image: text"
    return "not an image, or of an unknown format"


def webp_size(start: bytes) -> tuple[int, int] | None:
    """Get (width, height) of a WebP file from its first 30 bytes; None if they do not tell.

    Its decoder takes memory for the whole picture as soon as it sees the header.
    """
    kind = start[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(start[24:27], "little"), 1 + int.from_bytes(
            start[27:30], "little"
        )
    if kind == b"VP8L":
        bits = int.from_bytes(start[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return (
            int.from_bytes(start[26:28], "little") & 0x3FFF,
            int.from_bytes(start[28:30], "little") & 0x3FFF,
        )
    return None
