"""The command line: ``image-embedding embed | cluster | embedders | demo``."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.errors import Cancelled, ImageEmbeddingError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from Orange.data import Table

    from orangecontrib.imageembedding.clusters.tree import Tree

FINE, SOME_SKIPPED, FAILED, INTERRUPTED = 0, 1, 2, 130

DESCRIPTION = """\
Turn folders of images into tables of numbers, and cluster them.

Images never leave this computer. Examples:

  image-embedding embed animals/ -o animals.tab
      every image becomes a row with 2048 numbers (columns n0, n1, ...)
  image-embedding cluster animals.tab --clusters 8 -o clusters.tab
      the rows with a column Cluster
  image-embedding cluster animals/ --clusters 8 -o clusters.tab \\
                  --embedder efficientnet-lite0 --picture tree.png
      all at once, without any download, and the tree as a picture
  image-embedding embedders
      what can be chosen for --embedder
"""

EXIT_CODES = """\
Exit codes: 0 fine; 1 some images were left out (listed on the error output);
2 nothing could be done; 130 interrupted.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the result is the exit code."""
    options = _parser().parse_args(arguments)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries warn of what this package reports itself
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except ImageEmbeddingError as error:
        _complain(f"image-embedding: {error}")
        return FAILED
    except OSError as error:  # of the output: all others are told by name
        _complain(f"image-embedding: {error}")
        return FAILED
    except (KeyboardInterrupt, Cancelled):
        _complain("image-embedding: interrupted")
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="image-embedding",
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    embed = commands.add_parser(
        "embed",
        help="images to a table of numbers",
        description="Embed the images of a folder, or those that a table points to.",
        epilog=EXIT_CODES,
    )
    _add_source(embed)
    _add_output(embed)
    _add_embedder(embed)
    embed.set_defaults(run=_embed)

    cluster = commands.add_parser(
        "cluster",
        help="images or embeddings to clusters",
        description="Cluster the rows of a table by their embeddings. A folder, or a table that "
        "has no embeddings, is embedded first.",
        epilog=EXIT_CODES,
    )
    _add_source(cluster)
    _add_output(cluster)
    cluster.add_argument(
        "--clusters", type=int, required=True, metavar="K", help="number of clusters"
    )
    cluster.add_argument(
        "--picture", metavar="FILE", help="draw the tree with its images (.png, .svg or .pdf)"
    )
    cluster.add_argument(
        "--metric",
        default="cosine",
        choices=("cosine", "euclidean", "manhattan", "correlation", "braycurtis", "jaccard"),
        help="distance between two images (default: %(default)s)",
    )
    cluster.add_argument(
        "--linkage",
        default="ward",
        choices=("average", "complete", "ward", "weighted", "single", "centroid", "median"),
        help="distance between two clusters (default: %(default)s)",
    )
    _add_embedder(cluster)
    cluster.set_defaults(run=_cluster)

    embedders = commands.add_parser(
        "embedders", help="list what can be chosen for --embedder", description="List embedders."
    )
    embedders.set_defaults(run=_list_embedders)

    demo = commands.add_parser(
        "demo",
        help="run the example workflow with Orange's real widgets, without a screen",
        description="Run the example workflow 'Image clustering' with Orange's real widgets, "
        "without a screen, and write pictures and the table of clusters into a folder.",
    )
    demo.add_argument(
        "folder", nargs="?", default="demo", help="where to write (default: %(default)s)"
    )
    demo.set_defaults(run=_demo)
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="FOLDER_OR_TABLE",
        help="a folder with images, whose sub-folders are the classes; or a table with a column "
        "of paths or URLs",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="table to write: .tab, .csv, .xlsx, .pkl (Orange), .npz (NumPy) or .parquet",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace the files to be written where they exist"
    )


def _add_embedder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--embedder",
        default="resnet50",
        metavar="ID",
        help="see the command embedders (default: %(default)s)",
    )
    parser.add_argument(
        "--weights-folder",
        metavar="DIR",
        help="folder with weights files that you have downloaded yourself",
    )


class _Bar:
    """A progress that draws a bar on the error output, if that is a terminal."""

    def __init__(self) -> None:
        self._bar = None

    def say(self, text: str) -> None:
        from tqdm import tqdm

        self.close()
        self._bar = tqdm(
            total=100,
            desc=text,
            disable=None,
            bar_format="{desc}: {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left",
        )

    def __call__(self, fraction: float) -> None:
        if self._bar is not None:
            self._bar.update(100 * fraction - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _embed(options: argparse.Namespace) -> int:
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    extension_of(options.output)
    _refuse_existing(options, options.output)
    with _Bar() as bar:
        table, n_skipped = _embeddings_of(options, bar)
    save_table(table, options.output)
    n_features = sum("embedder" in column.attributes for column in table.domain.attributes)
    _tell(f"{len(table)} images with {n_features} numbers each: {options.output}")
    return SOME_SKIPPED if n_skipped else FINE


def _cluster(options: argparse.Namespace) -> int:
    from orangecontrib.imageembedding.clusters.picture import EXTENSIONS
    from orangecontrib.imageembedding.pipeline import cluster_images
    from orangecontrib.imageembedding.tables.choose import with_clusters
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    extension_of(options.output)
    _refuse_existing(options, options.output)
    if options.picture is not None:
        if not options.picture.lower().endswith(EXTENSIONS):
            raise InputError(f"The picture must end in one of {', '.join(EXTENSIONS)}.")
        _refuse_existing(options, options.picture)
    with _Bar() as bar:
        table, n_skipped = _embeddings_of(options, bar)
        if len(table) < 2:  # noqa: PLR2004
            raise InputError(f"{options.source} has {len(table)} rows; clusters need two or more.")
        if not 1 <= options.clusters <= len(table):
            raise InputError(f"--clusters must be 1 to {len(table)}, the number of images.")
        tree = cluster_images(table, options.metric, options.linkage, bar)
    labels = tree.cut(n_clusters=options.clusters)
    save_table(with_clusters(table, labels), options.output)
    for line in _describe_clusters(table, labels):
        _tell(line)
    _tell(f"{len(table)} rows in {options.clusters} clusters: {options.output}")
    if options.picture is not None:
        _save_picture(table, tree, options)
        _tell(f"The tree: {options.picture}")
    return SOME_SKIPPED if n_skipped else FINE


def _list_embedders(options: argparse.Namespace) -> int:
    from orangecontrib.imageembedding.embeddings.catalogue import list_embedders

    for spec in list_embedders():
        how = "built in" if spec.is_built_in else f"downloads {spec.weights.n_bytes / 1e6:.0f} MB"
        _tell(f"{spec.id}: {spec.title}, {spec.n_features} numbers an image, {how}")
        _tell(f"    {spec.description}")
        _tell(f"    {spec.source}; weights: {spec.licence}")
    return FINE


def _demo(options: argparse.Namespace) -> int:
    try:
        from orangecontrib.imageembedding.examples.demo import run_demo
    except ImportError as error:
        needed = 'pip install "Orange3-ImageEmbedding[gui]"'
        raise InputError(f"The demo needs Qt: {needed} ({error}).") from error
    for line in run_demo(options.folder):
        _tell(line)
    return FINE


def _embeddings_of(options: argparse.Namespace, bar: _Bar) -> tuple[Table, int]:
    """Get the table with embeddings, and the number of images that were left out and listed."""
    from orangecontrib.imageembedding.embeddings.backends.local import Local
    from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
    from orangecontrib.imageembedding.pipeline import embed_images, import_images
    from orangecontrib.imageembedding.tables.features import has_embeddings
    from orangecontrib.imageembedding.tables.locate import has_image_column
    from orangecontrib.imageembedding.tables.store import EXTENSIONS, load_table

    spec = get_embedder(options.embedder)
    skipped: list[tuple[str, str]] = []
    is_table = options.source.lower().endswith(EXTENSIONS)
    if os.path.isfile(options.source) or (is_table and not os.path.isdir(options.source)):
        table = load_table(options.source)
        ready = has_embeddings(table) or not has_image_column(table.domain)
        if options.run is _cluster and ready:
            return table, 0
    else:
        found = import_images(options.source, bar)
        table = found.table
        skipped = [(file.path, file.reason) for file in found.skipped]
    done = embed_images(table, spec, backend=Local(options.weights_folder), progress=bar)
    bar.close()
    if done.skipped is not None:
        skipped += _locations_and_reasons(done.skipped)
    for location, reason in skipped:
        _complain(f"left out: {location}: {reason}")
    if not len(done.embeddings):
        raise InputError(
            f"None of the {len(table)} images of {options.source} could be embedded; see above."
        )
    return done.embeddings, len(skipped)


def _locations_and_reasons(skipped: Table) -> list[tuple[str, str]]:
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    locations = default_image_locations(skipped)
    reasons = skipped.get_column(skipped.domain.metas[-1])
    return [(location or "row without image", str(reason))
            for location, reason in zip(locations, reasons, strict=True)]  # fmt: skip


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


def _refuse_existing(options: argparse.Namespace, path: str) -> None:
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder. Choose another name.")
    if os.path.exists(path) and not options.force:
        raise InputError(f"{path} exists already. Choose another name, or replace it by --force.")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InputError(f"The folder {folder} does not exist.")
    if not os.access(folder, os.W_OK):
        raise InputError(f"The folder {folder} cannot be written to.")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
