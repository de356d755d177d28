"""A table of images → the same with their embeddings: the second step."""

from __future__ import annotations

import os
from collections.abc import Sequence

from Orange.data import Table

from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID
from orangecontrib.imageembedding.embeddings.embed import spec_of
from orangecontrib.imageembedding.embeddings.recognize import mark_of
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.images.options import ReadOptions
from orangecontrib.imageembedding.pipeline.results import EmbeddedImages
from orangecontrib.imageembedding.progress import Progress, silent
from orangecontrib.imageembedding.tables import locate
from orangecontrib.imageembedding.tables.computed import EmbedImages
from orangecontrib.imageembedding.tables.features import with_embeddings, with_reasons
from orangecontrib.imageembedding.tables.marks import restored
from orangecontrib.imageembedding.tables.search import explained


def embed_images(
    table: Table,
    embedder: str | EmbedderSpec = DEFAULT_ID,
    *,
    image_column: str | None = None,
    images_folder: str | os.PathLike[str] | None = None,
    backend: Backend | None = None,
    weights: str | os.PathLike[str] | None = None,
    cache: bool = True,
    progress: Progress = silent,
) -> EmbeddedImages:
    """Embed the images of a table.

    Parameters
    ----------
    table : Table
        With a column of paths or URLs.
    embedder : str or EmbedderSpec
        Id of an embedder in the catalogue, see `list_embedders`.
    image_column : str, optional
        Name of the column; by default it is found by its mark, its values or its name. It is
        marked as holding images in the tables that come out.
    images_folder : str or path, optional
        Where the images are, if the table does not lead to them: its paths are relative, or all
        were moved.
    backend : Backend, optional
        What computes; by default torch on this computer: no image leaves it.
    weights : str or path, optional
        A file of the user with weights for `embedder`, or with a network; see `own_embedder`.
    cache : bool, optional
        Whether vectors are read from and stored in the user's cache.
    progress : Progress, optional
        Told the part of the images that are done.

    Returns
    -------
    embedded : EmbeddedImages

    Raises
    ------
    InputError
        If the table has no such column, or there is no such embedder or folder.
    BackendError
        If the embedder cannot run, for instance because its weights cannot be had.
    """
    backend = backend or Local()
    spec = spec_of(embedder, weights, backend, progress)
    table = restored(table)
    folder = _checked(images_folder)
    column = locate.image_column(table, image_column)
    folders = locate.searched_folders(table, column, folder)
    locations = locate.image_locations(table, column, folder)
    table = locate.with_images_found(table, column, locations, folder)
    embedded = embed_locations(locations, spec, backend, progress, cache=cache)
    name = embedded.fingerprint
    known_by = None if name is None else mark_of(name, backend)
    source = EmbedImages(table.domain[column.name], spec, backend, known_by)
    reasons = {row: explained(why, folders) for row, why in embedded.failures.items()}
    rows = [row for row in range(len(table)) if row not in embedded.failures]
    return EmbeddedImages(
        embeddings=with_embeddings(table, rows, embedded.vectors, source),
        skipped=with_reasons(table, reasons),
        n_cached=embedded.n_cached,
        notes=embedded.notes,
    )


def with_images(
    table: Table,
    image_column: str | None = None,
    images_folder: str | os.PathLike[str] | None = None,
    *,
    max_megapixels: float | None = None,
    channels: Sequence[int] = (),
) -> Table:
    """Get a table that leads to its images, in a column that is marked as holding them.

    Parameters
    ----------
    table, image_column, images_folder
        As for `embed_images`.
    max_megapixels, channels
        How the images are to be read, as for `import_images`.

    Raises
    ------
    InputError
        If the table has no such column, or there is no such folder.
    """
    folder = _checked(images_folder)
    column = locate.image_column(table, image_column)
    locations = locate.image_locations(table, column, folder)
    found = locate.with_images_found(table, column, locations, folder)
    told = ReadOptions(max_megapixels, tuple(channels)).attributes()
    return locate.read_as(found, column, told) if told else found


def _checked(images_folder: str | os.PathLike[str] | None) -> str:
    if images_folder is None:
        return ""
    folder = os.path.abspath(images_folder)
    if not os.path.isdir(folder):
        raise InputError(f"The folder of the images {folder} does not exist. Choose another one.")
    return folder


def locations_of(table: Table) -> list[str]:
    """Get the path or URL of each image of a table, in the column that `embed_images` takes.

    Raises
    ------
    InputError
        If the table has no such column.
    """
    return locate.image_locations(table, locate.image_column(table))
