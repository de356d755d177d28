"""What the widgets have in common that show the images of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from AnyQt.QtWidgets import QMenu
from numpy.typing import NDArray
from Orange.data import Table, Variable

from orangecontrib.imageembedding.tables.describe import facts
from orangecontrib.imageembedding.tables.locate import find_images
from orangecontrib.imageembedding.widgets.shared.dragging import ImageCopier, image_menu
from orangecontrib.imageembedding.widgets.shared.imagewidget import ImageWidget
from orangecontrib.imageembedding.widgets.shared.preview import Preview


class ImagesWidget(ImageWidget, openclass=True):  # type: ignore[call-arg]
    """A widget that shows the images of a table, and any of them large.

    It has the settings `image_attr` and `images_folder`, and a `view` whose `pixmaps` decode.
    """

    image_attr: Variable | None
    images_folder: str
    view: Any

    def __init__(self) -> None:
        super().__init__()
        self.data: Table | None = None
        self.subset: Table | None = None
        self._locations: list[str] = []
        self._led: Table | None = None  # what goes on: leads to the images without the folder
        self._preview: Preview | None = None
        self._copier = ImageCopier(self)

    def onDeleteWidget(self) -> None:
        """Stop all threads."""
        self.shutdown()
        self._copier.close_threads()
        if self._preview is not None:
            self._preview.close_threads()
        super().onDeleteWidget()

    # Which images

    def _folder_chosen(self, folder: str) -> None:
        self.images_folder = folder
        self._column_changed()

    def _column_changed(self) -> None:
        raise NotImplementedError

    def _find_images(self) -> None:
        """Find the images of the data anew, and say if there are none."""
        self._locations, self._led = [], self.data
        self.Error.no_column(shown=self.data is not None and self.image_attr is None)
        self.Warning.not_found.clear()
        self._forget_preview()
        if self.data is not None and self.image_attr is not None:
            found = find_images(self.data, self.image_attr, self.images_folder)
            self._locations, self._led = found.locations, found.table
            self.Warning.not_found(found.problem, shown=bool(found.problem))

    def _in_subset(self) -> NDArray[np.bool_] | None:
        """Get which rows are in Data Subset; None without one."""
        self.Warning.foreign_subset.clear()
        if self.data is None or self.subset is None or not self._locations:
            return None
        in_subset = np.isin(self.data.ids, self.subset.ids)
        self.Warning.foreign_subset(shown=not in_subset.any())
        return in_subset

    def _groups_of(self, data: Table | None) -> NDArray[np.intp] | None:
        """Get the groups as they are, in the order of new data with the same rows, else None."""
        old = self.data
        if old is None or data is None or len(old) != len(data) or not self._locations:
            return None
        order, new_order = np.argsort(old.ids), np.argsort(data.ids)
        if not np.array_equal(old.ids[order], data.ids[new_order]):
            return None
        groups = np.empty(len(data), dtype=np.intp)
        groups[new_order] = self.view.groups[order]
        return groups

    # One image

    def _show_large(
        self, rows: Sequence[int], position: int, moved: Callable[[int], object]
    ) -> None:
        """Show an image large; the arrow keys go on in the order of `rows`, and tell `moved`."""
        if self._preview is None:
            self._preview = Preview(self)
            self._preview.moved.connect(moved)
        data, locations = self.data, self._locations
        self._preview.set_images(
            len(rows),
            lambda i: locations[rows[i]],
            lambda i: facts(data, int(rows[i])),
            self.view.pixmaps.small,
        )
        self._preview.open_at(position)

    def _forget_preview(self) -> None:
        if self._preview is not None:
            self._preview.forget()

    def _menu_of(self, row: int, selected: Sequence[int]) -> QMenu:
        """Make the menu of an image; it copies the paths of all selected ones, if it is one."""
        chosen = [self._locations[i] for i in (selected if row in selected else [row])]
        return image_menu(self, self._locations[row], chosen, self._copier.copy)

    # The picture

    def _load_pictures(self) -> bool:
        """Decode what the picture shows; False if cancelled."""
        raise NotImplementedError

    def save_graph(self) -> None:
        """Save the whole picture."""
        if self._load_pictures():
            super().save_graph()

    def copy_to_clipboard(self) -> None:
        """Copy the whole picture."""
        if self._load_pictures():
            super().copy_to_clipboard()
