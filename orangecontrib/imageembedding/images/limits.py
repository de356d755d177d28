"""How large a picture may be: what would fill the memory is refused from its header."""

from __future__ import annotations

import os

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.options import current

DEFAULT_MAX_MEGAPIXELS = 64.0  # decoding one takes less than 500 MB, whatever its format
VARIABLE = "IMAGE_EMBEDDING_MAX_MEGAPIXELS"


def max_megapixels() -> float:
    """Get the limit: of the options in force, of the environment variable, else the default."""
    limit = current().max_megapixels
    if limit is not None:
        return limit
    try:
        return float(os.environ[VARIABLE])
    except (KeyError, ValueError):
        return DEFAULT_MAX_MEGAPIXELS


def refuse_too_large(
    width_px: int,
    height_px: int,
    location: str,
    weight: float = 1.0,
    limit: float | None = None,
) -> None:
    """Check the size at which a picture will be decoded.

    Parameters
    ----------
    width_px, height_px : int
        That size.
    location : str
        Named in the error.
    weight : float
        How many times the memory of a common format decoding takes: the limit is as much lower.
    limit : float, optional
        What `max_megapixels` says, if that is known.

    Raises
    ------
    DecodeError
        If it has more than `max_megapixels`, or none at all.
    """
    if width_px <= 0 or height_px <= 0:
        raise DecodeError(location, f"damaged image: {width_px} × {height_px} pixels")
    limit = (max_megapixels() if limit is None else limit) / weight
    if width_px * height_px > limit * 1e6:
        raise DecodeError(
            location,
            f"too large: {width_px} × {height_px} pixels, more than {limit:.3g} megapixels "
            f"(set {VARIABLE} to allow more)",
        )
