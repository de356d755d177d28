"""A sample of images, several embedders → which of them suits these images."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from Orange.data import Domain, Table

from orangecontrib.imageembedding.comparisons.changes import NAMES
from orangecontrib.imageembedding.comparisons.quality import N_NEAREST, nearest
from orangecontrib.imageembedding.comparisons.sample import choose_sample
from orangecontrib.imageembedding.comparisons.score import Score
from orangecontrib.imageembedding.comparisons.scores import Scores
from orangecontrib.imageembedding.embeddings.backends.base import Backend
from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.backends.remote.backend import Remote
from orangecontrib.imageembedding.embeddings.embed import spec_of
from orangecontrib.imageembedding.embeddings.here import embedders_here, weights_bytes
from orangecontrib.imageembedding.embeddings.listed import locations_of
from orangecontrib.imageembedding.embeddings.run import Embedded, embed_locations
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import Cancelled, InputError
from orangecontrib.imageembedding.pipeline.compared import (
    NONE,
    ComparedEmbedder,
    ComparedEmbedders,
    place_of,
)
from orangecontrib.imageembedding.progress import (
    Counts,
    Progress,
    run_watched,
    say,
    show_counts,
    silent,
)
from orangecontrib.imageembedding.tables import locate
from orangecontrib.imageembedding.tables.build import image_variable
from orangecontrib.imageembedding.workers.place import has_window, run_apart

N_IMAGES = 200
N_CHANGED = 50  # each is embedded once more for each change
N_ROUNDS, N_TIMED = 3, 8
MEGABYTE = 1e6
COMPARISONS = "orangecontrib.imageembedding.comparisons"
CHANGES, SCORES = f"{COMPARISONS}.changes:changed_files", f"{COMPARISONS}.scores:scores_of"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An embedder to compare.

    Attributes
    ----------
    embedder : str or EmbedderSpec
        Its id, or the description.
    backend : Backend
        What computes it; by default this computer.
    weights : str or None
        A file of the user, see `own_embedder`.
    """

    embedder: str | EmbedderSpec
    backend: Backend = Local()
    weights: str | None = None

    @property
    def id(self) -> str:
        """By which it is told apart; with a server, that is named, too."""
        name = self.embedder if isinstance(self.embedder, str) else self.embedder.id
        if self.weights is not None:
            name = os.path.basename(self.weights)
        return f"{name} on {self.backend.url}" if isinstance(self.backend, Remote) else name


Named = str | EmbedderSpec | tuple[str | EmbedderSpec, Backend] | Candidate


@dataclass(frozen=True, slots=True)
class _Sample:
    """The images on which embedders are compared, and some of them changed."""

    rows: NDArray[np.intp]
    locations: list[str]
    classes: NDArray[np.float64]
    changed_rows: NDArray[np.intp]  # positions in the sample
    changed: list[str]  # locations; as many for each as there are changes


def compare_embedders(
    images: Table | Sequence[object],
    embedders: Sequence[Named] | None = None,
    n_images: int = N_IMAGES,
    seed: int = 0,
    *,
    progress: Progress = silent,
    live: Callable[[ComparedEmbedders], object] | None = None,
) -> ComparedEmbedders:
    """Find out which embedder suits some images, on a sample of them.

    Parameters
    ----------
    images : Table, or sequence of paths, URLs or images in memory
        With a categorical class, embedders also get scores for finding it.
    embedders : sequence, optional
        Ids or descriptions of embedders, which compute on this computer, or pairs of one and a
        backend: ``("resnet50", oie.Remote("http://localhost:8000"))``. By default all that are
        here: built in, or with weights that are on this computer.
    n_images : int, optional
        Of the sample; of each class as many as it has its part of all.
    seed : int, optional
        Of the sample.
    progress : Progress, optional
        Told what is done, and how far it is.
    live : callable, optional
        Called after each embedder with what is known then.

    Returns
    -------
    compared : ComparedEmbedders
        ``scores`` (a table), ``neighbors``, ``rows`` (of the sample), and ``embeddings(id)`` of
        all images. An embedder that cannot run is there, with the reason; so are images.

    Raises
    ------
    InputError
        If there are no images, no embedders, or two with the same id at the same place.
    ValueError
        If `n_images` is less than 2.
    """
    if n_images < 2:
        raise ValueError(f"n_images must be 2 or more; got {n_images!r}")
    table = images if isinstance(images, Table) else _table_of(images)
    candidates = _candidates(embedders_here() if embedders is None else embedders)
    sample = _sample(table, n_images, seed, progress)
    found: list[ComparedEmbedder] = []
    for number, candidate in enumerate(candidates, start=1):
        part = _Part(progress, f"Embedder {number} of {len(candidates)}")
        found.append(_compared(candidate, sample, part))
        compared = ComparedEmbedders(table, sample.rows, tuple(found))
        if live is not None:
            live(compared)
    progress(1.0)
    return compared


def _candidates(embedders: Sequence[Named]) -> list[Candidate]:
    candidates = [_candidate(one) for one in embedders]
    if not candidates:
        raise InputError("There is no embedder to compare. Name at least one.")
    ids = [candidate.id for candidate in candidates]
    for embedder_id in ids:
        if ids.count(embedder_id) > 1:
            raise InputError(f"The embedder {embedder_id!r} is there twice. Name each once.")
    return candidates


def _candidate(named: Named) -> Candidate:
    if isinstance(named, Candidate):
        return named
    return Candidate(*named) if isinstance(named, tuple) else Candidate(named)


def _table_of(images: Sequence[object]) -> Table:
    """Make a table of a list of images; what is none has no location there."""
    locations, _ = locations_of(images)
    domain = Domain([], metas=[image_variable()])
    metas = np.array(locations, dtype=object).reshape(-1, 1)
    return Table.from_numpy(domain, np.empty((len(locations), 0)), metas=metas)


def _sample(table: Table, n_images: int, seed: int, progress: Progress) -> _Sample:
    everywhere = locate.image_locations(table, locate.image_column(table))
    present = np.flatnonzero([bool(location) for location in everywhere])
    if not len(present):
        raise InputError("There are no images to compare embedders on.")
    rows = present[choose_sample(_classes_of(table)[present], n_images, seed)]
    locations = [everywhere[row] for row in rows]
    some = np.random.default_rng(seed).permutation(len(rows))[:N_CHANGED]
    say(progress, "Changing some images a little")
    done = _apart(CHANGES, [locations[i] for i in some], progress=progress)
    kept = [(i, images) for i, images in zip(some, done, strict=True) if images]
    return _Sample(
        rows,
        locations,
        _classes_of(table)[rows],
        np.array([i for i, _ in kept], dtype=np.intp),
        locations_of([image for _, images in kept for image in images])[0],
    )


def _classes_of(table: Table) -> NDArray[np.float64]:
    variable = table.domain.class_var
    if variable is None or not variable.is_discrete:
        return np.full(len(table), np.nan)
    return np.asarray(table.get_column(variable), dtype=float)


def _apart(function: str, *args: object, progress: Progress) -> Any:
    """Run a function where it holds up neither a window nor a Cancel."""
    if has_window():
        return run_apart(function, *args, progress=progress)
    return run_watched(lambda relay: run_apart(function, *args, progress=relay), progress)


class _Part:
    """Announces the steps of one embedder by its number and name."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self.title = title

    def __call__(self, fraction: float) -> None:
        self._progress(fraction)

    def say(self, text: str) -> None:
        say(self._progress, f"{self.title}: {text}")

    def count(self, counts: Counts) -> None:
        show_counts(self._progress, counts)


def _compared(candidate: Candidate, sample: _Sample, progress: _Part) -> ComparedEmbedder:
    backend, known_by = candidate.backend, candidate.id
    place = place_of(backend)
    nobody = np.full((len(sample.rows), N_NEAREST), NONE)
    failed = ComparedEmbedder(known_by, known_by, place, None, backend, Scores(), nobody, {})
    try:
        spec = spec_of(candidate.embedder, candidate.weights, backend, progress)
        title = f"{spec.title} on {place}" if isinstance(backend, Remote) else spec.title
        failed = replace(failed, spec=spec, title=title)
        progress.title += f" ({title})"
        done = embed_locations(sample.locations, spec, backend, progress)
        failures = {int(sample.rows[i]): reason for i, reason in done.failures.items()}
        if len(failures) == len(sample.rows):
            first = next(iter(failures.values()))
            return replace(failed, failures=failures, reason=f"No image was embedded: {first}")
        scores, neighbors = _measured(done, spec, backend, sample, progress)
        return replace(failed, scores=scores, neighbors=neighbors, failures=failures)
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 - also a plug-in's own: the other embedders go on
        return replace(failed, reason=str(error) or type(error).__name__)


def _measured(
    done: Embedded, spec: EmbedderSpec, backend: Backend, sample: _Sample, progress: Progress
) -> tuple[Scores, NDArray[np.intp]]:
    """Get the scores of an embedder, and the rows that are nearest to each of the sample."""
    there = np.flatnonzero(np.isfinite(done.vectors).all(axis=1))
    vectors = done.vectors[there]
    with_changes = np.isin(sample.changed_rows, there)
    again = embed_locations(sample.changed, spec, backend, progress).vectors
    changed = again.reshape(-1, len(NAMES), again.shape[1])[with_changes]
    rows = np.searchsorted(there, sample.changed_rows[with_changes])
    speed = _speed([sample.locations[i] for i in there], spec, backend, progress)
    say(progress, "Measuring")
    classes = sample.classes[there]
    scores: Scores = _apart(SCORES, vectors, classes, rows, changed, progress=progress)
    neighbors = np.full((len(sample.rows), N_NEAREST), NONE)
    near = sample.rows[there[nearest(vectors)]]
    neighbors[there, : near.shape[1]] = near
    return replace(scores, images_per_s=speed, megabytes=_megabytes(spec, backend)), neighbors


def _speed(
    locations: Sequence[str], spec: EmbedderSpec, backend: Backend, progress: Progress
) -> Score:
    """Measure how many images a second are read and embedded, in some rounds, without cache."""

    def embed(some: Sequence[str]) -> float:
        begun = time.perf_counter()
        embed_locations(some, spec, backend, progress, cache=False)
        return len(some) / (time.perf_counter() - begun)

    embed(locations[:1])  # loads the network
    some = locations[:N_TIMED]
    rates = [embed(some) for _ in range(N_ROUNDS)]
    return Score(float(np.mean(rates)), float(np.std(rates, ddof=1) / np.sqrt(N_ROUNDS)))


def _megabytes(spec: EmbedderSpec, backend: Backend) -> Score:
    n_bytes = None
    if isinstance(backend, Local):
        folder = backend.weights_folder
        n_bytes = weights_bytes(spec, None if folder is None else str(folder))
    return Score() if n_bytes is None else Score(n_bytes / MEGABYTE)
