"""Images of a table → new files in a folder: a last step."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table

from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.errors import ImageError, InputError
from orangecontrib.imageembedding.files.manifest import manifest_csv
from orangecontrib.imageembedding.files.names import safe_name
from orangecontrib.imageembedding.files.save import SavedFile, TargetFolder
from orangecontrib.imageembedding.images.contactsheet import PICTURE_PX, Labeled, contact_sheet
from orangecontrib.imageembedding.images.convert import Conversion, convert
from orangecontrib.imageembedding.images.fetch import fetch
from orangecontrib.imageembedding.images.formats import FORMATS
from orangecontrib.imageembedding.images.pdf import pdf_of_pages
from orangecontrib.imageembedding.images.scale import FITS, Fit
from orangecontrib.imageembedding.images.thumbnail import thumbnail
from orangecontrib.imageembedding.pipeline.results import SavedImages
from orangecontrib.imageembedding.progress import POLL_S, Counts, Progress, count, say, silent
from orangecontrib.imageembedding.tables import locate
from orangecontrib.imageembedding.tables.describe import Titles
from orangecontrib.imageembedding.tables.features import with_reasons
from orangecontrib.imageembedding.tables.filenames import FileNames
from orangecontrib.imageembedding.tables.saved import with_new_paths
from orangecontrib.imageembedding.tables.search import explained

T = TypeVar("T")

OWN_NAME = "{name}"
CONTACT_SHEET = "contact sheet"
FORMAT_NAMES = (*map(str.lower, FORMATS), CONTACT_SHEET)
THERE = "there already"  # reason of what need not be saved
SHORT_NAMES = {"jpg": "jpeg", "tif": "tiff"}
MAX_THREADS = 8


@dataclass(slots=True)
class Saving:
    """What has been saved up to now; it only grows.

    Attributes
    ----------
    paths : dict of int to str
        The new file of each row.
    known : dict of int to str
        Of each row whose image was there already: that file.
    reasons : dict of int to str
        Why the image of a row could not be saved.
    """

    paths: dict[int, str] = field(default_factory=dict)
    known: dict[int, str] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)

    def add(self, row: int, saved: SavedFile) -> None:
        """Note where the image of a row is."""
        (self.paths if saved.is_new else self.known)[row] = saved.path


def save_images(
    table: Table,
    folder: str | os.PathLike[str],
    pattern: str = OWN_NAME,
    by: str | Sequence[str] = (),
    format: str | None = None,  # what everybody calls it
    *,
    quality: int | None = None,
    size: int | tuple[int, int] | str | None = None,
    fit: Fit | None = None,
    metadata: bool = True,
    labels: Sequence[str] = (),
    manifest: bool = False,
    image_column: str | None = None,
    images_folder: str | os.PathLike[str] | None = None,
    saving: Saving | None = None,
    progress: Progress = silent,
) -> SavedImages:
    """Save the images of a table as new files; no file that is there is changed or deleted.

    Parameters
    ----------
    table : Table
        With a column of paths or URLs.
    folder : str or path
        Where to; made if it does not exist.
    pattern : str, optional
        Names of the files, such as ``{category}_{image name}``: columns stand between braces.
        ``{name}`` is the name of the image's own file, ``{row}`` the number of the row. Equal
        names get a number.
    by : str or sequence of str, optional
        Categorical columns whose values become sub-folders, the first outside.
    format : str, optional
        One of ``png``, ``jpeg``, ``tiff``, ``webp``, ``bmp``, ``gif``, ``pdf``, or ``contact
        sheet``: one PDF with thumbnails for each sub-folder. By default, the image's own; its
        bytes are copied, unless something else is to be changed.
    quality : int, optional
        quality of JPEG, WebP and PDF, 1 to 100; see `Conversion`.
    size : int, tuple of 2 ints, or str, optional
        Width and height in pixels; or the id of an embedder, whose input is meant.
    fit : {"fit", "crop", "stretch"}, optional
        How they get that size: by default ``fit``; with an embedder, as that does.
    metadata : bool, optional
        Whether EXIF, XMP and comments go along. The color profile and the orientation always do.
    labels : sequence of str, optional
        Columns whose values stand below the thumbnails of a contact sheet; by default, names.
    manifest : bool, optional
        Whether to write ``manifest.csv``: the source of each file.
    image_column : str, optional
        Name of the column; by default it is found by its mark, its values or its name.
    images_folder : str or path, optional
        Where the images are, if the table does not lead to them.
    saving : Saving, optional
        Grows while saving; after a cancel or an error, `tables_of_saving` makes tables of it.
    progress : Progress, optional
        Told how many images are done.

    Returns
    -------
    result : SavedImages

    Raises
    ------
    InputError
        If the table has no such column, or an option is not one.
    SaveError
        If nothing can be written to the folder: it must not be, or the disk is full.
    """
    conversion = _conversion(format, quality, size, fit, metadata)
    column = locate.image_column(table, image_column)
    within = "" if images_folder is None else os.path.abspath(images_folder)
    locations = locate.image_locations(table, column, within)
    names = FileNames(table, locations, pattern, [by] if isinstance(by, str) else by)
    titles = _titles(table, labels) if labels else None
    saving = Saving() if saving is None else saving
    target = TargetFolder(os.fspath(folder))
    if conversion is None:
        _save_sheets(locations, names, titles, target, saving, progress)
    else:
        _save_each(locations, names, conversion, target, saving, progress)
    if manifest:
        _save_manifest(locations, target, saving)
    return tables_of_saving(table, saving, column.name, within)


def tables_of_saving(
    table: Table, saving: Saving, image_column: str | None = None, images_folder: str = ""
) -> SavedImages:
    """Make the tables of what `save_images` saved, also if it came to no end."""
    column = locate.image_column(table, image_column)
    folders = locate.searched_folders(table, column, images_folder)
    reasons = dict.fromkeys(range(len(table)), "not saved yet")
    for row in saving.paths:
        del reasons[row]
    reasons |= {row: f"{THERE}: {path}" for row, path in saving.known.items()}
    reasons |= {row: explained(reason, folders) for row, reason in saving.reasons.items()}
    saved = with_new_paths(table, column, saving.paths)
    return SavedImages(saved, with_reasons(table, reasons), len(saving.known))


def example_name(
    table: Table,
    pattern: str = OWN_NAME,
    by: Sequence[str] = (),
    format: str | None = None,
    image_column: str | None = None,
) -> str:
    """Get the path inside the folder that `save_images` gives the image of the first row.

    Nothing is read: where bytes are copied, the ending is that of the image's own name.

    Raises
    ------
    InputError
        As `save_images` does.
    """
    column = locate.image_column(table, image_column)
    locations = locate.image_locations(table[:1], column)
    names = FileNames(table[:1], locations, pattern, by, len(table))
    conversion = _conversion(format, None, None, None, True)
    folders, name = names[0]
    if conversion is None:
        name, ending = CONTACT_SHEET.capitalize(), ".pdf"
    elif conversion.format is None:
        ending = os.path.splitext(locations[0].partition("?")[0])[1]
    else:
        ending = FORMATS[conversion.format].ending
    return "/".join([*folders, safe_name(name, ending)])


def _conversion(
    name: str | None,
    quality: int | None,
    size: int | tuple[int, int] | str | None,
    fit: Fit | None,
    metadata: bool,
) -> Conversion | None:
    """Get what becomes of each file; None for a contact sheet."""
    wanted = None if name is None else SHORT_NAMES.get(name.lower(), name.lower())
    if wanted is not None and wanted not in FORMAT_NAMES:
        raise InputError(f"format must be one of {', '.join(FORMAT_NAMES)}; got {name!r}.")
    if fit is not None and fit not in FITS:
        raise InputError(f"fit must be one of {', '.join(FITS)}; got {fit!r}.")
    if isinstance(size, str):
        spec = get_embedder(size)
        size = spec.input_px
        fit = fit or ("stretch" if spec.preparation.fit == "squash" else "crop")
    box = (size, size) if isinstance(size, int) else size
    if wanted == CONTACT_SHEET:
        return None
    try:
        return Conversion(wanted and wanted.upper(), quality, box, fit or "fit", metadata)
    except ValueError as error:
        raise InputError(f"{error}.") from error


def _titles(table: Table, labels: Sequence[str]) -> Titles:
    for label in labels:
        if label not in table.domain:
            raise InputError(f"The table has no column {label!r}.")
    return Titles(table, [table.domain[label] for label in labels])


def _save_each(
    locations: Sequence[str],
    names: FileNames,
    conversion: Conversion,
    target: TargetFolder,
    saving: Saving,
    progress: Progress,
) -> None:
    def make(row: int) -> tuple[bytes, str]:
        location = locations[row]
        if not location:
            raise ImageError(location, "no image in this row")
        return convert(fetch(location), location, conversion)

    say(progress, "Saving images")
    for row, made in _in_order(make, range(len(locations)), progress):
        try:
            data, ending = made.result()
            folders, name = names[row]
            saving.add(row, target.save(data, folders, name, ending))
        except ImageError as error:
            saving.reasons[row] = error.reason
        count(progress, Counts(row + 1, len(locations), len(saving.known), locations[row]))


def _save_sheets(
    locations: Sequence[str],
    names: FileNames,
    titles: Sequence[str] | None,
    target: TargetFolder,
    saving: Saving,
    progress: Progress,
) -> None:
    """Save one contact sheet for each sub-folder."""

    def read(row: int) -> NDArray[np.uint8]:
        if not locations[row]:
            raise ImageError("", "no image in this row")
        return thumbnail(locations[row], PICTURE_PX)

    say(progress, "Drawing contact sheets")
    folders_of = [names[row][0] for row in range(len(locations))]
    order = sorted(range(len(locations)), key=folders_of.__getitem__)
    pictures: dict[int, Labeled] = {}
    for n_done, (row, thumb) in enumerate(_in_order(read, order, progress), start=1):
        try:
            lines = titles[row].split("\n") if titles else [names[row][1]]
            pictures[row] = thumb.result(), lines
        except ImageError as error:
            saving.reasons[row] = error.reason
        count(progress, Counts(n_done, len(order), 0, locations[row]))
        is_last = n_done == len(order) or folders_of[order[n_done]] != folders_of[row]
        if is_last and pictures:
            heading = " / ".join(folders_of[row]) or os.path.basename(target.path)
            sheet = pdf_of_pages(contact_sheet(list(pictures.values()), heading))
            saved = target.save(sheet, folders_of[row], CONTACT_SHEET.capitalize(), ".pdf")
            for shown in pictures:
                saving.add(shown, saved)
            pictures = {}


def _save_manifest(locations: Sequence[str], target: TargetFolder, saving: Saving) -> None:
    path_of = saving.paths | saving.known
    rows = [
        (path_of.get(row, ""), location, saving.reasons.get(row, ""))
        for row, location in enumerate(locations)
    ]
    target.save(manifest_csv(target.path, rows), (), "manifest", ".csv")


def _in_order(
    work: Callable[[int], T], rows: Sequence[int], progress: Progress
) -> Iterator[tuple[int, Future[T]]]:
    """Do some work for rows in threads, a few ahead; yield them in order, when they are done.

    `progress` is called all the time, so that a cancel need not wait for a server.
    """
    n_threads = min(MAX_THREADS, max(2, os.cpu_count() or 1))
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="saving")
    under_way: deque[Future[T]] = deque()
    waiting = iter(rows)
    try:
        for n_done, row in enumerate(rows):
            while len(under_way) < 2 * n_threads and (following := next(waiting, None)) is not None:
                under_way.append(pool.submit(work, following))
            future = under_way.popleft()
            while wait([future], POLL_S).not_done:
                progress(n_done / len(rows))
            yield row, future
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
