"""How much room the cached vectors take, and a button to clear them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from AnyQt.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from orangecontrib.imageembedding.embeddings.cache import cache_path
from orangecontrib.imageembedding.widgets.embedding.choices import MB
from orangecontrib.imageembedding.widgets.embedding.tasks import clear_vectors
from orangecontrib.imageembedding.widgets.shared.background import Background


class CacheBox(QWidget):
    """A line with the size and the button.

    Parameters
    ----------
    chosen_ids : callable
        Gets the ids under which the vectors of the chosen embedder are cached.
    background : Background
        For clearing.
    """

    def __init__(self, chosen_ids: Callable[[], Collection[str]], background: Background) -> None:
        super().__init__()
        self._chosen_ids = chosen_ids
        self._background = background
        self._is_working = False
        self.label = QLabel()
        self.clear_button = QPushButton("C&lear", autoDefault=False)
        self.clear_button.setToolTip("Clear vectors that were computed before")
        menu = QMenu(self.clear_button)
        menu.addAction("Of This Embedder", partial(self.clear, True))
        menu.addAction("All", partial(self.clear, False))
        self.clear_button.setMenu(menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label)
        layout.addStretch(1)
        layout.addWidget(self.clear_button)

    def set_working(self, is_working: bool) -> None:
        """Note whether images are embedded: nothing can be cleared then."""
        self._is_working = is_working
        self.show_size()

    def show_size(self) -> None:
        """Show how large the file is now."""
        path = cache_path()
        n_bytes = path.stat().st_size if path.is_file() else 0
        self.label.setText(f"Cached vectors: {n_bytes / MB:,.1f} MB")
        self.clear_button.setEnabled(not self._is_working and n_bytes > 0)

    def clear(self, only_chosen: bool) -> None:
        """Forget the vectors of the chosen embedder, or all."""
        ids = self._chosen_ids() if only_chosen else None
        self.clear_button.setEnabled(False)
        self._background.run(partial(clear_vectors, ids), lambda _: self.show_size())
