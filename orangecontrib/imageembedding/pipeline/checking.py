"""A table of images → what is odd, bad or doubtful among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from Orange.data import Table

from orangecontrib.imageembedding.checks.find import Findings, find_faults
from orangecontrib.imageembedding.embeddings.catalogue import BUILT_IN_ID
from orangecontrib.imageembedding.embeddings.embed import embed_files
from orangecontrib.imageembedding.pipeline.checked import with_checks
from orangecontrib.imageembedding.pipeline.comparing import find_duplicates
from orangecontrib.imageembedding.pipeline.measuring import measures_of
from orangecontrib.imageembedding.progress import Progress, run_watched, say, silent
from orangecontrib.imageembedding.tables import locate
from orangecontrib.imageembedding.tables.features import feature_matrix, has_embeddings


@dataclass(frozen=True, slots=True, eq=False)
class CheckedImages:
    """A table of images, and what the checks tell of them.

    Attributes
    ----------
    table : Table
        As it was given.
    findings : Findings
        Measures, and each check with its bound.
    failures : dict of int to str
        Row → why its image could not be measured.
    """

    table: Table
    findings: Findings
    failures: dict[int, str]

    @property
    def measures(self) -> Table:
        """Get all rows with the measures as metas, and ``Flags``, ``Reason``, ``Sureness``."""
        return with_checks(self.table, self.findings)

    @property
    def flags(self) -> list[tuple[str, ...]]:
        """Get what is told of each row, the surest first: ``dark``, ``blurry``, …."""
        return self.findings.flags

    @property
    def reasons(self) -> list[str]:
        """Get why each row has its flags; "" without."""
        return self.findings.reasons


def check_images(
    table: Table, reference: Table | Sequence[str] | None = None, *, progress: Progress = silent
) -> CheckedImages:
    """Measure images, and tell which ones need a look, and why.

    Parameters
    ----------
    table : Table
        With a column of images. What is unusual is told by its embeddings, or if it has none,
        by those of the built-in embedder; whose label is doubtful, by its categorical class.
    reference : Table, or sequence of paths, optional
        Images that must not be in the table as well, such as those a model is tested on.
    progress : Progress, optional
        Told what is done, and how far it is.

    Returns
    -------
    checked : CheckedImages
        ``measures``, ``flags``, ``reasons``. No file is changed. An image that cannot be
        read has no measures and no flags, and is in ``failures``.

    Raises
    ------
    InputError
        If the table has no image column.
    """
    locations = locate.image_locations(table, locate.image_column(table))
    say(progress, "Measuring images")
    measures, failures = run_watched(lambda relay: measures_of(locations, relay), progress)
    vectors = _vectors_of(table, locations, progress)
    leaks = None
    if reference is not None:
        leaks = find_duplicates(table, reference, progress=progress).similarity
    class_var = table.domain.class_var
    is_categorical = class_var is not None and class_var.is_discrete
    labels = np.nan_to_num(table.Y, nan=-1).astype(int) if is_categorical else None
    names = class_var.values if is_categorical else ()
    say(progress, "Checking images")
    findings = run_watched(
        lambda relay: find_faults(measures, vectors, labels, names, leaks, relay), progress
    )
    return CheckedImages(table, findings, failures)


def _vectors_of(
    table: Table, locations: Sequence[str], progress: Progress
) -> NDArray[np.float32] | None:
    if has_embeddings(table):
        return np.asarray(feature_matrix(table), dtype=np.float32)
    if not any(locations):
        return None
    return embed_files(locations, BUILT_IN_ID, progress=progress).vectors
