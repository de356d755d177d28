"""Pictures of several channels, as microscopes make them: OME-TIFF and stacks of ImageJ."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.color import scaled_to_8_bits
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.options import current
from orangecontrib.imageembedding.images.reasons import reason_of
from orangecontrib.imageembedding.images.tiffpages import Page

MAX_CHANNELS = 7
BYTES_OF_RGB = 3
# As ImageJ shows them, where the file tells nothing.
COLORS = ("red", "green", "blue", "gray", "cyan", "magenta", "yellow")
RGB_OF = {
    "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "gray": (255, 255, 255),
    "cyan": (0, 255, 255), "magenta": (255, 0, 255), "yellow": (255, 255, 0),
}  # fmt: skip
NAME_OF = {rgb: name for name, rgb in RGB_OF.items()}
RANGE_TAG = "Ranges"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a picture.

    Attributes
    ----------
    number : int
        From 1 on.
    name : str
        What the file calls it, or "".
    rgb : tuple of 3 ints
        The color of its full brightness.
    ends : tuple of 2 floats, or None
        The values shown black and full; None: its smallest and its largest.
    """

    number: int
    name: str
    rgb: tuple[int, int, int]
    ends: tuple[float, float] | None = None


def may_have_channels(page: Page) -> bool:
    """Tell whether a first page may be one of several channels, from its description."""
    if page.n_samples != 1:
        return False
    text = page.description[: 1 << 14]
    return text.startswith("ImageJ=") or "<OME" in text


def channels_of(file: Any) -> list[Channel]:
    """Get the channels that are shown of a file that tifffile has opened; none of a plain one."""
    series = file.series[0]
    n_channels = dict(zip(series.axes, series.shape, strict=True)).get("C", 1)
    n_declared = _declared(file.pages.first.description)
    if n_declared > n_channels:
        raise EOFError(f"{n_channels} of {n_declared} channels: the file is cut")
    if not 2 <= n_channels <= MAX_CHANNELS or "S" in series.axes:
        return []
    meta = file.imagej_metadata or {}
    if meta.get("mode") == "grayscale":
        return []
    names, colors = _told(file, n_channels)
    ends = _ends(meta.get(RANGE_TAG), n_channels)
    found = [
        Channel(i + 1, names[i], colors[i] or RGB_OF[COLORS[i]], ends[i]) for i in range(n_channels)
    ]
    return _chosen(found)


def _declared(description: str) -> int:
    """Get the number of channels that a description tells; 0 where others may be in other files."""
    if description.startswith("ImageJ="):
        found = re.search(r"^channels=(\d+)", description, re.MULTILINE)
    else:
        found = None if "FileName=" in description else re.search(r'SizeC="(\d+)"', description)
    return int(found[1]) if found else 0


def _chosen(channels: list[Channel]) -> list[Channel]:
    wanted = current().channels
    if not wanted:
        return channels
    primaries = ("red", "green", "blue")
    return [
        Channel(number, channels[number - 1].name, RGB_OF[color], channels[number - 1].ends)
        for number, color in zip(wanted, primaries, strict=True)
        if 0 < number <= len(channels)
    ]


def _told(file: Any, n: int) -> tuple[list[str], list[tuple[int, int, int] | None]]:
    """Get the names and colors that the file tells."""
    names: list[str] = [""] * n
    colors: list[tuple[int, int, int] | None] = [None] * n
    meta = file.imagej_metadata or {}
    for i, table in enumerate(list(meta.get("LUTs") or [])[:n]):
        colors[i] = tuple(int(level) for level in np.asarray(table)[:, -1])  # type: ignore[assignment]
    if file.ome_metadata:
        first = file.ome_metadata.partition("<Image ")[2].partition("</Pixels>")[0]
        for i, tag in enumerate(re.findall(r"<Channel\b[^>]*>", first)[:n]):
            told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            names[i] = told.get("Name", "")
            if re.fullmatch(r"-?\d+", told.get("Color", "")):
                rgba = int(told["Color"]) & 0xFFFFFFFF
                colors[i] = rgba >> 24, rgba >> 16 & 255, rgba >> 8 & 255
    if len({color for color in colors if color}) < n:  # all white, for example: not informative
        colors = [None] * n
    return names, colors


def _ends(ranges: Any, n: int) -> list[tuple[float, float] | None]:
    flat = [float(value) for value in np.ravel(ranges)] if ranges is not None else []
    if len(flat) < 2 * n:
        return [None] * n
    return [(flat[2 * i], flat[2 * i + 1]) for i in range(n)]


def channels_line(channels: list[Channel]) -> str:
    """Say what is shown: ``1 DAPI blue, 2 GFP green``; "" of a plain picture."""
    words = (
        (
            str(channel.number),
            channel.name,
            NAME_OF.get(channel.rgb, f"#{bytes(channel.rgb).hex()}"),
        )
        for channel in channels
    )
    return ", ".join(" ".join(filter(None, parts)) for parts in words)


def read_channels(data: bytes, location: str) -> NDArray[np.uint8] | None:
    """Show the channels of the first plane of a file; None if it is a plain picture.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), dtype uint8
        The sum of the channels, each in its color, as stored (not turned).
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        channels = channels_of(file)
        if not channels:
            return None
        series = file.series[0]
        sizes = dict(zip(series.axes, series.shape, strict=True))
        weight = len(channels) * (1 + series.dtype.itemsize) / BYTES_OF_RGB
        refuse_too_large(sizes["X"], sizes["Y"], location, max(1.0, weight))
        total = np.zeros((sizes["Y"], sizes["X"], 3), np.uint16)
        for channel in channels:
            plane = _plane(series, sizes, channel.number - 1)
            level = _scaled(plane, channel.ends).astype(np.uint16)
            for i, part in enumerate(channel.rgb):
                if part:
                    total[..., i] += level if part == 255 else level * part // 255
    return np.minimum(total, 255).astype(np.uint8)


def _plane(series: Any, sizes: dict[str, int], channel: int) -> NDArray[Any]:
    """Read one channel where all other axes are at their beginning."""
    axes = [axis for axis in series.axes if axis not in "YX"]
    place = 0
    for axis in axes:
        place = place * sizes[axis] + (channel if axis == "C" else 0)
    if len(series.pages) > 1 or series.pages[0].shape == (sizes["Y"], sizes["X"]):
        page = series.pages[place]
        if page is None:
            raise ValueError("a plane is missing: truncated")
        return np.asarray(page.asarray())
    planes = np.asarray(series.asarray()).reshape(-1, sizes["Y"], sizes["X"])
    return np.asarray(planes[place])


def _scaled(plane: NDArray[Any], ends: tuple[float, float] | None) -> NDArray[np.uint8]:
    """Scale a channel as ImageJ does: 8 bits stay; others from their smallest to largest value."""
    if ends is None:
        if plane.dtype == np.uint8:
            return plane
        return scaled_to_8_bits(plane.astype(np.float32))
    low, high = ends
    scaled = (np.nan_to_num(plane.astype(np.float32)) - low) * (255 / max(high - low, 1e-12))
    return np.asarray(np.rint(np.clip(scaled, 0, 255)), np.uint8)


def channels_text(file: Any, location: str) -> str:
    """Say which channels of a binary file are shown; "" of a plain picture.

    Raises
    ------
    DecodeError
        If the file is damaged.
    """
    import tifffile

    try:
        with tifffile.TiffFile(file) as opened:
            return channels_line(channels_of(opened))
    except Exception as error:
        raise DecodeError(location, reason_of(error, "TIFF")) from error
