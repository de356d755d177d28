"""A dendrogram with its images as a picture file, for reports and the command line."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.clusters.tree import Tree

MAX_HEIGHT_INCHES = 120.0
ROW_INCHES = 0.4
READABLE_ROW_INCHES = 0.1
WIDTH_INCHES = 10.0
DPI = 100

ReadThumbnail = Callable[[int], "NDArray[np.uint8] | None"]


def save_dendrogram(
    tree: Tree,
    n_clusters: int,
    path: str | Path,
    names: Sequence[str],
    thumbnail: ReadThumbnail,
) -> None:
    """Draw a tree with one row for each leaf, clusters in colors, and write it to a file.

    Parameters
    ----------
    tree : Tree
        What to draw.
    n_clusters : int
        Number of clusters whose branches are colored.
    path : str or Path
        Ends in .png, .svg or .pdf.
    names : sequence of str
        Text beside each row's leaf; omitted where rows are too thin to read.
    thumbnail : callable
        Gives the picture of a row as uint8 (height, width, 3), or None.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    n = tree.n_leaves
    row_inches = min(ROW_INCHES, MAX_HEIGHT_INCHES / n)
    figure = Figure(figsize=(WIDTH_INCHES, row_inches * n + 1), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_merges(axes, tree, n_clusters)
    axes.set_xlim(tree.linkage[-1, 2] * 1.02 or 1.0, 0)  # the root on the left
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_xlabel("distance")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_yticks([])
    if row_inches >= READABLE_ROW_INCHES:
        _draw_leaves(axes, tree, row_inches, names, thumbnail)
    whole = io.BytesIO()  # on a full disk each format would fail in its own way
    figure.savefig(whole, format=Path(path).suffix.lower().removeprefix("."))
    Path(path).write_bytes(whole.getbuffer())


def _draw_merges(axes, tree: Tree, n_clusters: int) -> None:  # type: ignore[no-untyped-def]
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection

    shape = tree.outline
    n = tree.n_leaves
    palette = colormaps["tab10"](range(10))
    colors: list[object] = ["0.4"] * (n - 1)
    for number, node in enumerate(tree.branches(n_clusters)):
        first, last = shape.first_leaf[node], shape.first_leaf[node] + shape.n_leaves[node]
        inside = (shape.first_leaf[n:] >= first) & (shape.first_leaf[n:] < last)
        for k in np.flatnonzero(inside & (shape.n_leaves[n:] <= shape.n_leaves[node])):
            colors[k] = palette[number % len(palette)]
    a, b = shape.children.T
    top = shape.height[n:]
    corners = [
        (shape.height[a], shape.position[a]),
        (top, shape.position[a]),
        (top, shape.position[b]),
        (shape.height[b], shape.position[b]),
    ]
    lines = np.stack([np.stack(corner, axis=1) for corner in corners], axis=1)
    axes.add_collection(LineCollection(list(lines), colors=colors, linewidths=1.2))


def _draw_leaves(axes, tree, row_inches, names, thumbnail) -> None:  # type: ignore[no-untyped-def]
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    side_points = row_inches * 72
    for place, row in enumerate(tree.leaf_order):
        picture = thumbnail(int(row))
        if picture is not None:
            zoom = 0.92 * side_points / max(picture.shape[:2])
            box = AnnotationBbox(
                OffsetImage(picture, zoom=zoom),
                (0, place),
                xybox=(side_points * 0.6, 0),
                boxcoords="offset points",
                frameon=False,
                pad=0,
            )
            axes.add_artist(box)
        axes.annotate(
            names[row],
            (0, place),
            xytext=(side_points * 1.2, 0),
            textcoords="offset points",
            va="center",
            fontsize=min(9, side_points * 0.6),
            annotation_clip=False,
            parse_math=False,  # a name with $ is not a formula
        )
