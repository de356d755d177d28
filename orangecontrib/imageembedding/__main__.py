"""The command line: ``image-embedding embed | cluster | grid | map | save | serve | …``."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from typing import NoReturn, TypeAlias

from orangecontrib.imageembedding.commands.cache import run_cache
from orangecontrib.imageembedding.commands.check import add_check, run_check
from orangecontrib.imageembedding.commands.cluster import run_cluster
from orangecontrib.imageembedding.commands.compare import add_compare, run_compare
from orangecontrib.imageembedding.commands.demo import run_demo
from orangecontrib.imageembedding.commands.duplicates import (
    add_distinct,
    add_duplicates,
    run_distinct,
    run_duplicates,
)
from orangecontrib.imageembedding.commands.embed import list_embedders, run_embed
from orangecontrib.imageembedding.commands.grid import run_grid
from orangecontrib.imageembedding.commands.map import run_map
from orangecontrib.imageembedding.commands.options import (
    add_embedder,
    add_output,
    add_photo_data,
    add_serving,
    add_source,
    number_or_auto,
)
from orangecontrib.imageembedding.commands.save import add_save, run_save
from orangecontrib.imageembedding.commands.serve import run_serve
from orangecontrib.imageembedding.commands.terminal import (
    FAILED,
    INTERRUPTED,
    complain,
    conclude,
    tell,
)
from orangecontrib.imageembedding.errors import Cancelled, ImageEmbeddingError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DESCRIPTION = """\
Turn folders of images into tables of numbers, and cluster them.

Images never leave this computer, unless you name a --server. Examples:

  image-embedding embed animals/ -o animals.tab
      every image becomes a row with 2048 numbers (columns n0, n1, ...)
  image-embedding cluster animals.tab --clusters 8 -o clusters.tab
      the rows with a column Cluster
  image-embedding cluster animals/ --clusters 8 -o clusters.tab \\
                  --embedder efficientnet-lite0 --picture tree.png
      both steps at once, without any download; also draws the tree
  image-embedding grid animals.tab -o grid.png
      similar images side by side; with map, each at its place on a map
  image-embedding save clusters.tab sorted/ --by Cluster
      copies of the images in a folder for each cluster
  image-embedding embedders
      the embedders to choose from
"""

EXIT_CODES = """\
Exit codes: 0 fine; 1 the table is written, but some images or the picture are missing (listed on
stderr); 2 nothing could be done; 130 interrupted.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the result is the exit code."""
    try:
        options = _parser().parse_args(arguments)
        if not sys.warnoptions:
            warnings.simplefilter("ignore")  # libraries warn of what this package reports itself
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # names may hold what no terminal can show
                stream.reconfigure(errors="backslashreplace")
        return conclude((), int(options.run(options)))
    except ImageEmbeddingError as error:
        complain(f"image-embedding: {error}")
        return FAILED
    except OSError as error:  # of the output: all other errors name their file
        complain(f"image-embedding: {error}")
        return FAILED
    except (KeyboardInterrupt, Cancelled):
        complain("image-embedding: interrupted")
        return INTERRUPTED


def run() -> NoReturn:
    """Be the process of the command line: run one command and exit."""
    code = main()
    if code == INTERRUPTED:  # a thread at work in native code would abort the process at its end
        os._exit(code)
    sys.exit(code)


class _Version(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from orangecontrib.imageembedding import __version__

        tell(f"{parser.prog} {__version__}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="image-embedding",
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command"
    )
    for add in (
        _embed_command,
        _cluster_command,
        _grid_command,
        _map_command,
        _save_command,
        _duplicates_command,
        _compare_command,
        _check_command,
        _serve_command,
        _embedders_command,
        _cache_command,
        _demo_command,
    ):
        add(commands)
    return parser


def _embed_command(commands: Commands) -> None:
    embed = commands.add_parser(
        "embed",
        help="turn images into a table of numbers",
        description="Embed the images of a folder, or those that a table points to.",
        epilog=EXIT_CODES,
    )
    add_source(embed)
    add_photo_data(embed)
    add_output(embed)
    add_embedder(embed)
    embed.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="embed a folder on a Ray cluster (auto: the one found from here); OUT.parquet becomes "
        "a folder, which a later run continues after an interruption",
    )
    embed.set_defaults(run=run_embed)


def _cluster_command(commands: Commands) -> None:
    cluster = commands.add_parser(
        "cluster",
        help="group images or embeddings into clusters",
        description="Cluster the rows of a table by their embeddings. A folder, or a table that "
        "has no embeddings, is embedded first.",
        epilog=EXIT_CODES,
    )
    add_source(cluster)
    add_photo_data(cluster)
    add_output(cluster)
    cluster.add_argument(
        "--clusters",
        type=number_or_auto,
        required=True,
        metavar="K",
        help="number of clusters, or auto: as many as keep neighbors together best",
    )
    cluster.add_argument(
        "--picture", metavar="FILE", help="draw the tree with its images (.png, .svg or .pdf)"
    )
    cluster.add_argument(
        "--metric",
        choices=(
            "cosine",
            "hellinger",
            "centered-cosine",
            "euclidean",
            "manhattan",
            "correlation",
            "braycurtis",
            "jaccard",
        ),
        help="distance between two images (default: cosine; for linkages between pairs of images, "
        "such as average, centered-cosine)",
    )
    cluster.add_argument(
        "--linkage",
        default="ward",
        choices=("average", "complete", "ward", "weighted", "single", "centroid", "median"),
        help="distance between two clusters (default: %(default)s)",
    )
    add_embedder(cluster)
    cluster.set_defaults(run=run_cluster)


def _grid_command(commands: Commands) -> None:
    grid = commands.add_parser(
        "grid",
        help="a picture with similar images side by side",
        description="Sort images into a grid by their embeddings, and draw it. A folder, or a "
        "table that has no embeddings, is embedded first.",
        epilog=EXIT_CODES,
    )
    add_source(grid)
    add_output(grid, "PICTURE", "picture to write: .png, .svg or .pdf")
    grid.add_argument(
        "--columns", type=int, metavar="N", help="of the grid (default: as many as rows)"
    )
    grid.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (default: 0)")
    add_embedder(grid)
    grid.set_defaults(run=run_grid)


def _map_command(commands: Commands) -> None:
    mapped = commands.add_parser(
        "map",
        help="a picture with similar images near each other",
        description="Lay images out on a map by their embeddings, and draw it: images that have "
        "room, typical ones first, and a dot for each other. A folder, or a table that has no "
        "embeddings, is embedded first.",
        epilog=EXIT_CODES,
    )
    add_source(mapped)
    add_output(mapped, "PICTURE", "picture to write: .png, .svg or .pdf")
    mapped.add_argument(
        "--method", default="tsne", choices=("tsne", "pca", "umap", "pacmap"),
        help="t-SNE, principal components at once, or UMAP or PaCMAP where umap-learn or pacmap is "
        "installed (default: %(default)s)",
    )  # fmt: skip
    mapped.add_argument(
        "--html", metavar="PAGE",
        help="page to write, too: an interactive map with all images in one file, for a browser",
    )  # fmt: skip
    mapped.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (default: 0)")
    add_embedder(mapped)
    mapped.set_defaults(run=run_map)


def _save_command(commands: Commands) -> None:
    save = commands.add_parser(
        "save",
        help="save the images of a table as new files",
        description="Copy or convert the images of a table into a folder. Nothing that is there "
        "is changed: equal names get a number, equal files are not written twice.",
        epilog=EXIT_CODES,
    )
    add_save(save)
    save.set_defaults(run=run_save)


def _duplicates_command(commands: Commands) -> None:
    duplicates = commands.add_parser(
        "duplicates",
        help="find images that are the same, or copies of each other",
        description="List groups of images that are the same, or copies of each other: changed in "
        "size, format, brightness, color or sharpness, cut, turned or mirrored. Nothing is "
        "deleted.",
        epilog=EXIT_CODES,
    )
    add_duplicates(duplicates)
    duplicates.set_defaults(run=run_duplicates)

    distinct = commands.add_parser(
        "distinct",
        help="say for ever which images are not duplicates",
        description="Pairs of images that are not duplicates are remembered by their content, also "
        "those that were marked in Find Duplicates. They can be written to a file and read from it "
        "on another computer.",
    )
    add_distinct(distinct)
    distinct.set_defaults(run=run_distinct)


def _compare_command(commands: Commands) -> None:
    compare = commands.add_parser(
        "compare",
        help="find out which embedder suits your images",
        description="Compare embedders on a sample of your images by their speed, by how clear the "
        "groups of images are, by their stability under small changes of an image, and, if the "
        "images have classes, by how well they find these.",
        epilog=EXIT_CODES,
    )
    add_compare(compare)
    compare.set_defaults(run=run_compare)


def _check_command(commands: Commands) -> None:
    check = commands.add_parser(
        "check",
        help="find images that are dark, blurry, empty, unusual or wrongly labeled",
        description="List images that need a look, each with the reasons: dark, bright, low "
        "contrast, blurry, gray among color, without readable colors, nearly empty, of odd size "
        "or shape, unlike all others, in a class that does not suit. Nothing is changed.",
        epilog=EXIT_CODES,
    )
    add_check(check)
    check.set_defaults(run=run_check)


def _serve_command(commands: Commands) -> None:
    serve = commands.add_parser(
        "serve",
        help="run an embedding server, for this computer or for others",
        description="Serve embedders to this add-on, to Orange3-ImageAnalytics, and to clients of "
        "the Open Inference Protocol v2. The server's address shows a page to try it.",
    )
    add_serving(serve)
    serve.set_defaults(run=run_serve)


def _embedders_command(commands: Commands) -> None:
    embedders = commands.add_parser(
        "embedders", help="list the embedders", description="List embedders."
    )
    embedders.set_defaults(run=list_embedders)


def _cache_command(commands: Commands) -> None:
    cache = commands.add_parser(
        "cache",
        help="show, clear or limit the cache of vectors",
        description="Vectors are cached on disk, so that no image is embedded twice.",
    )
    cache.usage = "%(prog)s [-h] {info,clear,limit SIZE}"
    cache.add_argument("what", choices=("info", "clear", "limit"), help="what to do")
    cache.add_argument(  # whatever follows: "-5GB" is a wrong size, not an unknown option
        "size",
        nargs=argparse.REMAINDER,
        help="for limit: the largest size of the cache, for example 5GB",
    )
    cache.set_defaults(run=run_cache)


def _demo_command(commands: Commands) -> None:
    demo = commands.add_parser(
        "demo",
        help="run the example workflow with Orange's real widgets, without a screen",
        description="Run the example workflow 'Image clustering' with Orange's real widgets, "
        "without a screen, and write pictures and the table of clusters into a folder.",
    )
    demo.add_argument(
        "folder",
        nargs="?",
        help="where to write; nothing in it is replaced (default: demo, or demo-2 and so on)",
    )
    demo.set_defaults(run=run_demo)


if __name__ == "__main__":
    run()
