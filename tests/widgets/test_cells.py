import pytest
from AnyQt.QtCore import QRect, QSize

from orangecontrib.imageembedding.widgets.thumbnails.layout import CellLayout

CELL = QSize(100, 120)


@pytest.fixture
def grouped():
    """Three columns; groups of 4, 0 and 2 cells under headings of 30 pixels."""
    return CellLayout(320, CELL, [4, 0, 2], heading_height=30)


def test_cells_fill_lines_and_share_what_is_left_of_the_width():
    layout = CellLayout(320, CELL, [7])
    assert layout.n_columns == 3
    assert layout.rect_of(0) == QRect(0, 0, 106, 120)
    assert layout.rect_of(5) == QRect(212, 120, 106, 120)
    assert layout.height == 3 * 120


def test_a_view_narrower_than_a_cell_has_one_column():
    layout = CellLayout(40, CELL, [2])
    assert layout.n_columns == 1
    assert layout.rect_of(1) == QRect(0, 120, 100, 120)


def test_nothing_to_show_has_no_height():
    layout = CellLayout(320, CELL, [0])
    assert layout.height == 0
    assert list(layout.positions_between(0, 500)) == []
    assert layout.position_at(5, 5) == -1
    assert layout.ranges_in(QRect(0, 0, 500, 500)) == []


def test_each_group_begins_a_line_under_its_heading(grouped):
    assert grouped.heading_rect(0) == QRect(0, 0, 320, 30)
    assert grouped.rect_of(0).top() == 30
    assert grouped.rect_of(3).top() == 150
    assert [grouped.heading_rect(i).top() for i in (1, 2)] == [270, 300]
    assert grouped.rect_of(4) == QRect(0, 330, 106, 120)
    assert grouped.height == 450


@pytest.mark.parametrize("position", range(6))
def test_the_cell_at_a_point_of_a_cell_is_that_cell(grouped, position):
    rect = grouped.rect_of(position)
    for point in (rect.topLeft(), rect.center(), rect.bottomRight()):
        assert grouped.position_at(point.x(), point.y()) == position


@pytest.mark.parametrize(("x", "y"), [(0, 10), (110, 200), (0, 280), (0, 460), (319, 40), (-5, 40)])
def test_beside_the_cells_there_is_none(grouped, x, y):
    assert grouped.position_at(x, y) == -1


def test_headings_are_found_by_their_height(grouped):
    assert [grouped.heading_at(y) for y in (0, 29, 30, 270, 299, 300, 329, 330)] == [
        0, 0, -1, 1, 1, 2, 2, -1,
    ]  # fmt: skip
    assert list(grouped.headings_between(0, 275)) == [0, 1]


def test_what_is_in_sight_are_the_lines_that_are_touched(grouped):
    assert list(grouped.positions_between(0, 30)) == []
    assert list(grouped.positions_between(0, 31)) == [0, 1, 2]
    assert list(grouped.positions_between(149, 151)) == [0, 1, 2, 3]
    assert list(grouped.positions_between(270, 1000)) == [4, 5]


def test_moving_up_and_down_stays_in_the_column_as_far_as_there_is_one(grouped):
    assert grouped.moved(2, 1) == 3
    assert grouped.moved(3, 1) == 4
    assert grouped.moved(5, -1) == 3
    assert grouped.moved(5, -2) == 1
    assert grouped.moved(1, -5) == 1
    assert grouped.moved(0, 99) == 4


def test_a_rectangle_touches_runs_of_cells(grouped):
    assert grouped.ranges_in(QRect(0, 0, 320, 500)) == [(0, 5)]
    assert grouped.ranges_in(QRect(110, 40, 10, 300)) == [(1, 1), (5, 5)]
    assert grouped.ranges_in(QRect(110, 40, 200, 10)) == [(1, 2)]


def test_a_hundred_thousand_groups_are_laid_out_at_once():
    layout = CellLayout(1000, CELL, [1] * 100_000, heading_height=30)
    assert layout.height == 100_000 * 150
    assert layout.line_of(99_999) == 99_999
