"""Where rows are in a grid, and in which group selected."""

import numpy as np
import pytest
from Orange.data import Domain, Table

from orangecontrib.imageembedding.tables.grid_columns import (
    rows_with_groups,
    with_places,
    with_selection,
)


class Corpus(Table):
    """Stands for a subclass of another add-on."""


@pytest.fixture(params=[True, False], ids=["class", "no class"])
def table(request):
    iris = Table("iris")[::30]
    if not request.param:
        iris = iris.transform(Domain(iris.domain.attributes))
    corpus = Corpus.from_numpy(iris.domain, iris.X, iris.Y if request.param else None)
    corpus.name = "flowers"
    corpus.attributes = {"origin": "here"}
    return corpus


def test_groups_are_added_and_nothing_else_changes(table):
    chosen = rows_with_groups(table, np.array([2, 0, 1, 0, 2]))
    assert [str(row["Group"]) for row in chosen] == ["G2", "G1", "G2"]
    np.testing.assert_array_equal(chosen.ids, table.ids[[0, 2, 4]])
    np.testing.assert_array_equal(chosen.X, table.X[[0, 2, 4]])
    assert isinstance(chosen, Corpus)
    assert (chosen.name, chosen.attributes) == (table.name, table.attributes)
    assert chosen.domain.attributes == table.domain.attributes
    assert chosen.domain.class_vars == table.domain.class_vars
    assert rows_with_groups(table, np.zeros(5, int)) is None


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        ([0, 0, 0, 0, 0], ["No"] * 5),
        ([1, 0, 1, 0, 0], ["Yes", "No", "Yes", "No", "No"]),
        ([1, 0, 2, 0, 1], ["G1", "Unselected", "G2", "Unselected", "G1"]),
    ],
)
def test_all_rows_say_whether_they_are_selected(table, groups, names):
    marked = with_selection(table, np.array(groups))
    assert [str(row["Selected"]) for row in marked] == names
    np.testing.assert_array_equal(marked.ids, table.ids)
    assert marked.domain.class_vars == table.domain.class_vars
    assert isinstance(marked, Corpus)


def test_places_count_from_one_and_are_missing_where_there_is_none(table):
    placed = with_places(table, np.array([0, 0, 1, -1, 1]), np.array([0, 1, 0, -1, 1]))
    np.testing.assert_array_equal(placed.get_column("row"), [1, 1, 2, np.nan, 2])
    np.testing.assert_array_equal(placed.get_column("column"), [1, 2, 1, np.nan, 2])
    again = with_places(placed, np.arange(5), np.arange(5))
    assert [meta.name for meta in again.domain.metas] == ["row", "column", "row (1)", "column (1)"]
