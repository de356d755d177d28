"""Image files → image files of another format or size, that lose no more than they must."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, replace

from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.encode import without_metadata
from orangecontrib.imageembedding.images.encoders import encode
from orangecontrib.imageembedding.images.formats import FORMATS, fitting
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.metadata import Metadata
from orangecontrib.imageembedding.images.pillow import DAMAGE, open_image, said
from orangecontrib.imageembedding.images.scale import FITS, Fit, scaled, size_and_box
from orangecontrib.imageembedding.images.sniff import SNIFFED_BYTES, sniff
from orangecontrib.imageembedding.images.stored import read_stored

OTHER_ENDINGS = {"HEIF": ".heic", "JPEG2000": ".jp2", "DICOM": ".dcm", "DIB": ".bmp"}
_known_endings: set[str] = set()


@dataclass(frozen=True, slots=True)
class Conversion:
    """What becomes of image files.

    Attributes
    ----------
    format : str or None
        One of `FORMATS`; None: the file's own. A format that cannot be written becomes PNG where
        something is changed.
    quality : int or None
        1 to 100, of JPEG, WebP and the pictures in a PDF. None: JPEG files stay as they are,
        others become JPEG of quality 90, and WebP without loss.
    size : tuple of 2 ints or None
        Width and height in pixels that pictures are scaled to; None: their own.
    fit : {"stretch", "fit", "crop"}
        See `size_and_box`.
    keeps_metadata : bool
        Whether EXIF, XMP and comments go along; color profile and orientation always do.
    """

    format: str | None = None
    quality: int | None = None
    size: tuple[int, int] | None = None
    fit: Fit = "fit"
    keeps_metadata: bool = True

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}; got {self.format!r}")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ValueError(f"quality must be 1 to 100; got {self.quality!r}")
        if self.size is not None and min(self.size) < 1:
            raise ValueError(f"size must be two numbers of pixels from 1 on; got {self.size!r}")
        if self.fit not in FITS:
            raise ValueError(f"fit must be one of {', '.join(FITS)}; got {self.fit!r}")


def convert(data: bytes, location: str, conversion: Conversion) -> tuple[bytes, str]:
    """Get the file that an image becomes, and the ending of its name.

    Parameters
    ----------
    data : bytes
        A whole encoded file.
    location : str
        Path or URL it came from; its extension is kept if the format is.
    conversion : Conversion
        What to change.

    Returns
    -------
    data : bytes
        The same where nothing is to be changed. Of an animation or stack that is changed, the
        first frame.
    ending : str
        With its dot.

    Raises
    ------
    DecodeError
        If `data` is not an image; if it is damaged or too large, and something is to be changed.
    """
    own = _format_of(data, location)
    wanted = conversion.format or (own if own in FORMATS else "PNG")
    stays = conversion.format in (None, own)
    if stays and conversion.size is None and (conversion.quality is None or own == "GIF"):
        if conversion.keeps_metadata:
            return data, _ending_of(location, own)
        if own in ("JPEG", "PNG"):
            return without_metadata(data, location), _ending_of(location, own)
    stored = read_stored(data, location)
    if conversion.size is not None:
        height, width = stored.values.shape[:2]
        size, box = size_and_box(width, height, conversion.size, conversion.fit)
        refuse_too_large(*size, location)
        stored = replace(stored, values=scaled(stored.values, stored.mode, size, box))
    if not conversion.keeps_metadata:
        stored = replace(stored, metadata=Metadata())
    ending = _ending_of(location, own) if wanted == own else FORMATS[wanted].ending
    try:
        return encode(fitting(stored, FORMATS[wanted]), wanted, conversion.quality), ending
    except DAMAGE as error:  # larger than the format allows, for one
        raise DecodeError(location, f"cannot be written as {wanted}: {said(error)}") from error


def _format_of(data: bytes, location: str) -> str:
    """Get the format of a file by its beginning, as `FORMATS` or Pillow calls it."""
    kind = sniff(data[:SNIFFED_BYTES])
    if kind is None or kind in ("PNG", "JPEG", "GIF"):
        image = open_image(io.BytesIO(data), kind, data[:SNIFFED_BYTES], location)
        return kind or image.format or ""
    return kind


def _ending_of(location: str, own: str) -> str:
    """Get the ending of a file that stays in its format: its own, if that is one of an image."""
    if not _known_endings:
        Image.init()
        _known_endings.update({*Image.EXTENSION, ".heic", ".heif", ".dcm", ".avif"})
    ending = os.path.splitext(location.partition("?")[0])[1]
    if ending.lower() in _known_endings:
        return ending
    return FORMATS[own].ending if own in FORMATS else OTHER_ENDINGS.get(own, f".{own.lower()}")
