"""The interface behind which every backend stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.progress import Progress

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """The bytes of one image file and where they came from."""

    location: str
    data: bytes


class LoadedEmbedder(Protocol):
    """An embedder that is ready to work.

    What derives from it has the defaults of what it does not define.

    Attributes
    ----------
    batch_size : int
        Images that it likes to get at once.
    n_workers : int
        Threads that may call it at the same time.
    n_shares : int
        Among how many the last images are shared, in smaller batches, so that all workers end
        together; not where a small batch costs as much as a large one.
    """

    batch_size: int
    n_workers: int
    n_shares: int = 1

    def embed(self, images: Sequence[EncodedImage]) -> list[Vector | ImageError]:
        """Embed some images.

        Returns
        -------
        results : list, one entry for each image in order
            A vector of shape (n_features,) and dtype float32, or why there is none.

        Raises
        ------
        BackendError
            If no image can be embedded any more.
        """
        ...

    def close(self) -> None:
        """Learn that the work has ended: threads that still wait in `embed` stop."""
        return


class Backend(Protocol):
    """What can run embedders.

    Saved models contain their backend: it can be pickled, is small, and equals any other one that
    gives the same vectors.

    Attributes
    ----------
    is_light : bool, optional
        Whether it loads no library of deep learning, nor other native code of weight. Such a one
        may work in a process that has windows; others, and those that do not say, work in one of
        their own.
    """

    def fingerprint(self, spec: EmbedderSpec, progress: Progress) -> str | None:
        """Get a text that names everything a vector depends on, except the image.

        Vectors with the same fingerprint and image are equal, within 1e-4: they are computed
        once and kept. None where that cannot be said.

        Raises
        ------
        BackendError
            If this backend cannot run this embedder; the message says why.
        """
        ...

    def load(self, spec: EmbedderSpec, progress: Progress) -> LoadedEmbedder:
        """Make an embedder ready; may take long and report to `progress`.

        Raises
        ------
        BackendError
            If this backend cannot run this embedder; the message says why.
        """
        ...
