"""Writes the tables of *Supported images* from the code.

Run by hand, when a format comes or goes::

    python doc/write_supported_images.py
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from orangecontrib.imageembedding.images.sniff import PILLOW_FORMATS
from orangecontrib.imageembedding.images.unread import UNREAD, why_no_image

Table = tuple[tuple[str, ...], Callable[[], list[tuple[str, ...]]]]
PAGE = Path(__file__).with_name("supported-images.md")
READ_BY_OTHERS = ("DICOM", "HEIF", "JXL")
TIFF_BY = "Pillow for 8 bits and 16-bit gray; tifffile for all others"
EXTRA_TIFF = 'compressed files of the latter kind need `pip install "Orange3-ImageEmbedding[tiff]"`'
FORMATS = {
    ("JPEG",): ("photos; also progressive, gray, CMYK",
                "libjpeg-turbo (through simplejpeg), Pillow"),
    ("PNG",): ("also 16 bits, palette, animated (APNG)", "Pillow"),
    ("TIFF",): ("microscopes, scanners; tiled, BigTIFF, planar, many bands, pyramids",
                f"{TIFF_BY}; {EXTRA_TIFF}"),
    ("HEIF",): ("photos from phones (`.heic`, `.heif`)", "pillow-heif"),
    ("AVIF",): ("", "Pillow"),
    ("JXL",): ("JPEG XL (`.jxl`), the first frame", "pillow-jxl-plugin"),
    ("DICOM",): ("medical images", 'pydicom (`pip install "Orange3-ImageEmbedding[dicom]"`)'),
    ("GIF",): ("also animated", "Pillow"),
    ("WEBP",): ("also lossless and animated", "Pillow"),
    ("JPEG2000",): ("`.jp2`, `.j2k`", "Pillow"),
    ("BMP", "DIB"): ("Windows bitmaps", "Pillow"),
    ("ICO", "CUR", "ICNS"): ("icons and cursors, the largest picture inside", "Pillow"),
    ("PPM",): ("also PGM, PBM, PFM; 8 and 16 bits, floats", "Pillow"),
    ("TGA", "PCX", "DCX", "SGI", "SUN", "MSP", "XBM", "XPM"): ("older programs", "Pillow"),
    ("PSD",): ("Photoshop: the flattened picture in the file", "Pillow"),
    ("FITS",): ("astronomy", "Pillow"),
    ("DDS", "BLP", "PIXAR", "QOI"): ("games and film", "Pillow"),
    ("IM", "FLI", "MPO"): (
        "IFUNC; Autodesk animations; several JPEGs in one file, of which the first is read",
        "Pillow",
    ),
}  # fmt: skip
OTHERS = (("text", b"Dear diary"), ("nothing at all", b""), ("anything else", b"\0\1\2\3"))


def formats() -> list[tuple[str, ...]]:
    """Get the rows of the formats that are read."""
    described = sorted(name for names in FORMATS for name in names)
    if described != sorted([*PILLOW_FORMATS, *READ_BY_OTHERS]):
        raise RuntimeError("some format is not described, or is not read")
    return [(", ".join(names), *words) for names, words in FORMATS.items()]


def refused() -> list[tuple[str, ...]]:
    """Get the rows of what is not read, with the reasons that are given."""
    others = [(files, why_no_image(start)) for files, start in OTHERS]
    return [*((kind.files, kind.reason) for kind in UNREAD), *others]


TABLES: dict[str, Table] = {
    "Formats that are read": (("format", "what it is", "read by"), formats),
    "What is not supported, and what to do": (("file", "reason given"), refused),
}


def with_tables(page: str, tables: Mapping[str, Table] = TABLES) -> str:
    """Replace the tables of a page: under each heading, columns and the rows that a call gets."""
    for heading, (columns, rows) in tables.items():
        before, section = page.split(f"## {heading}\n\n", 1)
        rest = section[section.index("\n\n") :]
        cells = [columns, ("---",) * len(columns), *rows()]
        lines = ["| " + " | ".join(row) + " |" for row in cells]
        lines[1] = "|" + "---|" * len(columns)
        page = f"{before}## {heading}\n\n" + "\n".join(lines).replace("|  |", "| |") + rest
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
