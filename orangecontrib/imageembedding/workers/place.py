"""Where networks run: in this process, or, where that has a window, in the worker.

Libraries of deep learning bring native code that does not bear company: loaded after Qt's web
engine, LLVM ends the process; on Windows torch's libraries refuse to load after Qt's, and macOS
ends a program with two OpenMP runtimes. What may load one goes through here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import MetaPathFinder

from orangecontrib.imageembedding.progress import Progress
from orangecontrib.imageembedding.workers.worker import the_worker

DEEP = ("torch", "torchvision", "timm", "triton", "openvino", "onnxruntime")
BINDINGS = ("PyQt6", "PyQt5", "PySide6", "PySide2")


def has_window() -> bool:
    """Tell whether this process has a QApplication; imports nothing."""
    for binding in BINDINGS:
        widgets = sys.modules.get(f"{binding}.QtWidgets")
        if widgets is not None and isinstance(
            widgets.QApplication.instance(), widgets.QApplication
        ):
            return True
    return False


def run_apart(
    function: str, *args: object, progress: Progress | None = None, **options: object
) -> object:
    """Run a function that may load libraries of deep learning, where they may be loaded.

    Parameters
    ----------
    function : str
        ``module:name``; the module is imported where it runs.
    *args, progress, **options
        As of `Worker.call`.
    """
    if has_window():
        return the_worker().call(function, *args, progress=progress, **options)
    module, _, name = function.partition(":")
    if progress is not None:
        options["progress"] = progress
    return getattr(import_module(module), name)(*args, **options)


@contextmanager
def without_networks() -> Iterator[None]:
    """Let somebody else's module be imported here; one that loads a network's library fails.

    Raises
    ------
    ImportError
        Where a library of deep learning is imported in a process that has a window.
    """
    refusal = _Refusal()
    if has_window():
        sys.meta_path.insert(0, refusal)
    try:
        yield
    finally:
        if refusal in sys.meta_path:
            sys.meta_path.remove(refusal)


class _Refusal(MetaPathFinder):
    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name.partition(".")[0] in DEEP:
            raise ImportError(
                f"{name} cannot be loaded in a program with windows; import it in the function "
                "that needs it, which runs in another process"
            )
