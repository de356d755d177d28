"""Clusters → a table for the report."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from orangecontrib.imageembedding.pipeline import ClusterDescription
from orangecontrib.imageembedding.widgets.clustering.clustermodel import (
    COLUMNS,
    MAJORITY,
    PURITY,
    TYPICAL,
    texts_of,
)
from orangecontrib.imageembedding.widgets.shared.imagereport import cells_of_images
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

Described = tuple[ClusterDescription, tuple[str, str]]
"""A cluster, and label and location of its most typical image."""


def html_of_clusters(clusters: Sequence[Described], by: str, pixmaps: Pixmaps) -> str:
    """Get a table of clusters: name, size, height, majority, purity, most typical image.

    Parameters
    ----------
    clusters : sequence of (ClusterDescription, (str, str))
        With label and location of the most typical image of each.
    by : str
        Name of the variable of the majority; "" if there is none, and no such columns.
    pixmaps : Pixmaps
        Decodes the images.
    """
    pictures = cells_of_images([(place, label) for _, (label, place) in clusters], pixmaps)
    lines = [[*COLUMNS[:MAJORITY], f"{COLUMNS[MAJORITY]} ({by})", COLUMNS[PURITY], "Height"]]
    for (cluster, (label, place)), picture in zip(clusters, pictures, strict=True):
        texts = [escape(text) for text in texts_of(cluster, label)]
        if place:
            texts[TYPICAL] = picture
        lines.append([*texts, f"{cluster.height:.4g}"])
    if not by:
        lines = [line[:MAJORITY] + line[PURITY + 1 :] for line in lines]
    lines[0] = [escape(heading) for heading in lines[0]]
    tags = ["th"] + ["td"] * len(clusters)
    rows = [
        "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in line) + "</tr>"
        for line, tag in zip(lines, tags, strict=True)
    ]
    return f"<table>{''.join(rows)}</table>"
