"""First bytes of a file → what it is, whatever its name says."""

from __future__ import annotations

# What Pillow reads without any other program: EPS, for one, would start Ghostscript.
PILLOW_FORMATS = (
    "AVIF", "BLP", "BMP", "CUR", "DCX", "DDS", "DIB", "FITS", "FLI", "GIF", "ICNS", "ICO", "IM",
    "JPEG", "JPEG2000", "MPO", "MSP", "PCX", "PIXAR", "PNG", "PPM", "PSD", "QOI", "SGI", "SUN",
    "TGA", "TIFF", "WEBP", "XBM", "XPM",
)  # fmt: skip

# How messages call what is not called by its name.
FORMAT_NAMES = {
    "JPEG2000": "JPEG 2000", "WEBP": "WebP", "JXL": "JPEG XL", "HEIF": "HEIC", "MPO": "JPEG",
}  # fmt: skip

SNIFFED_BYTES = 512  # so much of the beginning tells every format

AVIF_BRANDS = (b"avif", b"avis")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"\xff\x0a": "JXL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JXL",
    b"\0\0\1\0": "ICO",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
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
        As Pillow calls it, or ``"HEIF"``, ``"JXL"``, ``"DICOM"``; None where the
        signature tells nothing.
    """
    for signature, name in _SIGNATURES.items():
        if start.startswith(signature):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp":
        brands = start[8 : max(12, min(int.from_bytes(start[:4], "big"), SNIFFED_BYTES))]
        if brands[:4] in AVIF_BRANDS or (brands[:4] in HEIF_BRANDS and b"avif" in brands):
            return "AVIF"
        return "HEIF" if brands[:4] in HEIF_BRANDS else None
    return "DICOM" if start[128:132] == b"DICM" else None


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
