"""Pictures higher than their rows: those of rows below each other lie in columns."""

from __future__ import annotations

from AnyQt.QtCore import QRectF

MAX_COLUMNS = 3
MAX_PICTURE_PX = 96.0


def columns_in(room: float, row: float) -> int:
    """Get how many columns fit into a width; a picture is as many rows high."""
    fitting = [n for n in range(1, MAX_COLUMNS + 1)
               if n * n * row <= room and n * row <= MAX_PICTURE_PX]  # fmt: skip
    return max(fitting, default=1)


def picture_rect(slot: int, n_columns: int, row: float, left: float, n_slots: int) -> QRectF:
    """Get where the picture of a row lies: around its middle, cut off at the ends of the tree."""
    side, middle = n_columns * row, (slot + 0.5) * row
    top, bottom = max(middle - side / 2, 0.0), min(middle + side / 2, n_slots * row)
    return QRectF(left + (slot % n_columns) * side, top, side, bottom - top)


def slot_at(x: float, y: float, n_columns: int, row: float, n_slots: int) -> int:
    """Get the row whose picture lies at a place; x counts from the left of the pictures."""
    column = int(x // (n_columns * row))
    if n_columns == 1 or not 0 <= column < n_columns:
        return int(y // row)
    nearest = round((y / row - 0.5 - column) / n_columns) * n_columns + column
    return nearest if 0 <= nearest < n_slots else int(y // row)
