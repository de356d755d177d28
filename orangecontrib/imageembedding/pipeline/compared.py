"""What came of a comparison of embedders."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from Orange.data import ContinuousVariable, Domain, StringVariable, Table

from orangecontrib.imageembedding.comparisons.scores import MEASURES, Scores
from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.pipeline.embedding import embed_images
from orangecontrib.imageembedding.pipeline.results import EmbeddedImages
from orangecontrib.imageembedding.progress import Progress, silent
from orangecontrib.imageembedding.tables.features import with_reasons

NONE = -1
ERROR = " (error)"
HERE = "this computer"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedEmbedder:
    """What was found of one embedder.

    Attributes
    ----------
    id, title : str
        Of the embedder, for scripts and for people. With a server both name it.
    place : str
        Where it was computed: ``this computer``, the address of the server, or the name of the
        backend of a plug-in.
    spec : EmbedderSpec or None
        Its description; None if there is none.
    backend : Backend
        What has computed it.
    scores : Scores
    neighbors : ndarray of shape (n_sample, 5), dtype int
        For each image of the sample the rows of its nearest others, the nearest first; -1 where
        there is none.
    failures : dict of int to str
        Row → why its image has no vector.
    reason : str
        Why the embedder could not run; "" if it could.
    """

    id: str
    title: str
    place: str
    spec: EmbedderSpec | None
    backend: Backend
    scores: Scores
    neighbors: NDArray[np.intp]
    failures: dict[int, str]
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ComparedEmbedders:
    """A sample of images as several embedders see it.

    Attributes
    ----------
    table : Table
        All images.
    rows : ndarray of int
        Those of the sample.
    embedders : tuple of ComparedEmbedder
        In the order in which they were asked for.
    """

    table: Table
    rows: NDArray[np.intp]
    embedders: tuple[ComparedEmbedder, ...]

    @property
    def scores(self) -> Table:
        """Get the table of scores, one row for each embedder; NaN where one is missing."""
        return table_of_scores(self)

    @property
    def neighbors(self) -> dict[str, NDArray[np.intp]]:
        """Get for each embedder the nearest rows of each row: shape (n, k), dtype int."""
        return {one.id: one.neighbors for one in self.embedders}

    @property
    def skipped(self) -> Table | None:
        """Get the rows of the sample without a vector, with a meta ``reason``, else None."""
        reasons: dict[int, str] = {}
        for one in self.embedders:
            for row, reason in one.failures.items():
                reasons.setdefault(row, f"{one.title}: {reason}")
        return with_reasons(self.table, dict(sorted(reasons.items())))

    def embedder(self, embedder_id: str) -> ComparedEmbedder:
        """Get what was found of an embedder.

        Raises
        ------
        InputError
            If it is not among those that were compared.
        """
        for one in self.embedders:
            if one.id == embedder_id:
                return one
        known = ", ".join(one.id for one in self.embedders)
        raise InputError(f"{embedder_id!r} was not compared. Choose one of: {known}.")

    def telling_rows(self, n_wanted: int) -> list[int]:
        """Get the rows of the sample about whose nearest images embedders disagree most.

        Of each class at most one while there are others.
        """
        there = [one.neighbors for one in self.embedders if not one.reason]
        agreement = np.zeros(len(self.rows))
        for near in there:
            agreement[near[:, 0] == NONE] = np.inf  # it tells nothing
        for near, other in combinations(there, 2):
            agreement += (near[:, :, None] == other[:, None, :]).any(axis=2).mean(axis=1)
        order = np.argsort(agreement, kind="stable")
        variable = self.table.domain.class_var
        if variable is not None and variable.is_discrete:
            classes = self.table.get_column(variable)[self.rows[order]]
            first = np.sort(np.unique(classes, return_index=True)[1])
            order = np.concatenate([order[first], np.delete(order, first)])
        return [int(row) for row in self.rows[order[:n_wanted]]]

    def embeddings(self, embedder_id: str, progress: Progress = silent) -> EmbeddedImages:
        """Embed all images, not only the sample, by one of the embedders.

        As `embed_images` does; what the comparison has computed is taken from the cache.
        """
        chosen = self.embedder(embedder_id)
        if chosen.spec is None:
            raise InputError(f"{chosen.title} could not run: {chosen.reason}")
        return embed_images(self.table, chosen.spec, backend=chosen.backend, progress=progress)


def place_of(backend: Backend) -> str:
    """Say where a backend computes; of a plug-in, only it knows."""
    if isinstance(backend, Remote):
        return backend.url
    return HERE if isinstance(backend, Local) else type(backend).__name__


def table_of_scores(compared: ComparedEmbedders) -> Table:
    """Make the table of scores: two columns for each measure that has an error, else one."""
    columns, values = [], []
    for measure in MEASURES:
        scores = [one.scores.of(measure) for one in compared.embedders]
        columns.append(ContinuousVariable(measure.title, number_of_decimals=3))
        values.append([score.value for score in scores])
        if measure.has_error:
            columns.append(ContinuousVariable(measure.title + ERROR, number_of_decimals=3))
            values.append([score.error for score in scores])
    columns.append(ContinuousVariable("Images", number_of_decimals=0))
    values.append([_n_images(one, len(compared.rows)) for one in compared.embedders])
    metas = [StringVariable(name) for name in ("Embedder", "Id", "Computed on", "Reason")]
    texts = [[one.title, one.id, one.place, one.reason] for one in compared.embedders]
    table = Table.from_numpy(
        Domain(columns, metas=metas),
        np.array(values, dtype=float).T.reshape(len(texts), len(columns)),
        metas=np.array(texts, dtype=object).reshape(len(texts), len(metas)),
    )
    table.name = "Embedders"
    return table


def _n_images(one: ComparedEmbedder, n_sample: int) -> float:
    return math.nan if one.reason else n_sample - len(one.failures)
