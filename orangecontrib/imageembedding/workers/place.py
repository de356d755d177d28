"""Where networks run: in this process, or, where that has a window, in the worker.

Libraries of deep learning bring native code that does not bear company: loaded after Qt's web
engine, LLVM ends the process; on Windows torch's libraries refuse to load after Qt's, and macOS
ends a program with two OpenMP runtimes. What may load one goes through here.
"""

from __future__ import annotations

import sys
from importlib import import_module

from orangecontrib.imageembedding.progress import Progress
from orangecontrib.imageembedding.workers.worker import the_worker

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
