"""Locations → measures of their images; columns of measures that compute themselves.

A model that was trained on such columns works on raw images. Saved models and tables contain
these classes by their names and attributes, which therefore stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table, Variable
from Orange.data.util import SharedComputeValue

from orangecontrib.imageembedding.checks.measures import N_MEASURES
from orangecontrib.imageembedding.pipeline.looking import looks_of
from orangecontrib.imageembedding.progress import Progress, silent
from orangecontrib.imageembedding.tables.locate import column_like, image_locations

Measures = NDArray[np.float32]


def measures_of(
    locations: Sequence[str], progress: Progress = silent
) -> tuple[Measures, dict[int, str]]:
    """Measure images; those that were seen before are not read again.

    Returns
    -------
    measures : ndarray of shape (n, n_measures), dtype float32
        A row of `measure` for each image; NaN for those that cannot be read.
    failures : dict of int to str
        Row → why.
    """
    failures: dict[int, str] = {}
    measures = np.full((len(locations), N_MEASURES), np.nan, dtype=np.float32)
    for row, look in enumerate(looks_of(locations, progress)):
        if isinstance(look, str):
            failures[row] = look
        else:
            measures[row] = look.measures
    return measures, failures


class MeasureImages:
    """Measures a table's images: what all columns of measures share.

    Parameters
    ----------
    image : Variable
        The column with the locations.
    """

    def __init__(self, image: Variable) -> None:
        self.image = image

    def __eq__(self, other: object) -> bool:
        return type(other) is MeasureImages and self.image.name == other.image.name

    def __hash__(self) -> int:
        return hash((MeasureImages, self.image.name))

    def __call__(self, table: Table) -> Measures:
        """Get the measures, shape (len(table), n_measures); NaN where there is no image."""
        column = column_like(table, self.image.name)
        if column is None:
            return np.full((len(table), N_MEASURES), np.nan, dtype=np.float32)
        return measures_of(image_locations(table, column))[0]


class MeasureColumn(SharedComputeValue):  # type: ignore[misc]
    """Gets one measure."""

    def __init__(self, compute_shared: MeasureImages, index: int) -> None:
        super().__init__(compute_shared)
        self.index = index

    def compute(self, data: Table, shared_data: Measures) -> Measures:
        """Take one column, shape (n,), of measures of shape (n, n_measures), dtype float32.

        The dtype stays.
        """
        return shared_data[:, self.index]

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is MeasureColumn
            and self.index == other.index
            and self.compute_shared == other.compute_shared
        )

    def __hash__(self) -> int:
        return hash((MeasureColumn, self.index, self.compute_shared))
