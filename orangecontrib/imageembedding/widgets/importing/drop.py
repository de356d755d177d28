"""Folders and images dropped on the canvas become Import Images."""

from __future__ import annotations

import os
from collections.abc import Sequence

from orangewidget.workflow.drophandler import FilesDropHandler

from orangecontrib.imageembedding.files.archiveformats import ENDINGS
from orangecontrib.imageembedding.widgets.owimportimages import OWImportImages

# What other widgets open is left to them; a folder is always ours.
IMAGE_ENDINGS = (
    ".avif", ".bmp", ".dcm", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpeg", ".jpg", ".png",
    ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip


class ImportImagesDropHandler(FilesDropHandler):
    """Makes an Import Images of what is dropped."""

    WIDGET = OWImportImages

    def canDropFiles(self, paths: Sequence[str]) -> bool:
        """Take folders, archives, and files with the endings of images."""
        endings = (*IMAGE_ENDINGS, *ENDINGS)
        return all(os.path.isdir(path) or path.lower().endswith(endings) for path in paths)

    def parametersFromFiles(self, paths: Sequence[str]) -> dict[str, object]:
        """Get the settings of the widget."""
        paths = [os.path.normpath(path) for path in paths]
        return {"paths": paths, "__version__": OWImportImages.settings_version}
