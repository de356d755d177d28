"""Pictures of many images: those that can be read are drawn, the others are reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.terminal import Bar, complain, refuse_existing
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse

    import numpy as np
    from numpy.typing import NDArray
    from Orange.data import Table

    from orangecontrib.imageembedding.pictures.placed import ReadThumbnail


def check_picture(options: argparse.Namespace, path: str) -> None:
    """Raise InputError if a picture cannot be written to a file."""
    from orangecontrib.imageembedding.pictures.placed import EXTENSIONS

    if not path.lower().endswith(EXTENSIONS):
        raise InputError(f"The picture must end in one of {', '.join(EXTENSIONS)}.")
    refuse_existing(options, path)


def check_images(table: Table, options: argparse.Namespace) -> None:
    """Raise InputError if a table has no images to draw."""
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    if not any(default_image_locations(table)):
        raise InputError(f"{options.source} has no column with paths or URLs of images.")


def draw_images(
    table: Table, path: str, bar: Bar, draw: Callable[[str, ReadThumbnail], None]
) -> int:
    """Write a picture; report the images that could not be read, and get their number.

    Parameters
    ----------
    table : Table
        With the images.
    path : str
        The file: it is there when it is complete, or not at all.
    bar : Bar
        Shows how far it is.
    draw : callable
        Writes the picture to a path, with a function that reads the thumbnail of a row.
    """
    from orangecontrib.imageembedding.errors import ImageError
    from orangecontrib.imageembedding.files.replace import written_whole
    from orangecontrib.imageembedding.images.thumbnail import thumbnail
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    locations = default_image_locations(table)
    reasons: list[str] = []

    def read(row: int, side_px: int) -> NDArray[np.uint8] | None:
        bar(row / len(locations))
        try:
            if not locations[row]:
                raise ImageError(f"row {row + 1}", "no path or URL")
            return thumbnail(locations[row], side_px)
        except ImageError as error:
            reasons.append(f"not in the picture: {error}")
            return None

    bar.say("Drawing the images")
    with written_whole(path, "picture") as unfinished:
        draw(unfinished, read)
    bar.close()
    for reason in reasons:
        complain(reason)
    return len(reasons)
