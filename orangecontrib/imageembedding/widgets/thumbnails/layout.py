"""Where the cells and headings of a grid of images lie; it computes, and draws nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from AnyQt.QtCore import QRect, QSize


class CellLayout:
    """Equal cells in lines from left to right; each group begins a new line.

    Coordinates are pixels of the whole grid, of which a view shows a part. *Position* is the
    place of a cell in the order shown, from 0.

    Parameters
    ----------
    width : int
        Of the view.
    cell : QSize
        The least size of a cell; what is left of the width is spread between the columns.
    group_sizes : sequence of int
        Cells in each group; one group without a heading if `heading_height` is 0.
    heading_height : int
        Height of the heading above each group.
    """

    def __init__(
        self, width: int, cell: QSize, group_sizes: Sequence[int], heading_height: int = 0
    ) -> None:
        self.n_columns = max(1, width // cell.width())
        self._width = max(width, cell.width())
        self._pitch = self._width // self.n_columns
        self._cell = cell
        self.heading_height = heading_height
        sizes = np.asarray(group_sizes, dtype=np.int64)
        self.group_first = np.concatenate([[0], np.cumsum(sizes)])
        n_lines = -(-sizes // self.n_columns)
        group_line = np.concatenate([[0], np.cumsum(n_lines)])
        self._group_of_line = np.repeat(np.arange(len(sizes)), n_lines)
        line = np.arange(group_line[-1])
        line_in_group = line - group_line[self._group_of_line]
        self._line_first = np.append(
            self.group_first[self._group_of_line] + line_in_group * self.n_columns,
            self.group_first[-1],
        )
        self._line_top = line * cell.height() + (self._group_of_line + 1) * heading_height
        self._group_top = group_line[:-1] * cell.height() + np.arange(len(sizes)) * heading_height
        self.height = int(group_line[-1] * cell.height() + len(sizes) * heading_height)

    def rect_of(self, position: int) -> QRect:
        """Get the place of a cell."""
        line = self.line_of(position)
        column = int(position - self._line_first[line])
        return QRect(
            column * self._pitch, int(self._line_top[line]), self._pitch, self._cell.height()
        )

    def position_at(self, x: int, y: int) -> int:
        """Get the position of the cell at a point; -1 outside all cells."""
        line = int(np.searchsorted(self._line_top, y, side="right")) - 1
        column = x // self._pitch
        if line < 0 or not 0 <= column < self.n_columns:
            return -1
        position = int(self._line_first[line] + column)
        inside = y < self._line_top[line] + self._cell.height()
        return position if inside and position < self._line_first[line + 1] else -1

    def line_of(self, position: int) -> int:
        """Get the number of the line that a cell is in."""
        return int(np.searchsorted(self._line_first[:-1], position, side="right")) - 1

    def moved(self, position: int, n_lines: int) -> int:
        """Get the position some lines below (above if negative), as near as there is one."""
        line = self.line_of(position)
        column = position - self._line_first[line]
        new = min(max(line + n_lines, 0), len(self._line_top) - 1)
        return int(min(self._line_first[new] + column, self._line_first[new + 1] - 1))

    def positions_between(self, top: int, bottom: int) -> range:
        """Get the positions of the cells in the lines that touch a stretch."""
        first, last = self._lines_between(top, bottom)
        return range(int(self._line_first[first]), int(self._line_first[last]))

    def ranges_in(self, rect: QRect) -> list[tuple[int, int]]:
        """Get the first and last position of each run of cells that touch a rectangle."""
        first_column = max(rect.left() // self._pitch, 0)
        last_column = min(rect.right() // self._pitch, self.n_columns - 1)
        ranges: list[tuple[int, int]] = []
        for line in range(*self._lines_between(rect.top(), rect.bottom() + 1)):
            start, end = int(self._line_first[line]), int(self._line_first[line + 1])
            first, last = start + first_column, min(start + last_column, end - 1)
            if ranges and ranges[-1][1] == first - 1:
                ranges[-1] = ranges[-1][0], last
            elif first <= last:
                ranges.append((first, last))
        return ranges

    def headings_between(self, top: int, bottom: int) -> range:
        """Get the groups whose headings touch a stretch."""
        if not self.heading_height:
            return range(0)
        first = np.searchsorted(self._group_top, top - self.heading_height, side="right")
        return range(int(first), int(np.searchsorted(self._group_top, bottom)))

    def heading_rect(self, group: int) -> QRect:
        """Get the place of a heading."""
        return QRect(0, int(self._group_top[group]), self._width, self.heading_height)

    def heading_at(self, y: int) -> int:
        """Get the group whose heading is at a height; -1 if there is none."""
        return next(iter(self.headings_between(y, y + 1)), -1)

    def _lines_between(self, top: int, bottom: int) -> tuple[int, int]:
        first = np.searchsorted(self._line_top, top - self._cell.height(), side="right")
        return int(first), int(np.searchsorted(self._line_top, max(bottom, top)))
