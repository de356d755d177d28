"""Pictures that a format can hold → encoded files with their metadata."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from orangecontrib.imageembedding.images.deepfiles import deep_png, encode_tiff
from orangecontrib.imageembedding.images.formats import on_white, pillow_image
from orangecontrib.imageembedding.images.metadata import EXIF_PREFIX, Metadata
from orangecontrib.imageembedding.images.pdf import Page, pdf_of_pages
from orangecontrib.imageembedding.images.stored import Stored

HALF = 128  # opacity
DEFAULT_QUALITY = 90
MAX_SEGMENT_BYTES = 65_000  # of EXIF and XMP in a JPEG file
MAX_PALETTE = 256


def encode(stored: Stored, name: str, quality: int | None = None) -> bytes:
    """Encode a picture that a format can hold.

    Parameters
    ----------
    stored : Stored
        As `fitting` makes it.
    name : str
        One of `FORMATS`.
    quality : int, optional
        See `Conversion`.

    Returns
    -------
    data : bytes
    """
    if name == "TIFF":
        return encode_tiff(stored)
    if name == "GIF":
        return _encode_gif(stored)
    if name == "PDF":
        height, width = stored.values.shape[:2]
        x_dpi, y_dpi = stored.metadata.dpi or (72.0, 72.0)
        jpeg = encode(replace(stored, metadata=Metadata()), "JPEG", quality)
        return pdf_of_pages([Page(jpeg, width, height, width / x_dpi * 72, height / y_dpi * 72)])
    buffer = io.BytesIO()
    options = _options(stored, name, quality)
    is_deep = stored.values.dtype == np.uint16 and stored.mode != "L"
    pixels = stored.values[:1, :1].astype(np.uint8) if is_deep else stored.values
    pillow_image(pixels, stored.mode).save(buffer, name, **options)
    return deep_png(buffer.getvalue(), stored) if is_deep else buffer.getvalue()


def _options(stored: Stored, name: str, quality: int | None) -> dict[str, Any]:
    """Get the metadata that Pillow is to write; it ignores what it does not know."""
    metadata = stored.metadata
    limit = MAX_SEGMENT_BYTES if name == "JPEG" else 1 << 30
    options: dict[str, Any] = {
        "icc_profile": stored.profile,
        "exif": EXIF_PREFIX + metadata.exif if 0 < len(metadata.exif) < limit else None,
        "xmp": metadata.xmp if 0 < len(metadata.xmp) < limit else None,
        "dpi": metadata.dpi,
    }
    options = {key: value for key, value in options.items() if value}
    if name == "PNG":
        options["pnginfo"] = _png_texts(metadata)
    if name == "JPEG":
        options["quality"] = quality or DEFAULT_QUALITY
        options["comment"] = metadata.texts.get("Comment", "").encode()[:limit]
    if name == "WEBP":
        options |= {"quality": quality} if quality else {"lossless": True, "exact": True}
    return options


def _png_texts(metadata: Metadata) -> Any:

    texts = PngInfo()
    if metadata.xmp:
        texts.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode(errors="replace"))
    for key, text in metadata.texts.items():
        texts.add_itxt(key, text)
    return texts


def _encode_gif(stored: Stored) -> bytes:
    """Write 256 colors at most: those of the picture, if it has no more."""
    options = {}
    if stored.mode == "RGBA":
        room = MAX_PALETTE - 1  # the last is for what is not seen
        is_clear = stored.values[..., 3] < HALF
        indices, palette = _palette(on_white(stored).values, room)
        indices = np.where(is_clear, room, indices)
        options["transparency"] = room
    else:
        indices, palette = _palette(stored.values, MAX_PALETTE)
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(palette.ljust(3 * MAX_PALETTE, b"\0"))
    buffer = io.BytesIO()
    image.save(buffer, "GIF", optimize=False, **options)
    return buffer.getvalue()


def _palette(values: NDArray[np.uint8], n_colors: int) -> tuple[NDArray[Any], bytes]:
    """Get the index of each pixel's color, shape (height, width), and the colors."""
    image = Image.fromarray(np.ascontiguousarray(values))
    if image.getcolors(n_colors) is None:
        image = image.quantize(n_colors, Image.Quantize.MEDIANCUT)
        return np.asarray(image), bytes(image.getpalette() or ())
    colors, indices = np.unique(values.reshape(-1, 3), axis=0, return_inverse=True)
    return indices.reshape(values.shape[:2]), colors.tobytes()
