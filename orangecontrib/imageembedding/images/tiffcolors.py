"""What the bands of a TIFF page mean → 8-bit pixels, whichever library has read the bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.color import scaled_to_8_bits
from orangecontrib.imageembedding.images.lab import srgb_of_lab

WHITE_IS_0, BLACK_IS_0, RGB, PALETTE, MASK, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 4, 5, 6, 8, 9
N_COLORS = {
    WHITE_IS_0: 1, BLACK_IS_0: 1, RGB: 3, PALETTE: 1, MASK: 1, CMYK: 4, YCBCR: 3, CIELAB: 3,
    ICCLAB: 3,
}  # fmt: skip
REFUSED = {
    10: "TIFF in the colors ITU-Lab is not supported; export it as RGB",
    32803: "raw data of a camera sensor are not supported; export them as TIFF or PNG",
    32844: "TIFF in the light levels LogL is not supported; export it as RGB",
    32845: "TIFF in the colors LogLuv is not supported; export it as RGB",
    34892: "raw data of a camera (LinearRaw) are not supported; export them as TIFF or PNG",
}
UNSPECIFIED, PREMULTIPLIED, OPACITY = 0, 1, 2
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """The bands of a page and what they mean.

    Attributes
    ----------
    values : ndarray of shape (height, width, n_bands), numbers of any kind
    photometric : int
        As in TIFF.
    extras : tuple of ints
        Meanings of the last bands: unspecified, premultiplied opacity, opacity.
    color_map : ndarray of shape (3, n_colors), dtype uint16, or None
        Of a palette.
    """

    values: NDArray[Any]
    photometric: int
    extras: tuple[int, ...] = ()
    color_map: NDArray[np.uint16] | None = None


def refuse_unknown_colors(photometric: int, location: str) -> None:
    """Check that the meaning of the colors is one that is read.

    Raises
    ------
    DecodeError
        If not.
    """
    if photometric not in N_COLORS:
        unknown = f"TIFF of an unknown kind of colors ({photometric}) is not supported"
        raise DecodeError(location, REFUSED.get(photometric, f"{unknown}; export it as RGB"))


Colors = Image.Image | NDArray[np.uint8]


def colors_and_alpha(bands: Bands) -> tuple[Colors, NDArray[np.uint8] | None]:
    """Get the colors of a picture, and its opacity if it has one.

    The first three of three or more gray bands are taken for red, green and blue.

    Returns
    -------
    colors : Image of mode L or CMYK, or ndarray of shape (height, width, 3), dtype uint8
    alpha : ndarray of shape (height, width), dtype uint8, or None
        255 is opaque.
    """
    values, photometric = bands.values, bands.photometric
    n_bands = values.shape[-1]
    first_extra = n_bands - len(bands.extras)
    opacities = [i for i in range(max(0, first_extra), n_bands)
                 if bands.extras[i - first_extra] in (PREMULTIPLIED, OPACITY)]  # fmt: skip
    n_colors = N_COLORS[photometric]
    if n_colors == 1 and photometric != PALETTE and n_bands - len(opacities) >= 3:
        n_colors = 3
    n_colors = n_colors if n_bands >= n_colors else 1
    colors = values[..., :n_colors]
    if not opacities or opacities[0] < n_colors:
        return _picture(colors, photometric, bands.color_map), None
    alpha = _opacity(values[..., opacities[0]])
    if bands.extras[opacities[0] - first_extra] == PREMULTIPLIED:
        colors = _divided(colors, values[..., opacities[0]])
    elif colors.dtype.kind == "u":  # what is hidden does not count for the scale
        colors = np.where(alpha[..., None] > 0, colors, colors.dtype.type(0))
    return _picture(colors, photometric, bands.color_map), np.rint(alpha * 255).astype(np.uint8)


def _picture(
    colors: NDArray[Any], photometric: int, color_map: NDArray[np.uint16] | None
) -> Colors:
    n_colors = colors.shape[-1]
    if photometric == PALETTE and color_map is not None:
        return _looked_up(colors[..., 0], color_map)
    if photometric in (CIELAB, ICCLAB) and n_colors == N_COLORS[CIELAB]:
        return srgb_of_lab(colors, is_icc=photometric == ICCLAB)
    if photometric == YCBCR and n_colors == N_COLORS[YCBCR]:
        colors = _rgb_of_ycbcr(colors)
    scaled = scaled_to_8_bits(colors)
    if photometric == WHITE_IS_0:
        scaled = 255 - scaled
    if photometric == CMYK and n_colors == N_COLORS[CMYK]:
        return Image.frombytes("CMYK", scaled.shape[1::-1], scaled.tobytes())
    return Image.fromarray(np.ascontiguousarray(scaled[..., 0])) if n_colors == 1 else scaled


def _full(dtype: np.dtype[Any]) -> float:
    """Get the value of full opacity: 1 for floats."""
    return float(np.iinfo(dtype).max) if dtype.kind in "ui" else 1.0


def _opacity(values: NDArray[Any]) -> NDArray[np.float32]:
    """Scale opacity to 0-1 by the whole range of its type: full opacity need not occur."""
    with np.errstate(invalid="ignore", over="ignore"):  # signaling NaN, beyond float32
        numbers = np.nan_to_num(values.astype(np.float32))
    return cast("NDArray[np.float32]", np.clip(numbers / np.float32(_full(values.dtype)), 0, 1))


def _divided(colors: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Take the opacity out of premultiplied colors."""
    opacity = _opacity(alpha)[..., None].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        numbers = np.where(opacity > 0, colors / opacity, 0)
    if colors.dtype.kind in "ui":
        numbers = np.clip(np.rint(numbers), 0, np.iinfo(colors.dtype).max)
    return numbers.astype(colors.dtype)


def _looked_up(indices: NDArray[Any], color_map: NDArray[np.uint16]) -> NDArray[np.uint8]:
    indices = np.minimum(indices.astype(np.int64), color_map.shape[1] - 1)
    # Old programs wrote 8 bits where there should be 16.
    levels = color_map if color_map.max(initial=0) < 1 << 8 else color_map >> 8
    return np.ascontiguousarray(levels.astype(np.uint8).T[indices])


def _rgb_of_ycbcr(values: NDArray[Any]) -> NDArray[Any]:
    """Convert as JPEG does; integers stay of their type."""
    full = _full(values.dtype)
    luma = values[..., 0].astype(np.float64)
    middle = np.floor(full / 2) + 1 if values.dtype.kind in "ui" else 0.5
    blue_difference, red_difference = (values[..., i].astype(np.float64) - middle for i in (1, 2))
    red = luma + red_difference * 2 * (1 - LUMA[0])
    blue = luma + blue_difference * 2 * (1 - LUMA[2])
    green = (luma - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
    rgb = np.clip(np.dstack([red, green, blue]), 0, full)
    return (np.rint(rgb) if values.dtype.kind in "ui" else rgb).astype(values.dtype)
