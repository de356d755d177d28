"""What was compared, for the report."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from orangecontrib.imageembedding.pipeline import ComparedEmbedders
from orangecontrib.imageembedding.widgets.comparing.neighbormodel import NONE, Told
from orangecontrib.imageembedding.widgets.shared.imagereport import html_of_images
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps


def html_of_neighbors(
    compared: ComparedEmbedders, told: Told, queries: Sequence[int], pixmaps: Pixmaps
) -> str:
    """Get the clicked images, each followed by its nearest in each embedder."""
    parts = []
    positions = {row: i for i, row in enumerate(compared.rows.tolist())}
    for query in queries:
        parts.append(f"<h3>{escape(told.name(query))}</h3>")
        parts.append(html_of_images([(told.locations[query], "")], pixmaps))
        for one in compared.embedders:
            if one.reason:
                continue
            rows = [row for row in one.neighbors[positions[query]].tolist() if row != NONE]
            parts.append(f"<p>{escape(one.title)}</p>")
            images = [(told.locations[row], told.name(row)) for row in rows]
            parts.append(html_of_images(images, pixmaps))
    return "".join(parts)
