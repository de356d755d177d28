"""A model gives no answer for a row whose image is missing.

Orange's models fill missing values in before they predict: a row without any image would get the
answer for an average image. No preprocessor or column can prevent that. So the calls of all models
are watched: what they say of such rows is replaced by a missing value, or, where a widget of
Orange asks, it is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray
from Orange.base import Model
from Orange.clustering.clustering import ClusteringModel
from Orange.data import Table
from Orange.data.table import DomainTransformationError

from orangecontrib.imageembedding.tables.missing import (
    WIDGETS,
    EmbeddingsMissing,
    Failures,
    collected,
    is_called_by,
    say,
)

MARK = "_watches_images"
REMEDY = "Pass the images through Image Embedding first: it skips these."


def watch_models() -> None:
    """Watch the calls of all kinds of models that there are now."""
    for kind in _kinds(Model), _kinds(ClusteringModel):
        for model in kind:
            call = vars(model).get("__call__")
            if call is not None and not hasattr(call, MARK):
                setattr(model, "__call__", _watched(call))  # noqa: B010 - not for the type checker


def _kinds(base: type[Any]) -> Iterator[type[Any]]:
    yield base
    for kind in base.__subclasses__():
        yield from _kinds(kind)


def _watched(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def watched(self: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
        with collected() as failures:
            if failures is None:  # in the call of another model, which sees to it
                return call(self, data, *args, **kwargs)
            try:
                answer = call(self, data, *args, **kwargs)
            except (DomainTransformationError, ValueError) as error:
                if failures.ids:  # a model that bears no missing values, for instance
                    raise EmbeddingsMissing(failures.summary) from error
                raise
        return _without(answer, data, failures) if failures.ids else answer

    setattr(watched, MARK, True)
    return watched


def _without(answer: Any, data: Any, failures: Failures) -> Any:
    """Replace the answers for rows without image."""
    missing = np.isin(data.ids, list(failures.ids)) if isinstance(data, Table) else np.array([True])
    if missing.all():
        raise EmbeddingsMissing(failures.summary)
    if is_called_by(WIDGETS):  # Predictions and Test and Score cannot show a missing answer
        raise EmbeddingsMissing(f"{failures.summary} {REMEDY}")
    say(f"{missing.sum()} of {len(missing)} predictions are missing. {failures.summary}")
    return _masked(answer, missing)


def _masked(answer: Any, missing: NDArray[np.bool_]) -> Any:
    if isinstance(answer, tuple):
        return tuple(_masked(part, missing) for part in answer)
    if isinstance(answer, np.ndarray) and len(answer) == len(missing):
        answer = answer.astype(float)
        answer[missing] = np.nan
    return answer
