"""Which color means what."""

from __future__ import annotations

from collections.abc import Sequence

from AnyQt.QtCore import Qt
from AnyQt.QtGui import QColor
from AnyQt.QtWidgets import QLabel, QSizePolicy

MAX_ENTRIES = 30


class Legend(QLabel):
    """Colored squares with their names, in as many lines as it takes; hidden without any."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True, textFormat=Qt.RichText)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Minimum)
        self.setAccessibleName("Legend")
        self.hide()

    def set_entries(self, entries: Sequence[tuple[str, QColor]]) -> None:
        """Show names with their colors; of very many only the first."""
        words = []
        for name, color in entries[:MAX_ENTRIES]:
            text = name.replace("&", "&amp;").replace("<", "&lt;").replace(" ", "&nbsp;")
            square = f'<span style="color:{color.name()}">■</span>'
            words.append(f"{square}&nbsp;{text}")
        if len(entries) > MAX_ENTRIES:
            words.append(f"and {len(entries) - MAX_ENTRIES:,} more")
        self.setText("&ensp; ".join(words))
        self.setVisible(bool(entries))
