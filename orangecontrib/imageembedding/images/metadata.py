"""The metadata of image files."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from PIL import Image

from orangecontrib.imageembedding.images.pillow import DAMAGE, EXIF_ORIENTATION

EXIF_PREFIX = b"Exif\0\0"
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
# Of a TIFF file, whose other tags tell how its pixels are stored.
DESCRIBING_TAGS = (270, 271, 272, 305, 306, 315, 316, 33432, EXIF_IFD, GPS_IFD)
OF_OTHER_KINDS = ("Raw profile", "XML:com.adobe.xmp")  # texts of PNG files that are not comments

_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=['\"]|>))\d")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of an image file.

    Attributes
    ----------
    exif : bytes
        From its TIFF header on; says that the picture is upright.
    xmp : bytes
    dpi : tuple of 2 floats or None
    texts : dict of str to str
        Comments by their keywords.
    """

    exif: bytes = b""
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None
    texts: dict[str, str] = field(default_factory=dict)


def metadata_of(image: Image.Image) -> Metadata:
    """Get the metadata of a picture; for PNG files, after the picture is loaded."""
    info = image.info
    try:
        exif = _tiff_exif(image) if image.format == "TIFF" else upright_exif(info.get("exif", b""))
    except DAMAGE:  # broken metadata says nothing
        exif = b""
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    texts = {key: str(text) for key, text in getattr(image, "text", {}).items()}
    if isinstance(comment := info.get("comment"), bytes):
        texts["Comment"] = comment.decode(errors="replace")
    for key in [key for key in texts if key.startswith(("Raw profile", "XML:com.adobe.xmp"))]:
        del texts[key]
    dpi = info.get("dpi")
    dpi = (float(dpi[0]), float(dpi[1])) if isinstance(dpi, tuple) and min(dpi) > 0 else None
    return Metadata(exif, _XMP_ORIENTATION.sub(rb"\g<1>1", xmp), dpi, texts)


def _tiff_exif(image: Image.Image) -> bytes:
    found, exif = image.getexif(), Image.Exif()
    for tag in DESCRIBING_TAGS:
        if tag in found:
            exif[tag] = found.get_ifd(tag) if tag in (EXIF_IFD, GPS_IFD) else found[tag]
    return exif.tobytes().removeprefix(EXIF_PREFIX) if len(exif) else b""


def upright_exif(exif: bytes | None) -> bytes:
    """Set the orientation in EXIF data to 1, in place: what programs note in it stays readable.

    Parameters
    ----------
    exif : bytes or None
        With or without the prefix that JPEG wants.

    Returns
    -------
    exif : bytes
        From its TIFF header on; empty where there is none.
    """
    changed = bytearray((exif or b"").removeprefix(EXIF_PREFIX))
    if len(changed) < 8:
        return b""
    order = "<" if changed[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", changed, 4)
    (n_entries,) = struct.unpack_from(f"{order}H", changed, at)
    for entry in range(at + 2, at + 2 + 12 * n_entries, 12):
        (tag,) = struct.unpack_from(f"{order}H", changed, entry)
        if tag == EXIF_ORIENTATION:
            struct.pack_into(f"{order}HIHH", changed, entry + 2, 3, 1, 1, 0)
    return bytes(changed)
