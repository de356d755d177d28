"""``image-embedding embed`` and ``embedders``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    SOME_SKIPPED,
    Bar,
    complain,
    refuse_existing,
    tell,
)
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse

    from Orange.data import Table

    from orangecontrib.imageembedding.embeddings.backends.base import Backend
    from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
    from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec


def run_embed(options: argparse.Namespace) -> int:
    """Write the table of embeddings."""
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    if options.ray is not None:
        return _embed_on_ray(options)
    extension_of(options.output)
    refuse_existing(options, options.output)
    with Bar() as bar:
        table, n_skipped = embeddings_of(options, bar)
    save_table(table, options.output)
    n_features = sum("embedder" in column.attributes for column in table.domain.attributes)
    tell(f"{len(table)} images with {n_features} numbers each: {options.output}")
    return SOME_SKIPPED if n_skipped else FINE


def _embed_on_ray(options: argparse.Namespace) -> int:
    """Write a folder of Parquet files, on a cluster."""
    from pathlib import Path

    from orangecontrib.imageembedding.commands.serve import need
    from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
    from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
    from orangecontrib.imageembedding.files.scan import scan_folder
    from orangecontrib.imageembedding.images.header import read_header
    from orangecontrib.imageembedding.ray.pieces import embed_in_pieces

    need("ray", "cluster")
    output = Path(options.output).absolute()
    if output.suffix != ".parquet" or output.is_file() or not os.path.isdir(options.source):
        raise InputError("With --ray, name a folder of images, and a new folder -o OUT.parquet.")
    from orangecontrib.imageembedding.ray.serving import connect

    connect(options.ray)
    backend = Local(options.weights_folder, options.device, options.precision)
    with Bar() as bar:
        found = scan_folder(os.path.abspath(options.source), read_header, bar)
        paths = [file.path for file in found.files]
        bar.say("Embedding images")
        done = embed_in_pieces(paths, get_embedder(options.embedder), backend, output, 0, bar)
    for file in found.skipped:
        complain(f"left out: {file.path}: {file.reason}")
    tell(f"{done.n_images} images in {output}; {done.n_failures} have a reason instead")
    return SOME_SKIPPED if found.skipped or done.n_failures else FINE


def list_embedders(options: argparse.Namespace) -> int:
    """Tell what can be chosen."""
    from orangecontrib.imageembedding.embeddings.catalogue import list_embedders

    for spec in list_embedders():
        tell(f"{spec.id}: {spec.title}, {spec.n_features} numbers an image, {_origin_of(spec)}")
        tell(f"    {spec.description} {spec.good_for}")
        tell(f"    {spec.source}; weights: {spec.licence}")
    tell("timm:NAME: any model of timm that has weights, for instance timm:resnet18.a1_in1k")
    return FINE


def _origin_of(spec: EmbedderSpec) -> str:
    if spec.is_remote_only:
        return "on servers only"
    if spec.is_built_in or spec.weights is None:
        return "built in"
    return f"downloads {spec.weights.n_bytes / 1e6:.0f} MB"


def embeddings_of(options: argparse.Namespace, bar: Bar) -> tuple[Table, int]:
    """Get the table with embeddings, and the number of images that were left out and listed."""
    from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
    from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
    from orangecontrib.imageembedding.files.archives import is_archive
    from orangecontrib.imageembedding.pipeline import embed_images, import_images
    from orangecontrib.imageembedding.tables.features import has_embeddings
    from orangecontrib.imageembedding.tables.locate import has_image_column
    from orangecontrib.imageembedding.tables.store import EXTENSIONS, load_table

    spec: EmbedderSpec
    backend: Backend
    if options.server is not None:
        spec, backend = _on_server(options)
    else:
        spec = get_embedder(options.embedder)
        backend = Local(options.weights_folder, options.device, options.precision)
    skipped: list[tuple[str, str]] = []
    is_table = options.source.lower().endswith(EXTENSIONS)
    is_file = os.path.isfile(options.source) and not is_archive(options.source)
    if is_file or (is_table and not os.path.isdir(options.source)):
        table = load_table(options.source)
        ready = has_embeddings(table) or not has_image_column(table)
        if options.command != "embed" and ready:
            return table, 0
    else:
        found = import_images(options.source, bar)
        table = found.table
        skipped = [(file.path, file.reason) for file in found.skipped]
    done = embed_images(table, spec, backend=backend, weights=options.weights, progress=bar)
    bar.close()
    if done.skipped is not None:
        skipped += _locations_and_reasons(done.skipped)
    for location, reason in skipped:
        complain(f"left out: {location}: {reason}")
    if not len(done.embeddings):
        raise InputError(
            f"None of the {len(table)} images of {options.source} could be embedded; see above."
        )
    return done.embeddings, len(skipped)


def _on_server(options: argparse.Namespace) -> tuple[EmbedderSpec, Remote]:
    """Get the embedder as the server has it, which may be one that only the server knows."""
    from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote

    if options.weights is not None:
        raise InputError("--weights are for this computer: leave out --server, or --weights.")
    backend = Remote(options.server)
    return backend.embedder(options.embedder), backend


def _locations_and_reasons(skipped: Table) -> list[tuple[str, str]]:
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    locations = default_image_locations(skipped)
    reasons = skipped.get_column(skipped.domain.metas[-1])
    return [(location or "row without image", str(reason))
            for location, reason in zip(locations, reasons, strict=True)]  # fmt: skip
