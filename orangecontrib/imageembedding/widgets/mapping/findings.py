"""What is found of a map in the background, after it is laid out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from AnyQt.QtCore import QObject, pyqtSignal
from AnyQt.QtGui import QColor
from numpy.typing import NDArray

from orangecontrib.imageembedding.maps.regions import find_regions, region_names
from orangecontrib.imageembedding.tables.cluster_columns import unique_names
from orangecontrib.imageembedding.widgets.map.layers import Classes
from orangecontrib.imageembedding.widgets.mapping.tasks import LaidOut
from orangecontrib.imageembedding.widgets.shared.background import Background

GOLDEN = 0.381966  # of the circle, from hue to hue: neighbors in number are far apart


@dataclass(frozen=True, slots=True, eq=False)
class NamedRegions:
    """Dense regions of a map: see `Regions`; each name is another one."""

    labels: NDArray[np.intp]
    medoids: NDArray[np.intp]
    names: list[str]

    def as_classes(self) -> Classes:
        """Get what is drawn of them."""
        hues = [(i * GOLDEN) % 1 for i in range(len(self.names))]
        rgb = [QColor.fromHsvF(hue, 0.75, 0.85).getRgb()[:3] for hue in hues]
        colors = np.array(rgb, dtype=np.uint8).reshape(-1, 3)
        return Classes(self.labels, self.names, self.medoids.tolist(), colors)


class Findings(QObject):
    """Regions, torn images and the trustworthiness of a map, as far as they are found.

    Attributes
    ----------
    regions : NamedRegions or None
    torn : ndarray of shape (n_rows,), dtype bool, or None
    trustworthiness : float
        NaN if it is not known.
    """

    changed = pyqtSignal(str)
    """The name of the attribute that is found now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._numbers: dict[str, int] = {}
        self._generation = 0
        self.forget()

    def forget(self) -> None:
        """Drop all: the map is another one."""
        self._generation += 1
        self.regions: NamedRegions | None = None
        self.torn: NDArray[np.bool_] | None = None
        self.trustworthiness = float("nan")

    def find_regions(
        self,
        laid_out: LaidOut,
        fineness: float,
        codes: NDArray[np.floating] | None,
        values: Sequence[str],
    ) -> None:
        """Look for regions; they are named by the class of most of their rows.

        The codes of the classes have the shape (n_rows,), dtype float; NaN if unknown.
        """
        points = None if laid_out.map is None else laid_out.map.points

        def find() -> NamedRegions:
            found = find_regions(laid_out.coordinates, points, fineness)
            names = unique_names(region_names(found, codes, values))
            return NamedRegions(found.labels, found.medoids, names)

        self._find("regions", find)

    def find_torn(self, laid_out: LaidOut) -> None:
        """Look for rows whose neighbors lie far away."""
        if laid_out.map is not None:
            self._find("torn", laid_out.map.torn_apart)

    def find_trustworthiness(self, laid_out: LaidOut) -> None:
        """Measure the map; it takes a second for very many rows."""
        if laid_out.map is not None:
            self._find("trustworthiness", laid_out.map.trustworthiness)

    def _find(self, what: str, find: Callable[[], object]) -> None:
        number = self._numbers[what] = self._numbers.get(what, 0) + 1
        generation = self._generation

        def take(found: object) -> None:
            if (number, generation) == (self._numbers[what], self._generation):
                setattr(self, what, found)
                self.changed.emit(what)

        self._background.run(find, take)

    @property
    def is_busy(self) -> bool:
        """Whether something is still looked for."""
        return self._background.is_busy

    def close(self) -> None:
        """Stop for good."""
        self._background.close()
