"""Small picture → what can be measured of it, without any network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LOOKED_AT_PX = 256  # longer side of the picture that is measured
COLORS_PX = 64  # the same for its colors

MEASURES = (
    "Width",
    "Height",
    "Hue",
    "Saturation",
    "Colorfulness",
    "Strongest Color",
    "Flattest Channel",
    "Brightness",
    "Contrast",
    "Darkest",
    "Brightest",
    "Entropy",
    "Edge Density",
    "Sharpness",
    "Detail",
)
N_MEASURES = len(MEASURES)

ENDS = (0.02, 0.98)  # of all pixels: what is beyond is noise, or a lamp
POWER = 4  # the strongest edges count: a blurred background is no fault
EDGE_STEP = 24  # gray levels from pixel to pixel
FAR_PX = 4  # an edge that is not over within so many pixels is blurred
WIDE_PX = 16  # within so many pixels even a very blurred edge is seen
LEAST_EDGE = 12  # gray levels; weaker edges tell nothing of sharpness
BLOCK_PX = 8
FLAT_RANGE = 12  # gray levels within a block that are noise
FULL = 250  # gray level
LEVELS = np.arange(256, dtype=np.float32)

Values = NDArray[np.float32]


def measure(pixels: NDArray[np.uint8], width_px: int, height_px: int) -> Values:
    """Measure a picture.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        As the decoder gives them; they are reduced to `LOOKED_AT_PX`.
    width_px, height_px : int
        Of the picture as it is in its file.

    Returns
    -------
    values : ndarray of shape (n_measures,), dtype float32
        In the order of `MEASURES`; NaN where a picture has no such thing, as a gray one no hue.

        Width, Height
            In pixels.
        Hue
            Mean direction on the color wheel, weighted by chroma: 0 to 360 degrees, red is 0.
        Saturation
            Mean chroma by mean of the strongest channel, 0 to 1.
        Colorfulness
            After Hasler and Süsstrunk, 2003, "Measuring colorfulness in natural images", by 100:
            0 for gray, about 1 for vivid colors.
        Strongest Color
            Chroma that 98 % of the pixels are below, 0 to 1.
        Flattest Channel
            Range of the channel that changes least, by that which changes most: 0 if one of red,
            green and blue is the same in all pixels, and not full; 1 for gray.
        Brightness, Contrast
            Mean and standard deviation of the gray picture, 0 to 1.
        Darkest, Brightest
            Gray level that 2 % and 98 % of the pixels are below, 0 to 1.
        Entropy
            Of the gray levels, in bits: 0 to 8.
        Edge Density
            Part of the steps from pixel to pixel that are edges, 0 to 1.
        Sharpness
            Of the strongest edges: 1 if they are over from one pixel to the next, 0.35 if that
            takes four pixels and more.
        Detail
            Part of the picture that is not flat, 0 to 1.
    """
    image = _fitted(Image.fromarray(pixels), LOOKED_AT_PX)
    gray, small = image.convert("L"), _reduced(image, COLORS_PX)
    share = np.array(gray.histogram(), dtype=np.float32) / (gray.width * gray.height)
    mean = float(share @ LEVELS)
    deviation = float(share @ (LEVELS - mean) ** 2) ** 0.5
    present = share[share > 0]
    values = [
        width_px,
        height_px,
        *_colors(small),
        _flattest_channel(small),
        mean / 255,
        deviation / 255,
        *(np.searchsorted(np.cumsum(share), ENDS) / 255),
        -float(present @ np.log2(present)),
        *_edges(gray),
        _detail(gray),
    ]
    return np.array(values, dtype=np.float32)


def _fitted(image: Image.Image, side_px: int) -> Image.Image:
    """Get a picture whose longer side is at most so long."""
    if max(image.size) <= side_px:
        return image
    small = image.copy()
    small.thumbnail((side_px, side_px), Image.Resampling.BOX, reducing_gap=2.0)
    return small


def _reduced(image: Image.Image, side_px: int) -> Image.Image:
    """Get a picture whose longer side is about so long, in little time."""
    factor = max(image.size) // side_px
    return image.reduce(factor) if factor > 1 else image


def _colors(image: Image.Image) -> tuple[float, float, float, float]:
    """Get hue, saturation, colorfulness and the strongest color."""
    red, green, blue = np.asarray(image).reshape(-1, 3).T.astype(np.float32)
    strongest = np.maximum(np.maximum(red, green), blue)
    chroma = strongest - np.minimum(np.minimum(red, green), blue)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    colorfulness = spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean())
    # The sum of all colors as vectors on the wheel: the gray parts cancel out.
    along, across = (red - (green + blue) / 2).mean(), (green - blue).mean() * 3**0.5 / 2
    hue = np.degrees(np.arctan2(across, along)) % 360 if np.hypot(along, across) >= 0.5 else np.nan
    total = strongest.mean()
    index = int(ENDS[1] * (len(chroma) - 1))
    return (
        hue,
        chroma.mean() / total if total else np.nan,
        colorfulness / 100,
        np.partition(chroma, index)[index] / 255,
    )


def _flattest_channel(image: Image.Image) -> float:
    below = np.cumsum(np.array(image.histogram()).reshape(3, 256), axis=1)
    low, high = (np.argmax(below >= end * below[:, -1:], axis=1) for end in ENDS)
    # A channel that is full all over belongs to a picture on white.
    ranges = np.where(low >= FULL, (high - low).max(), high - low)
    return float(ranges.min() / ranges.max()) if ranges.max() >= LEAST_EDGE else np.nan


def _edges(gray: Image.Image) -> tuple[float, float]:
    """Get edge density and sharpness."""
    levels = np.asarray(gray, dtype=np.int16)
    near, far = _steps(levels, 1), _steps(levels, FAR_PX)
    n_near = near.sum()
    density = float(near[EDGE_STEP:].sum() / n_near) if n_near else np.nan
    near_sum, far_sum = (float(counts @ LEVELS**POWER) for counts in (near, far))
    if not far[LEAST_EDGE:].any():
        is_blurred = _steps(levels, WIDE_PX)[2 * LEAST_EDGE :].any()
        return density, FAR_PX ** (1 / POWER - 1) if is_blurred else np.nan
    # An edge is seen by one step from pixel to pixel, and by as many long ones as they are long.
    return density, min((FAR_PX * near_sum / far_sum) ** (1 / POWER), 1.0)


def _steps(gray: NDArray[np.int16], distance_px: int) -> NDArray[np.int64]:
    """Count the differences, 0 to 255, of pixels so far apart, across and down."""
    # Every other row and column tells as much, in half the time.
    across = gray[::2, distance_px:] - gray[::2, :-distance_px]
    down = gray[distance_px:, ::2] - gray[:-distance_px, ::2]
    return np.bincount(np.abs(np.concatenate([across.ravel(), down.ravel()])), minlength=256)


def _detail(gray: Image.Image) -> float:
    levels = np.asarray(gray, dtype=np.int16)
    high, low = _of_blocks(levels, np.maximum), _of_blocks(levels, np.minimum)
    return float((high - low >= FLAT_RANGE).mean())


def _of_blocks(levels: NDArray[np.int16], extreme: np.ufunc) -> NDArray[np.int16]:
    """Get the highest or lowest level in each block and one pixel beyond it."""
    for _ in range(2):  # down, then across
        here = extreme(levels, np.concatenate([levels[1:], levels[-1:]]))
        n_blocks = max(len(here) // BLOCK_PX, 1)
        here = here[: n_blocks * BLOCK_PX]
        levels = extreme.reduce(here.reshape(n_blocks, -1, here.shape[1]), axis=1).T
    return levels
