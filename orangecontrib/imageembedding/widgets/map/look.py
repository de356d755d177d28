"""What is to be seen of the rows on a map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from AnyQt.QtGui import QImage
from numpy.typing import NDArray

DEFAULT_SIDE = 48
PLAIN = (110, 140, 180)  # of dots, where no variable colors them

ImageOf = Callable[[int], "tuple[QImage | None, str]"]
"""Gives the picture of a row, None if it is not there, and why it cannot be."""


@dataclass(slots=True)
class MapLook:
    """How rows are to be seen.

    Attributes
    ----------
    side : float
        Of pictures, in pixels of the window.
    dots_only : bool
        No pictures.
    rgb : ndarray of shape (n_rows, 3), dtype uint8
        Colors of the rows.
    has_frames : bool
        Pictures are framed in their color.
    faded : ndarray of shape (n_rows,), dtype bool, or None
        Rows that stand back.
    groups : ndarray of shape (n_rows,), dtype int
        Selected rows; see `Groups`.
    torn : ndarray of shape (n_rows,), dtype bool, or None
        Rows that are marked, since their neighbors lie elsewhere.
    labels : sequence of str, or None
        Written on the pictures.
    focus : int
        The row that the keys go on from; -1 for none.
    """

    side: float = DEFAULT_SIDE
    dots_only: bool = False
    rgb: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 3), np.uint8))
    has_frames: bool = False
    faded: NDArray[np.bool_] | None = None
    groups: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    torn: NDArray[np.bool_] | None = None
    labels: Sequence[str] | None = None
    focus: int = -1


def colors_or_plain(rgb: NDArray[np.float32] | None, n_rows: int) -> NDArray[np.uint8]:
    """Get colors as they are drawn; rows without one get a plain color.

    Parameters
    ----------
    rgb : ndarray of shape (n_rows, 3), dtype float32, or None
        0 to 255; NaN for rows without a color, None if no row has one.
    n_rows : int
        Number of rows.

    Returns
    -------
    colors : ndarray of shape (n_rows, 3), dtype uint8
    """
    plain = np.broadcast_to(np.array(PLAIN, np.uint8), (n_rows, 3))
    if rgb is None:
        return plain.copy()
    return np.where(np.isnan(rgb), plain, np.nan_to_num(rgb)).astype(np.uint8)
