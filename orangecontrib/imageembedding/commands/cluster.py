"""``image-embedding cluster``."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.computing import refuse_unused
from orangecontrib.imageembedding.commands.drawing import check_picture
from orangecontrib.imageembedding.commands.embed import embeddings_of
from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    SOME_MISSING,
    Bar,
    complain,
    conclude,
    refuse_existing,
)
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse

    import numpy as np
    from numpy.typing import NDArray
    from Orange.data import Table

    from orangecontrib.imageembedding.clusters.tree import Tree


def run_cluster(options: argparse.Namespace) -> int:
    """Write the table of clusters, and the picture of the tree if it is wanted."""
    from orangecontrib.imageembedding.clusters.link import default_metric
    from orangecontrib.imageembedding.pipeline import cluster_images, count_clusters
    from orangecontrib.imageembedding.tables.cluster_columns import with_clusters
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    refuse_unused(options)
    extension_of(options.output)
    refuse_existing(options, options.output)
    if options.picture is not None:
        check_picture(options, options.picture)
    with Bar() as bar:
        table, n_skipped = embeddings_of(options, bar)
        if len(table) < 2:
            raise InputError(f"{options.source} has {len(table)} rows; clusters need two or more.")
        if options.clusters is not None and not 1 <= options.clusters <= len(table):
            raise InputError(f"--clusters must be 1 to {len(table)}, the number of images.")
        tree = cluster_images(table, options.metric, options.linkage, bar)
        if options.clusters is None:
            metric = options.metric or default_metric(options.linkage)
            options.clusters = count_clusters(table, tree, metric, bar)
    labels = tree.cut(n_clusters=options.clusters)
    save_table(with_clusters(table, labels), options.output)
    lines = _describe_clusters(table, labels)
    lines.append(f"{len(table)} rows in {options.clusters} clusters: {options.output}")
    code = SOME_MISSING if n_skipped else FINE
    if options.picture is not None:
        try:
            code = max(code, _save_picture(table, tree, options))
            lines.append(f"The tree: {options.picture}")
        except InputError as error:  # the table is there
            complain(f"image-embedding: {error}")
            code = SOME_MISSING
    return conclude(lines, code)


def _describe_clusters(table: Table, labels: NDArray[np.intp]) -> list[str]:
    """Get a line for each cluster: its size, and its classes from the most frequent on."""
    class_var = table.domain.class_var
    lines = []
    for number in range(1, labels.max() + 1):
        members = table[labels == number]
        line = f"C{number} ({len(members)})"
        if class_var is not None and class_var.is_discrete:
            counts = Counter(class_var.str_val(value) for value in members.Y)
            line += ": " + ", ".join(f"{name} {n}" for name, n in counts.most_common())
        lines.append(line)
    return lines


def _save_picture(table: Table, tree: Tree, options: argparse.Namespace) -> int:
    """Draw the tree; the result is `SOME_MISSING` if images are missing in it."""
    from orangecontrib.imageembedding.clusters.picture import save_dendrogram
    from orangecontrib.imageembedding.errors import ImageError
    from orangecontrib.imageembedding.files.replace import written_whole
    from orangecontrib.imageembedding.images.thumbnail import thumbnail
    from orangecontrib.imageembedding.tables.locate import default_image_locations, has_image_column

    locations = default_image_locations(table)
    missing = []

    def read(row: int) -> NDArray[np.uint8] | None:
        try:
            if locations[row]:
                return thumbnail(locations[row], side_px=64)
            reason = f"row {row + 1}: no image"
        except ImageError as error:
            reason = str(error)
        if has_image_column(table):
            missing.append(reason)
        return None

    names = [os.path.basename(location) for location in locations]
    with written_whole(options.picture, "picture") as unfinished:
        save_dendrogram(tree, options.clusters, unfinished, names, read)
    for reason in missing:
        complain(f"not in the picture: {reason}")
    return SOME_MISSING if missing else FINE
