"""Sees to it that tables which Orange reads are completed, without loading Orange.

Orange's readers end by `update_origin` of the module `Orange.data.io`. That name is replaced by a
function that also calls ours, as soon as the module is there.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MODULE, FUNCTION = "Orange.data.io", "update_origin"


def install() -> None:
    """Complete what Orange reads from now on, whether it is loaded already or later."""
    module = sys.modules.get(MODULE)
    if module is not None and hasattr(module, FUNCTION):
        _wrap(module)
    elif not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher())


class _Watcher:
    """Waits on `sys.meta_path` for the module, and goes."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Let the others find the module; wrap its function once it is loaded."""
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            load = loader.exec_module

            def load_and_wrap(module: ModuleType) -> None:
                load(module)
                _wrap(module)

            loader.exec_module = load_and_wrap
        return spec


def _wrap(module: Any) -> None:
    original = getattr(module, FUNCTION, None)
    if original is None or hasattr(original, "completes_images"):
        return

    def update_origin(table: Any, file_path: str) -> None:
        original(table, file_path)
        from orangecontrib.imageembedding.tables.reading import complete

        try:
            complete(table, file_path)
        except Exception:  # no fault of ours may keep Orange from reading a table
            logging.getLogger(__name__).exception("Images of %s are not searched for", file_path)

    update_origin.completes_images = True  # type: ignore[attr-defined]
    setattr(module, FUNCTION, update_origin)
