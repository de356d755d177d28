"""CIE L*a*b* → sRGB."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

# White of L*a*b* in TIFF and ICC files (D50), and the way from there to linear sRGB (Bradford).
D50 = np.array([0.9642, 1.0, 0.8249])
XYZ_TO_RGB = np.array([
    [3.1338561, -1.6168667, -0.4906146],
    [-0.9787684, 1.9161415, 0.0334540],
    [0.0719453, -0.2289914, 1.4052427],
])  # fmt: skip
ROWS = 64


def srgb_of_lab(values: NDArray[Any], is_icc: bool = False) -> NDArray[np.uint8]:
    """Convert L*a*b* pixels of any depth.

    Parameters
    ----------
    values : ndarray of shape (height, width, 3), any dtype
        As in TIFF files: integers, of which L* has the whole range for 0 to 100; floats as they
        are.
    is_icc : bool
        Whether the integers are as in ICC profiles, where a* and b* have no sign.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), dtype uint8
    """
    pixels = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), ROWS):
        rows = slice(start, start + ROWS)
        pixels[rows] = _srgb(_numbers(values[rows], is_icc))
    return pixels


def _numbers(values: NDArray[Any], is_icc: bool) -> NDArray[np.float64]:
    if values.dtype.kind == "f":
        return np.nan_to_num(values.astype(np.float64))
    n_bytes = values.dtype.itemsize
    one = float(256 ** (n_bytes - 1))  # of a* and b*
    unsigned = values.view(values.dtype.newbyteorder("=").str.replace("i", "u"))
    levels = unsigned.astype(np.float64)
    lab = np.empty(values.shape)
    lab[..., 0] = levels[..., 0] * 100 / (255 * one if is_icc else 256.0**n_bytes - 1)
    if is_icc:
        lab[..., 1:] = levels[..., 1:] / one - 128
    else:
        lab[..., 1:] = (levels[..., 1:] / one + 128) % 256 - 128
    return lab


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    edge = 6 / 29
    xyz = np.where(roots > edge, roots**3, 3 * edge**2 * (roots - 4 / 29)) * D50
    linear = np.clip(xyz @ XYZ_TO_RGB.T, 0, 1)
    curved = np.where(
        linear <= 0.0031308,
        12.92 * linear,
        1.055 * linear ** (1 / 2.4) - 0.055,
    )
    return cast("NDArray[np.float64]", np.rint(255 * curved))
