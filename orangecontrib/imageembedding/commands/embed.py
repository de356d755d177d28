"""``image-embedding embed`` and ``embedders``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.computing import (
    EMBEDDING,
    IMAGES,
    READING,
    embedder_of,
    local_backend,
    refuse_unused,
)
from orangecontrib.imageembedding.commands.sources import is_table
from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    SOME_MISSING,
    Bar,
    complain,
    conclude,
    refuse_existing,
    refuse_without_effect,
    tell,
)
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse
    from typing import TypedDict

    from Orange.data import Table

    from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec

    class Reading(TypedDict):
        """How images are read."""

        max_megapixels: float | None
        channels: tuple[int, ...]


def run_embed(options: argparse.Namespace) -> int:
    """Write the table of embeddings."""
    from orangecontrib.imageembedding.tables.store import extension_of, save_table

    refuse_unused(options)
    if options.ray is not None:
        return _embed_on_ray(options)
    extension_of(options.output)
    refuse_existing(options, options.output)
    with Bar() as bar:
        table, n_skipped = embeddings_of(options, bar)
    save_table(table, options.output)
    n_features = sum("embedder" in column.attributes for column in table.domain.attributes)
    told = f"{len(table)} images with {n_features} numbers each: {options.output}"
    return conclude([told], SOME_MISSING if n_skipped else FINE)


def _embed_on_ray(options: argparse.Namespace) -> int:
    """Write a folder of Parquet files, on a cluster."""
    from pathlib import Path

    from orangecontrib.imageembedding.commands.serve import need
    from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID, get_embedder

    refuse_without_effect(
        options, ["weights", "server", "force", "photo_data", *READING], "with --ray"
    )
    output = Path(options.output).absolute()
    if output.suffix != ".parquet" or output.is_file():
        raise InputError(
            "With --ray, -o must name a new folder OUT.parquet, or one of an earlier run."
        )
    need("ray", "cluster")
    from orangecontrib.imageembedding.ray.cluster import connect
    from orangecontrib.imageembedding.ray.pieces import embed_images_in_pieces

    spec = get_embedder(options.embedder or DEFAULT_ID)
    backend = local_backend(options, [spec])
    connect(options.ray)
    with Bar() as bar:
        table, skipped = _images_of(options, bar)
        done = embed_images_in_pieces(table, spec, backend, output, bar)
    for location, reason in skipped:
        complain(f"skipped: {location}: {reason}")
    told = f"{done.n_images} images in {output}; {done.n_failures} skipped, with reasons"
    return conclude([told], SOME_MISSING if skipped or done.n_failures else FINE)


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
    """Get the table with embeddings, and the number of images that were skipped and listed."""
    from orangecontrib.imageembedding.pipeline import embed_images
    from orangecontrib.imageembedding.tables.store import load_table

    table = load_table(options.source) if is_table(options.source) else None
    if table is not None and options.command != "embed" and _has_numbers(table):
        reason = f"on {options.source}, which has numbers already"
        refuse_without_effect(options, EMBEDDING, reason)
        if options.command == "cluster" and options.picture is None:
            refuse_without_effect(options, (*IMAGES, *READING), f"{reason}, without --picture")
        return _led(table, options), 0
    spec, backend = embedder_of(options)
    skipped: list[tuple[str, str]] = []
    if table is None:
        table, skipped = _images_of(options, bar)
    elif any(getattr(options, name) for name in READING):
        table = _led(table, options)
    done = embed_images(
        table,
        spec,
        image_column=options.image_column,
        images_folder=options.images_folder,
        backend=backend,
        weights=options.weights,
        progress=bar,
    )
    bar.close()
    if done.skipped is not None:
        skipped += _locations_and_reasons(done.skipped)
    for location, reason in skipped:
        complain(f"skipped: {location}: {reason}")
    if not len(done.embeddings):
        raise InputError(
            f"None of the {len(table)} images of {options.source} could be embedded; see above."
        )
    return done.embeddings, len(skipped)


def _images_of(options: argparse.Namespace, bar: Bar) -> tuple[Table, list[tuple[str, str]]]:
    """Get the table of the images of the source, and what was skipped, with the reason."""
    from orangecontrib.imageembedding.pipeline import import_images
    from orangecontrib.imageembedding.tables.store import load_table

    if is_table(options.source):
        return _led(load_table(options.source), options), []
    photo_data = getattr(options, "photo_data", False)  # not all commands write a table
    found = import_images(options.source, bar, **_reading(options), photo_data=photo_data)
    return found.table, [(file.path, file.reason) for file in found.skipped]


def _led(table: Table, options: argparse.Namespace) -> Table:
    """Get a table that leads to its images as the options say."""
    from orangecontrib.imageembedding.pipeline import with_images

    told = (options.image_column, options.images_folder, *(getattr(options, n) for n in READING))
    if told == (None,) * len(told):
        return table
    return with_images(table, options.image_column, options.images_folder, **_reading(options))


def _reading(options: argparse.Namespace) -> Reading:
    """Get the options of how images are read."""
    return {"max_megapixels": options.max_megapixels, "channels": options.channels or ()}


def _has_numbers(table: Table) -> bool:
    from orangecontrib.imageembedding.tables.features import has_embeddings
    from orangecontrib.imageembedding.tables.locate import has_image_column

    return has_embeddings(table) or not has_image_column(table)


def _locations_and_reasons(skipped: Table) -> list[tuple[str, str]]:
    from orangecontrib.imageembedding.tables.locate import default_image_locations

    locations = default_image_locations(skipped)
    reasons = skipped.get_column(skipped.domain.metas[-1])
    return [(location or "row without image", str(reason))
            for location, reason in zip(locations, reasons, strict=True)]  # fmt: skip
