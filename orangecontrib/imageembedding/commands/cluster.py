"""``image-embedding cluster``."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.embed import embeddings_of
from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    SOME_SKIPPED,
    Bar,
    refuse_existing,
    tell,
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
    from orangecontrib.imageembedding.clusters.picture import EXTENSIONS
    from orangecontrib.imageembedding.pipeline import cluster_images
    from orangecontrib.imageembedding.tables.cluster_columns import with_clusters
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    extension_of(options.output)
    refuse_existing(options, options.output)
    if options.picture is not None:
        if not options.picture.lower().endswith(EXTENSIONS):
            raise InputError(f"The picture must end in one of {', '.join(EXTENSIONS)}.")
        refuse_existing(options, options.picture)
    with Bar() as bar:
        table, n_skipped = embeddings_of(options, bar)
        if len(table) < 2:  # noqa: PLR2004
            raise InputError(f"{options.source} has {len(table)} rows; clusters need two or more.")
        if not 1 <= options.clusters <= len(table):
            raise InputError(f"--clusters must be 1 to {len(table)}, the number of images.")
        tree = cluster_images(table, options.metric, options.linkage, bar)
    labels = tree.cut(n_clusters=options.clusters)
    save_table(with_clusters(table, labels), options.output)
    for line in _describe_clusters(table, labels):
        tell(line)
    tell(f"{len(table)} rows in {options.clusters} clusters: {options.output}")
    if options.picture is not None:
        _save_picture(table, tree, options)
        tell(f"The tree: {options.picture}")
    return SOME_SKIPPED if n_skipped else FINE


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


def _save_picture(table: Table, tree: Tree, options: argparse.Namespace) -> None:
    from orangecontrib.imageembedding.clusters.picture import save_dendrogram
    from orangecontrib.imageembedding.errors import ImageError
    from orangecontrib.imageembedding.images.thumbnail import thumbnail
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    locations = default_image_locations(table)

    def read(row: int) -> NDArray[np.uint8] | None:
        try:
            return thumbnail(locations[row], side_px=64) if locations[row] else None
        except ImageError:
            return None

    names = [os.path.basename(location) for location in locations]
    try:
        save_dendrogram(tree, options.clusters, options.picture, names, read)
    except OSError as error:
        raise InputError(
            f"The picture {options.picture} cannot be written: {error.strerror or error}."
        ) from error
