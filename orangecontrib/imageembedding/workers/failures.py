"""Errors on their way from one process to another.

Only classes of `errors` and of Python itself cross over: a class of another library would be
imported where it arrives, and its library with it.
"""

from __future__ import annotations

import builtins
import traceback
from dataclasses import dataclass, field
from typing import Any, cast

from orangecontrib.imageembedding import errors

PLAIN = (str, int, float, bool, type(None))
NO_MEMORY = (
    "There was not enough memory to compute the embeddings ({}). Close other programs, or choose "
    "a smaller embedder. Finished vectors are cached: try again to continue from there."
)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as plain values.

    Attributes
    ----------
    name : str
        Of its class, or of the nearest base class that may cross over.
    args : tuple
        With which the error is made: plain values; others as text.
    fields : dict of str to object
        Its attributes that are plain values.
    text : str
        The traceback.
    """

    name: str
    args: tuple[object, ...]
    fields: dict[str, object] = field(default_factory=dict)
    text: str = ""


def failure_of(error: BaseException) -> Failure:
    """Describe an error that was raised."""
    text = "".join(traceback.format_exception(error))
    if isinstance(error, MemoryError):
        return Failure("BackendError", (NO_MEMORY.format(str(error) or "MemoryError"),), text=text)
    kind = next(base for base in type(error).__mro__ if _class_named(base.__name__) is base)
    if kind is not type(error) and kind.__module__ == "builtins":
        return Failure(kind.__name__, (f"{type(error).__name__}: {error}",), text=text)
    # More than `error.args`: also the file of an OSError.
    given = cast("tuple[Any, ...]", error.__reduce__())[1]
    args = tuple(arg if isinstance(arg, PLAIN) else str(arg) for arg in given)
    fields: dict[str, object] = {
        name: value for name, value in vars(error).items() if isinstance(value, PLAIN)
    }
    return Failure(kind.__name__, args, fields, text)


def error_of(failure: Failure) -> BaseException:
    """Create the error here; its cause holds the traceback of the other process."""
    kind = _class_named(failure.name) or RuntimeError
    try:
        error = kind.__new__(kind, *failure.args)
    except (TypeError, ValueError):  # one that is made of other errors
        error = RuntimeError(*failure.args)
    vars(error).update(failure.fields)
    error.__cause__ = RuntimeError(f"in the process that computes:\n{failure.text}")
    return error


def _class_named(name: str) -> type[BaseException] | None:
    for module in (errors, builtins):
        found = getattr(module, name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    return None
