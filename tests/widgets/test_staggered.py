"""Pictures of a tree that are higher than their rows."""

import pytest

from orangecontrib.imageembedding.widgets.tree.staggered import (
    MAX_PICTURE_PX,
    columns_in,
    picture_rect,
    slot_at,
)


@pytest.mark.parametrize(
    ("room", "row", "n_columns"),
    [(160, 16, 3), (130, 16, 2), (60, 16, 1), (130, 30, 2), (140, 36, 1), (144, 36, 2),
     (10_000, 30, 3), (10_000, 60, 1), (0, 20, 1)],
)  # fmt: skip
def test_pictures_are_as_large_as_the_room_allows(room, row, n_columns):
    assert columns_in(room, row) == n_columns
    assert n_columns == 1 or n_columns * row <= MAX_PICTURE_PX


@pytest.mark.parametrize("n_columns", [1, 2, 3])
@pytest.mark.parametrize("n_slots", [1, 2, 7, 30])
def test_no_picture_covers_another_or_leaves_the_tree(n_columns, n_slots):
    rects = [picture_rect(slot, n_columns, 20.0, 5.0, n_slots) for slot in range(n_slots)]
    for i, rect in enumerate(rects):
        assert rect.top() >= 0
        assert rect.bottom() <= 20 * n_slots
        assert rect.top() <= (i + 0.5) * 20 <= rect.bottom()
        assert not any(rect.intersects(other) for other in rects[:i])


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_a_place_in_a_picture_is_its_row(n_columns):
    for slot in range(9):
        rect = picture_rect(slot, n_columns, 20.0, 0.0, 9)
        for part in (0.1, 0.5, 0.9):
            y = rect.top() + part * rect.height()
            assert slot_at(rect.center().x(), y, n_columns, 20.0, 9) == slot
