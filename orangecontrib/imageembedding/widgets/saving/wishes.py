"""What is to be saved, and how, as the controls say."""

from __future__ import annotations

from dataclasses import dataclass

from Orange.data import Table
from Orange.widgets.utils.concurrent import TaskState

from orangecontrib.imageembedding.errors import SaveError
from orangecontrib.imageembedding.images.scale import Fit
from orangecontrib.imageembedding.pipeline import (
    SavedImages,
    Saving,
    example_name,
    save_images,
    tables_of_saving,
)
from orangecontrib.imageembedding.widgets.shared.taskwidget import CountingProgress

COPIES = "copy"
FORMATS = {
    COPIES: "As it is",
    "png": "PNG",
    "jpeg": "JPEG",
    "tiff": "TIFF",
    "webp": "WebP",
    "bmp": "BMP",
    "gif": "GIF",
    "pdf": "PDF, one for each image",
    "contact sheet": "Contact sheet (PDF)",
}
LOSSY = ("jpeg", "webp", "pdf")
OWN_SIZE, IN_PIXELS, OF_EMBEDDER = "own", "pixels", "embedder"
SIZES = {OWN_SIZE: "As it is", IN_PIXELS: "In pixels", OF_EMBEDDER: "Input of an embedder"}
FITS: dict[Fit, str] = {"fit": "Fit inside", "crop": "Fill and crop", "stretch": "Stretch"}


@dataclass(frozen=True)
class Wishes:
    """The arguments of `save_images`, except the table."""

    folder: str
    pattern: str
    by: tuple[str, ...]
    format: str | None
    quality: int | None
    size: tuple[int, int] | str | None
    fit: Fit | None
    metadata: bool
    labels: tuple[str, ...]
    manifest: bool
    column: str

    def example(self, table: Table) -> str:
        """Get the path of the first image's new file, inside the folder."""
        return example_name(table, self.pattern, self.by, self.format, self.column)


Result = tuple[SavedImages, SaveError | None]
"""What was saved, and why not everything was."""


def save_in_background(table: Table, wishes: Wishes, saving: Saving, state: TaskState) -> Result:
    """Save images, with progress in the widget."""
    try:
        done = save_images(
            table,
            wishes.folder,
            wishes.pattern,
            wishes.by,
            wishes.format,
            quality=wishes.quality,
            size=wishes.size,
            fit=wishes.fit,
            metadata=wishes.metadata,
            labels=wishes.labels,
            manifest=wishes.manifest,
            image_column=wishes.column,
            saving=saving,
            progress=CountingProgress(state),
        )
    except SaveError as error:
        return tables_of_saving(table, saving, wishes.column), error
    return done, None


def saved_until_now(table: Table, column: str, saving: Saving, _: TaskState) -> Result:
    """Make the tables of what was saved until it was cancelled."""
    return tables_of_saving(table, saving, column), None
